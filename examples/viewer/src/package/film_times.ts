/* SPDX-License-Identifier: Apache-2.0 */
import { equal } from '../bytes/octets.js';
import { sampleFlag } from '../container/format.js';
import type { Film, FilmTrack } from './film.js';
import type { RecordedSample } from './proof_samples.js';

/** A track of a film beside what was recorded, sample by sample. */
export interface PairedTrack {
  film: FilmTrack;
  recorded: readonly RecordedSample[];
}

export interface Jumps {
  count: number;
  firstFrom: bigint | null;
  firstTo: bigint | null;
}

export interface TimeFault {
  /** Null where it is said of the whole film. */
  recorded: RecordedSample | null;
  /** Number in its track. */
  sample: number;
  track: FilmTrack;
  rule: string;
  reason: string;
}

/** Times are compared in picoseconds; what is rounded off is far below what may differ. */
const second = 1_000_000_000_000n;
const millisecond = second / 1000n;
const perNanosecond = 1000n;

function scaled(value: bigint, timescale: bigint): bigint {
  return (value * second) / timescale;
}

/** Ticks of the recorder's track. */
function ticks(recorded: RecordedSample, count: bigint): bigint {
  const { numerator, denominator } = recorded.track.timebase;
  return (count * BigInt(numerator) * second) / BigInt(denominator);
}

