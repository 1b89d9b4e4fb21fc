/* SPDX-License-Identifier: Apache-2.0 */
import { sampleFlag } from '../container/format.js';
import type { Sample } from '../container/samples.js';
import type { ClipGapReason, Utc } from '../evidence/model.js';
import type { FilmTrack, TimedSample } from './film_track.js';
import { isSound } from './description.js';
import type { Clock } from './times.js';

/** How far behind the period a picture is looked for that belongs into it: decoders want others first. */
export const reordering = 2_000_000_000n;
const maxWaiting = 512;
const maxWaitingBytes = 32 << 20;
/** A decoder of AAC needs the frame in front; it is in the film, and not heard. */
const soundInFront = 50_000_000n;

/** The picture with which the clip begins. */
export interface Start {
  part: number;
  segment: number;
  index: number;
  utc: Utc;
}

export interface Bounds {
  from: Utc;
  to: Utc;
  /** Null where the first picture with which decoding can begin, behind `from`, is the first one. */
  start: Start | null;
}

/** Chooses the samples of one track, in the order of the recording. */
export class Picker {
  private readonly isPicture: boolean;
  /** Nothing can be decoded before a picture that stands alone. */
  private isInterrupted = true;
  /** Pictures that are shown before it belong to what was before it. */
  private floor: bigint | null = null;
  private latest: bigint | null = null;
  private last: { dts: bigint; end: bigint; tolerance: bigint } | null = null;
  private waiting: TimedSample[] = [];
  private waitingBytes = 0;
  isDone = false;
  /** There were samples in the period. */
  isThere = false;

  constructor(
    readonly film: FilmTrack,
    private readonly bounds: Bounds,
    private readonly isLeading: boolean,
  ) {
    this.isPicture = !isSound(film.track);
  }

  /** Something is missing, or comes from another part. */
  interrupt(missing: ClipGapReason | null): void {
    this.isInterrupted = true;
    if (missing !== null) this.film.noteMissing(missing);
  }

  offer(sample: Sample, part: number, clock: Clock): void {
    if (this.isDone || sample.data.length === 0) return;
    const timed = { sample, clock, dts: clock.units(sample.dts), pts: clock.units(sample.pts) };
    if (!this.isPicture) return this.offerSound(timed);
    if (sample.utc >= this.bounds.from && sample.utc < this.bounds.to) this.isThere = true;
    if (!this.canDecode(timed, part)) return;
    this.offerPicture(timed);
  }

  private endUtc({ sample, clock }: TimedSample): Utc {
    return sample.utc + clock.nanoseconds(BigInt(sample.duration));
  }

  /** Of several parts that overlap, the one that began goes on. */
  private overlaps({ dts }: TimedSample): boolean {
    if (this.last === null) return false;
    return this.isInterrupted ? dts < this.last.end - this.last.tolerance || dts <= this.last.dts : dts < this.last.dts;
  }

  private isStart({ sample }: TimedSample, part: number): boolean {
    const { start, from } = this.bounds;
    if (start === null) return sample.utc >= from;
    if (!this.isLeading) return sample.utc >= start.utc;
    return part === start.part && sample.segment === start.segment && sample.index === start.index;
  }

  private canDecode(timed: TimedSample, part: number): boolean {
    const isSync = (timed.sample.flags & sampleFlag.sync) !== 0;
    if (this.overlaps(timed)) {
      this.isInterrupted = true;
      return false;
    }
    if (this.isInterrupted) {
      if (!isSync || (this.last === null && !this.isStart(timed, part))) return false;
      this.isInterrupted = false;
      this.floor = timed.pts;
    } else if (isSync) {
      this.floor = null;
    }
    this.note(timed);
    return this.floor === null || timed.pts >= this.floor;
  }

  private note({ dts, sample, clock }: TimedSample): void {
    const duration = clock.span(sample.duration);
    this.last = { dts, end: dts + duration, tolerance: duration / 2n };
  }

  private take(timed: TimedSample): void {
    this.film.add(timed);
    if (this.latest === null || timed.pts > this.latest) this.latest = timed.pts;
  }

  private takeWaiting(): void {
    for (const one of this.waiting) this.take(one);
    this.waiting = [];
    this.waitingBytes = 0;
  }

  private wait(timed: TimedSample): void {
    this.waiting.push(timed);
    this.waitingBytes += timed.sample.data.length;
  }

  /** A picture behind the period is taken when one within it, or one between others, is decoded later. */
  private offerPicture(timed: TimedSample): void {
    const { sample, clock } = timed;
    if (sample.utc < this.bounds.to || (this.latest !== null && timed.pts < this.latest)) {
      this.takeWaiting();
      this.take(timed);
      return;
    }
    const decoded = sample.utc - clock.nanoseconds(sample.pts - sample.dts);
    if (decoded >= this.bounds.to + reordering || this.waiting.length >= maxWaiting || this.waitingBytes >= maxWaitingBytes) {
      this.isDone = true;
      this.waiting = [];
    } else {
      this.wait(timed);
    }
  }

  private offerSound(timed: TimedSample): void {
    const { from, to, start } = this.bounds;
    if (timed.sample.utc >= to) {
      this.isDone = true;
      this.waiting = [];
      return;
    }
    if (this.overlaps(timed)) return;
    this.isInterrupted = false;
    const begin = start?.utc ?? from;
    const end = this.endUtc(timed);
    if (end > begin) {
      this.takeWaiting();
      this.note(timed);
      this.take(timed);
    } else if (start !== null && timed.sample.track.codec === 'mp4a' && end > begin - soundInFront) {
      this.wait(timed);
    }
  }
}
