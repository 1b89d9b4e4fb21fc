/* SPDX-License-Identifier: Apache-2.0 */
/* What of a device's segments is in memory: what is needed, what comes next, and no more. */
import { ProblemError, type ProblemCode, type SampleView, type SegmentSamples, type TrackView, type Utc, segmentState } from '../evidence/model.js';
import { hasOpenGroups } from './beginnings.js';
import type { PictureCoding, SoundCoding } from './codecs.js';
import type { SampleOrder, SampleQueue } from './sample_queue.js';
import type { Stretch, Timeline } from './timeline.js';

/** What is played of a part. */
export interface PartChoice {
  pictures: { track: TrackView; coding: PictureCoding } | null;
  sounds: { track: TrackView; coding: SoundCoding } | null;
  metadata: readonly TrackView[];
}

/** A sample with what of its times is needed. */
export interface Shot {
  utc: Utc;
  /** UTC at which it ends by its duration; the same as `utc` where that is not known. */
  end: Utc;
  isSync: boolean;
  isShown: boolean;
  data: Uint8Array;
}

export interface MetadataShot extends Shot {
  track: number;
}

const nanoseconds = 1_000_000_000n;

function shotOf(sample: SampleView, track: TrackView): Shot {
  const { numerator, denominator } = track.timebase;
  const duration = denominator > 0 ? (BigInt(sample.duration) * BigInt(numerator) * nanoseconds) / BigInt(denominator) : 0n;
  return { utc: sample.utc, end: sample.utc + duration, isSync: sample.isSync, isShown: !sample.isDiscardable, data: sample.data };
}

/** Samples of a segment by track. Pictures stand in decoding order; `order` has those that are shown, by time. */
export class LoadedSegment {
  readonly pictures: readonly Shot[];
  readonly order: readonly number[];
  readonly sounds: readonly Shot[];
  readonly metadata: readonly MetadataShot[];
  readonly bytes: number;
  /** Pictures of the next segment may be shown before the first one that is decoded there. */
  readonly mayBeLed: boolean;

  constructor(
    readonly choice: PartChoice,
    stretch: Stretch,
    loaded: SegmentSamples,
  ) {
    const of = (track: TrackView): Shot[] => loaded.samples.filter((sample) => sample.track === track.number).map((sample) => shotOf(sample, track));
    const coding = choice.pictures?.coding.kind ?? 'unsupported';
    const pictures = choice.pictures === null || coding === 'unsupported' ? [] : of(choice.pictures.track);
    // JPEG pictures stand alone, whatever a recorder marks.
    this.pictures = coding === 'jpeg' ? pictures.map((shot) => ({ ...shot, isSync: true })) : pictures;
    this.sounds = choice.sounds === null || choice.sounds.coding.kind === 'unsupported' ? [] : of(choice.sounds.track);
    this.metadata = choice.metadata.flatMap((track) => of(track).map((shot) => ({ ...shot, track: track.number })));
    this.bytes = loaded.samples.reduce((bytes, sample) => bytes + sample.data.length, 0);
    const shown = [...this.pictures.keys()].filter((at) => isWithin(this.pictures[at], stretch));
    shown.sort((a, b) => compareUtc(this.pictures[a], this.pictures[b]) || a - b);
    // Of several at one and the same moment only the last could be found by its time.
    this.order = shown.filter((at, rank) => this.pictures[at]?.utc !== this.pictures[shown[rank + 1] ?? -1]?.utc);
    const isReordered = this.pictures.some((shot, at) => at > 0 && shot.utc < (this.pictures[at - 1] as Shot).utc);
    this.mayBeLed = isReordered || (choice.pictures !== null && hasOpenGroups(choice.pictures.coding));
  }

  /** The picture of a rank, by time. */
  shown(rank: number): Shot | null {
    const at = this.order[rank];
    return at === undefined ? null : (this.pictures[at] ?? null);
  }

