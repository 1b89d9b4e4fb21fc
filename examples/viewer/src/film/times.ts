/* SPDX-License-Identifier: Apache-2.0 */
import type { Track } from '../container/header.js';
import type { Utc } from '../evidence/model.js';

const nanosecondsOfSecond = 1_000_000_000n;
export const picosecondsOfSecond = 1_000_000_000_000n;

/** The picture stands for as long as the recorder was silent; a film says that in 32 bits of its unit. */
const coarseScales = [90_000, 10_000, 1_000];
const largestExactScale = 100_000;
const smallestScale = 1_000;
const largestStep = 2n ** 32n;

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/**
 * Units of a film's track in a second: such that ticks of the recorder are whole, where the numbers of the film
 * allow it. Null where no unit that is fine enough can say a pause of `longest` nanoseconds.
 */
export function scaleFor(track: Track, longest: bigint): number | null {
  const { numerator, denominator } = track.timebase;
  const whole = denominator / greatestDivisor(numerator, denominator);
  const exact = whole * Math.max(1, Math.ceil(smallestScale / whole));
  const scales = exact <= largestExactScale ? [exact, ...coarseScales] : coarseScales;
  return scales.find((scale) => (longest * BigInt(scale)) / nanosecondsOfSecond < largestStep) ?? null;
}

/** Times of one track of one part: E-FLM-6 counts from the UTC from which media timestamps count. */
export class Clock {
  private readonly numerator: bigint;
  private readonly denominator: bigint;
  /** Units of a tick, where they are whole, and of the UTC that media timestamps count from. */
  private readonly whole: bigint | null;
  private readonly base: bigint;

  constructor(
    track: Track,
    private readonly baseUtc: Utc,
    private readonly scale: bigint,
  ) {
    this.numerator = BigInt(track.timebase.numerator);
    this.denominator = BigInt(track.timebase.denominator);
    const units = this.numerator * scale;
    this.whole = units % this.denominator === 0n ? units / this.denominator : null;
    this.base = this.rounded(0n);
  }

  private rounded(ticks: bigint): bigint {
    const divisor = this.denominator * nanosecondsOfSecond;
    const time = this.baseUtc * this.scale * this.denominator + ticks * this.numerator * this.scale * nanosecondsOfSecond;
    const doubled = 2n * time + divisor;
    const result = doubled / (2n * divisor);
    return doubled < 0n && doubled % (2n * divisor) !== 0n ? result - 1n : result;
  }

  /** Units of the film since 1970: rounded once, so that they do not wander. */
  units(ticks: bigint): bigint {
    return this.whole === null ? this.rounded(ticks) : this.base + ticks * this.whole;
  }

  picoseconds(ticks: bigint): bigint {
    return this.baseUtc * 1000n + (ticks * this.numerator * picosecondsOfSecond) / this.denominator;
  }

  /** Units of a duration, not more than it is. */
  span(ticks: number): bigint {
    return (BigInt(ticks) * this.numerator * this.scale) / this.denominator;
  }

  nanoseconds(ticks: bigint): bigint {
    return (ticks * this.numerator * nanosecondsOfSecond) / this.denominator;
  }
}