function recordedTime(recorded: RecordedSample): bigint {
  return recorded.segment.opened.header.baseUtc * perNanosecond + ticks(recorded, recorded.sample.presented.header.dts);
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** Times of one track of a film, in picoseconds from its begin. */
class TrackTimes {
  private readonly shift: bigint;

  constructor(
    readonly film: FilmTrack,
    private readonly movieScale: bigint,
  ) {
    const { edit, timescale } = film;
    this.shift = edit === null ? 0n : scaled(edit.empty, movieScale) - scaled(edit.mediaTime, timescale);
  }

  private media(value: number): bigint {
    return scaled(BigInt(value), this.film.timescale);
  }

  decoding(i: number): bigint {
    return this.shift + this.media(this.film.dts[i] as number);
  }

  composition(i: number): bigint {
    return this.media(this.film.composition?.[i] ?? 0);
  }

  duration(i: number): bigint {
    return this.media(this.film.durations[i] as number);
  }

  /** Where a sample ends to be shown, from the begin of its media. */
  end(i: number): bigint {
    const { dts, composition, durations } = this.film;
    return this.media((dts[i] as number) + (composition?.[i] ?? 0) + (durations[i] as number));
  }

  get editBegin(): bigint {
    return scaled(this.film.edit?.mediaTime ?? 0n, this.film.timescale);
  }

  get editEnd(): bigint | null {
    const { edit } = this.film;
    return edit === null ? null : this.editBegin + scaled(edit.duration, this.movieScale);
  }
}

/** Compares the times of a film with those that were recorded (E-FLM-5 to E-FLM-7). */
export class FilmTimes {
  readonly faults: TimeFault[] = [];
  jumps: Jumps = { count: 0, firstFrom: null, firstTo: null };
  /** Difference of film and recording at the first sample of the film. */
  private base: { difference: bigint; tick: bigint } | null = null;

  constructor(
    private readonly film: Film,
    private readonly pairs: readonly PairedTrack[],
  ) {}

  compare(): void {
    const leading = this.pairs.find((pair) => pair.film.handler === 'vide') ?? this.pairs[0];
    for (const pair of this.pairs) {
      if (pair.recorded.length === 0) continue;
      const times = new TrackTimes(pair.film, this.film.timescale);
      this.recordings(pair);
      this.edits(pair, times, pair === leading);
      this.moments(pair, times);
    }
  }

  private fail(pair: PairedTrack, sample: number | null, rule: string, reason: string): void {
    const recorded = sample === null ? null : (pair.recorded[sample] ?? null);
    this.faults.push({ recorded, sample: sample ?? 0, track: pair.film, rule, reason });
  }

  /** All sources of a track are of one recording (E-FLM-7). */
  private recordings({ film, recorded }: PairedTrack): void {
    const first = recorded[0]?.segment.opened.header.recordingId;
    const other = recorded.findIndex((one) => first !== undefined && !equal(one.segment.opened.header.recordingId, first));
    if (other < 0) return;
    const source = recorded[other]?.segment.source ?? 0;
    this.fail({ film, recorded }, other, 'E-FLM-7', `source ${source} is of another recording than those before it`);
  }

  private edits(pair: PairedTrack, times: TrackTimes, isLeading: boolean): void {
    const { recorded, film } = pair;
    if (film.edit === null) return;
    const tolerance = ticks(recorded[0] as RecordedSample, 1n) + millisecond;
    const end = times.editEnd as bigint;
    let last = 0n;
    for (const i of recorded.keys()) {
      const sampleEnd = times.end(i);
      if (sampleEnd > last) last = sampleEnd;
      if (end < sampleEnd - tolerance) {
        this.fail(pair, i, 'E-FLM-5', 'the film ends before the sample does');
        return;
      }
    }
    if (end > last + tolerance + second / this.film.timescale) this.fail(pair, null, 'E-FLM-5', 'the film goes on behind its last sample');
    const begin = times.editBegin;
    if (isLeading) {
      const shown = recorded.findIndex((one) => (one.sample.presented.header.flags & sampleFlag.discardable) === 0);
      if (shown >= 0 && times.end(shown) <= begin) this.fail(pair, shown, 'E-FLM-5', 'the film begins behind its first sample');
    } else if (begin > second && recorded.some((_, i) => times.end(i) <= begin)) {
      this.fail(pair, 0, 'E-FLM-5', 'more than a second is left out in front');
    }
  }

  private moments(pair: PairedTrack, times: TrackTimes): void {
    const { recorded } = pair;
    const jumps: Jumps = { count: 0, firstFrom: null, firstTo: null };
    let expected: bigint | null = null;
    for (const [i, one] of recorded.entries()) {
      const tick = ticks(one, 1n);
      const tolerance = tick + millisecond;
      const difference = times.decoding(i) - recordedTime(one);
      if (this.base === null) this.base = { difference, tick };
      let isThere: boolean;
      if (expected === null) isThere = absolute(difference - this.base.difference) <= tolerance + this.base.tick;
      else isThere = absolute(difference - expected) <= tolerance;
      const before = recorded[i - 1];
      if (!isThere && before !== undefined && before.segment.source !== one.segment.source && this.goesOn(times, i, before, tolerance)) {
        jump(jumps, before, one);
        isThere = true;
        expected = difference;
      }
      expected ??= this.base.difference;
      if (!isThere) return this.fail(pair, i, 'E-FLM-6', 'the sample is shown at another time than it was recorded');
      const { header } = one.sample.presented;
      if (absolute(times.composition(i) - ticks(one, header.pts - header.dts)) > tolerance) {
        return this.fail(pair, i, 'E-FLM-6', 'the sample is composed at another time than it was recorded');
      }
    }
    this.held(pair, times);
    this.sync(pair);
    if (jumps.count > this.jumps.count) this.jumps = jumps;
  }

  /** Does a sample of another source begin where the one before it ended? */
  private goesOn(times: TrackTimes, i: number, before: RecordedSample, tolerance: bigint): boolean {
    const end = times.decoding(i - 1) + ticks(before, BigInt(before.sample.presented.header.duration));
    return absolute(times.decoding(i) - end) <= tolerance;
  }

  /** Where players may begin is where the recorder says that they can. */
  private sync(pair: PairedTrack): void {
    const { sync } = pair.film;
    if (sync === null) return;
    const isOther = (one: RecordedSample, i: number): boolean => ((one.sample.presented.header.flags & sampleFlag.sync) !== 0) !== sync.has(i);
    const other = pair.recorded.findIndex(isOther);
    if (other >= 0) this.fail(pair, other, 'E-FLM-6', 'players may begin with other samples than were recorded as such');
  }

  private held(pair: PairedTrack, times: TrackTimes): void {
    const at = pair.recorded.length - 1;
    const last = pair.recorded[at] as RecordedSample;
    const duration = BigInt(last.sample.presented.header.duration);
    if (duration > 0n && times.duration(at) > ticks(last, duration + 1n) + millisecond) {
      this.fail(pair, null, 'E-FLM-6', 'the last sample is held longer than it was recorded');
    }
  }
}

function jump(jumps: Jumps, before: RecordedSample, behind: RecordedSample): void {
  jumps.count++;
  if (jumps.count > 1) return;
  const duration = BigInt(before.sample.presented.header.duration);
  jumps.firstFrom = (recordedTime(before) + ticks(before, duration)) / perNanosecond;
  jumps.firstTo = recordedTime(behind) / perNanosecond;
}