  /** Rank of the last picture that begins at or before a moment; -1 where none does. */
  rankAt(utc: Utc): number {
    let [low, high] = [0, this.order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const shot = this.shown(middle);
      if (shot !== null && shot.utc <= utc) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function isWithin(shot: Shot | undefined, stretch: Stretch): boolean {
  return shot !== undefined && shot.isShown && shot.utc >= stretch.from && shot.utc < stretch.to;
}

function compareUtc(a: Shot | undefined, b: Shot | undefined): number {
  if (a === undefined || b === undefined || a.utc === b.utc) return 0;
  return a.utc < b.utc ? -1 : 1;
}

export interface Failure {
  code: ProblemCode;
  message: string;
}

function failureOf(error: unknown): Failure {
  if (error instanceof ProblemError) return { code: error.code, message: error.message };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

type State = { state: 'loaded'; segment: LoadedSegment } | { state: 'failed'; failure: Failure } | { state: 'ordered'; order: SampleOrder };

export class SegmentStore {
  private readonly states = new Map<number, State>();
  private wanted: readonly number[] = [];
  private stored = 0;
  private isClosed = false;

  constructor(
    private readonly timeline: Timeline,
    private readonly choices: ReadonlyMap<number, PartChoice>,
    private readonly queue: SampleQueue,
    private readonly budget: number,
    private readonly changed: () => void,
  ) {}

  loaded(index: number): LoadedSegment | null {
    const state = this.states.get(index);
    return state?.state === 'loaded' ? state.segment : null;
  }

  failure(index: number): Failure | null {
    const state = this.states.get(index);
    return state?.state === 'failed' ? state.failure : null;
  }

  get bytes(): number {
    return this.stored;
  }

  get count(): number {
    return [...this.states.values()].filter((one) => one.state === 'loaded').length;
  }

  /**
   * Says which segments are needed, the most urgent first: the first `needed` of them at any cost, the others
   * as far as memory goes. What is not among them is dropped.
   */
  want(indexes: readonly number[], needed: number): void {
    if (this.isClosed) return;
    this.wanted = indexes;
    for (const [index, state] of this.states) {
      if (indexes.includes(index) || state.state === 'failed') continue;
      if (state.state === 'ordered') this.queue.withdraw(state.order);
      else this.stored -= state.segment.bytes;
      this.states.delete(index);
    }
    for (const [rank, index] of indexes.entries()) {
      if (this.states.has(index)) continue;
      if (rank >= needed && this.stored >= this.budget) break;
      this.order(index, needed);
    }
  }

  /** A disk or a network may be there again. */
  retryUnreadable(): void {
    for (const [index, state] of this.states) if (state.state === 'failed' && state.failure.code === 'unreadable') this.states.delete(index);
  }

  close(): void {
    this.isClosed = true;
    for (const state of this.states.values()) if (state.state === 'ordered') this.queue.withdraw(state.order);
    this.states.clear();
    this.stored = 0;
  }

  private order(index: number, needed: number): void {
    const stretch = this.timeline.get(index);
    const choice = stretch === null ? undefined : this.choices.get(stretch.part);
    if (stretch === null || choice === undefined) return;
    const order: SampleOrder = {
      part: stretch.part,
      segment: stretch.number,
      tracks: tracksOf(choice),
      urgency: () => {
        const rank = this.wanted.indexOf(index);
        return rank < 0 ? null : rank < needed ? 0 : rank;
      },
      done: (samples) => this.take(index, order, () => ({ state: 'loaded', segment: new LoadedSegment(choice, stretch, samples) })),
      failed: (error) => this.take(index, order, () => ({ state: 'failed', failure: failureOf(error) })),
    };
    if (order.tracks.length === 0) {
      const nothing = { part: stretch.part, segment: stretch.number, state: segmentState.unchecked, samples: [] };
      this.states.set(index, { state: 'loaded', segment: new LoadedSegment(choice, stretch, nothing) });
      this.changed();
      return;
    }
    this.states.set(index, { state: 'ordered', order });
    this.queue.order(order);
  }

  private take(index: number, order: SampleOrder, make: () => State): void {
    const state = this.states.get(index);
    if (this.isClosed || state?.state !== 'ordered' || state.order !== order) return;
    const made = make();
    this.states.set(index, made);
    if (made.state === 'loaded') this.stored += made.segment.bytes;
    this.changed();
  }
}

function tracksOf(choice: PartChoice): number[] {
  const tracks = choice.metadata.map((track) => track.number);
  if (choice.sounds !== null && choice.sounds.coding.kind !== 'unsupported') tracks.unshift(choice.sounds.track.number);
  if (choice.pictures !== null && choice.pictures.coding.kind !== 'unsupported') tracks.unshift(choice.pictures.track.number);
  return tracks;
}
