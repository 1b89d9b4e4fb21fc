/* SPDX-License-Identifier: Apache-2.0 */
/* One decoder at work: from a sync sample on, in decoding order, through segments that follow each other. */
import type { Utc } from '../evidence/model.js';
import { type Beginning, beginningOf, refersBack } from './beginnings.js';
import type { PictureCoding } from './codecs.js';
import { type Place, type Sync, comparePlaces, maxBack } from './pictures.js';
import type { PictureDecoder, PictureImage, PictureSink, Platform } from './platform.js';
import type { SegmentStore, Shot } from './segments.js';
import type { Timeline } from './timeline.js';

export interface RunEvents {
  picture(place: Place, shot: Shot, image: PictureImage): void;
  /** These went in and did not come out. */
  lost(places: readonly Place[], reason: string): void;
  /** `isUnsupported`: nothing came out, and the browser has no decoder for it, whatever it said before. */
  failed(run: PictureRun, failure: RunFailure, pending: readonly Place[]): void;
  changed(): void;
}

export interface RunFailure {
  reason: string;
  isUnsupported: boolean;
}

interface Fed {
  place: Place;
  shot: Shot;
  /** Refers to what is before the sync sample where decoding began: goes in, and what comes out is no picture. */
  isLeading: boolean;
}

const nanosecondsOfMicrosecond = 1000n;
/** Decoders may round timestamps; a picture is found by one that is this near: microseconds. */
const rounding = 500;
/** A decoder that does nothing for so long with what it has is given up: milliseconds. */
const patience = 8000;
const notGiven = 'the decoder took the picture and did not give it out';
const notWhole = 'no picture from which every decoder can begin (IDR) is left in front of it';

export class PictureRun implements PictureSink {
  next: Place;
  private readonly fed = new Map<number, Fed>();
  private readonly decoder: PictureDecoder;
  private base: Utc;
  private progressAt = 0;
  private callOff: (() => void) | null = null;
  private hasGiven = false;
  /** Since it began at `start`. */
  private hasBegun = false;
  private first: { beginning: Beginning; utc: Utc } | null = null;
  private phase: 'feeding' | 'flushing' | 'done' | 'failed' | 'closed' = 'feeding';

  constructor(
    private readonly platform: Platform,
    private readonly timeline: Timeline,
    private readonly store: SegmentStore,
    private readonly coding: PictureCoding,
    public start: Place,
    /** The last one that goes in; null for no bound. */
    public limit: Place | null,
    private readonly events: RunEvents,
    pixels: number,
  ) {
    this.next = start;
    this.base = this.baseOf(start);
    this.decoder = platform.openPictures(coding, this, pixels);
  }

  /** Times are told to the decoder from here on; the segment itself need not be there yet. */
  private baseOf(start: Place): Utc {
    return this.timeline.get(start.stretch)?.first ?? 0n;
  }

  get isOver(): boolean {
    return this.phase !== 'feeding' && this.phase !== 'flushing';
  }

  /** Went in and did not come out yet. */
  get pending(): number {
    return this.fed.size;
  }

  get queued(): number {
    return this.decoder.queued;
  }

  isPending(place: Place): boolean {
    for (const fed of this.fed.values()) if (!fed.isLeading && comparePlaces(fed.place, place) === 0) return true;
    return false;
  }

  /** Whether a picture will come out of this run, and would not come sooner out of one that begins at `sync`. */
  gives(place: Place, sync: Sync | null): boolean {
    if (this.isOver || (sync !== null && comparePlaces(sync, this.start) < 0)) return false;
    if (this.isPending(place)) return true;
    if (this.phase === 'flushing' || comparePlaces(place, this.next) < 0) return false;
    if (this.limit !== null && comparePlaces(place, this.limit) > 0) return false;
    if (sync === null || comparePlaces(sync, this.next) <= 0) return true;
    // Going on is better than beginning where a decoder may refuse to.
    return !sync.isWhole && place.stretch - this.next.stretch <= maxBack;
  }

  /** Feeds while there is room; returns the segment that is missing for more, or null. */
  feed(maxPending: number, maxQueued: number): number | null {
    const missing = this.feedMore(maxPending, maxQueued);
    if (this.callOff === null && !this.isOver && this.fed.size > 0) {
      this.progressAt = this.platform.now();
      this.watch(patience);
    }
    return missing;
  }

  private watch(milliseconds: number): void {
    this.callOff = this.platform.later(milliseconds, () => {
      this.callOff = null;
      if (this.isOver || this.fed.size === 0) return;
      const left = this.progressAt + patience - this.platform.now();
      const isAsked = this.queued > 0 || this.phase === 'flushing';
      if (left <= 0 && isAsked) this.failed('the decoder gives nothing out', false);
      else this.watch(Math.max(left, patience / 4));
    });
  }

  private end(phase: 'done' | 'failed' | 'closed'): void {
    this.phase = phase;
    this.fed.clear();
    this.callOff?.();
    this.callOff = null;
    // Once everything came out, the decoder can begin again at another sync sample.
    if (phase !== 'done') this.decoder.close();
  }

  /** Begins again elsewhere, with the same decoder; false where that is not possible. */
  restart(coding: PictureCoding, start: Place, limit: Place | null): boolean {
    if (this.phase !== 'done' || coding !== this.coding) return false;
    this.start = start;
    this.limit = limit;
    this.next = start;
    this.base = this.baseOf(start);
    this.first = null;
    this.hasBegun = false;
    this.phase = 'feeding';
    return true;
  }

  private feedMore(maxPending: number, maxQueued: number): number | null {
    while (this.phase === 'feeding' && this.fed.size < maxPending && this.queued < maxQueued) {
      const loaded = this.store.loaded(this.next.stretch);
      if (loaded === null) {
        if (this.store.failure(this.next.stretch) === null) return this.next.stretch;
        this.finish();
        return null;
      }
      const shot = loaded.pictures[this.next.index];
      if (shot === undefined) {
        if (this.timeline.isContinued(this.next.stretch)) this.next = { stretch: this.next.stretch + 1, index: 0 };
        else this.finish();
        continue;
      }
      this.decode(this.next, shot);
      const isLast = this.limit !== null && comparePlaces(this.next, this.limit) >= 0;
      this.next = { stretch: this.next.stretch, index: this.next.index + 1 };
      if (isLast) this.finish();
    }
    return null;
  }

  close(): void {
    if (this.phase !== 'closed') this.end('closed');
  }

  private decode(place: Place, shot: Shot): void {
    this.first ??= { beginning: beginningOf(this.coding, shot.data), utc: shot.utc };
    const { beginning, utc } = this.first;
    const isLeading = shot.utc < utc && refersBack(this.coding, beginning, shot.data);
    // H.265 allows to leave these out; in H.264 samples are counted.
    if (isLeading && beginning === 'leaving') return;
    let timestamp = Number((shot.utc - this.base) / nanosecondsOfMicrosecond);
    while (this.fed.has(timestamp)) timestamp += 1;
    if (!Number.isSafeInteger(timestamp)) {
      this.failed('times that no decoder takes', false);
      return;
    }
    this.fed.set(timestamp, { place, shot, isLeading });
    this.decoder.decode(timestamp, shot.isSync, shot.data);
  }

  private finish(): void {
    this.phase = 'flushing';
    this.decoder.flush().then(
      () => this.flushed(),
      (error: unknown) => this.failed(error instanceof Error ? error.message : String(error), false),
    );
  }

  private flushed(): void {
    if (this.phase !== 'flushing') return;
    const lost = [...this.fed.values()].filter((fed) => !fed.isLeading).map((fed) => fed.place);
    const reason = this.reasonOf(notGiven);
    this.end('done');
    if (lost.length > 0) this.events.lost(lost, reason);
    this.events.changed();
  }

  private timestampNear(timestamp: number): number | null {
    if (this.fed.has(timestamp)) return timestamp;
    for (const one of this.fed.keys()) if (Math.abs(one - timestamp) <= rounding) return one;
    return null;
  }

  picture(timestamp: number, image: PictureImage): void {
    const key = this.isOver ? null : this.timestampNear(timestamp);
    const fed = key === null ? undefined : this.fed.get(key);
    if (key === null || fed === undefined) {
      image.close();
      return;
    }
    this.fed.delete(key);
    this.hasGiven = true;
    this.progressAt = this.platform.now();
    if (fed.isLeading) {
      image.close();
      this.events.changed();
      return;
    }
    this.hasBegun = true;
    this.dropOlder(fed.shot.utc);
    this.events.picture(fed.place, fed.shot, image);
  }

  /** Pictures come out in the order of their times: what is older and still missing does not come. */
  private dropOlder(utc: Utc): void {
    const lost: Place[] = [];
    for (const [timestamp, fed] of this.fed) {
      if (fed.shot.utc >= utc) continue;
      this.fed.delete(timestamp);
      if (!fed.isLeading) lost.push(fed.place);
    }
    if (lost.length > 0) this.events.lost(lost, notGiven);
  }

  lost(timestamp: number, reason: string): void {
    const fed = this.fed.get(timestamp);
    if (this.isOver || fed === undefined) return;
    this.fed.delete(timestamp);
    this.events.lost([fed.place], reason);
    this.events.changed();
  }

  failed(reason: string, isUnsupported: boolean): void {
    if (this.isOver) return;
    const pending = [...this.fed.values()].map((fed) => fed.place);
    this.end('failed');
    this.events.failed(this, { reason: this.reasonOf(reason), isUnsupported: isUnsupported && !this.hasGiven }, pending);
  }

  private reasonOf(reason: string): string {
    return this.first?.beginning === 'recovery' && !this.hasBegun ? `${reason}; ${notWhole}` : reason;
  }

  ready(): void {
    if (this.isOver) return;
    this.progressAt = this.platform.now();
    this.events.changed();
  }
}
