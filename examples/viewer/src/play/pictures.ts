/* SPDX-License-Identifier: Apache-2.0 */
/* Finds pictures by time, and what must be decoded for them. */
import type { Utc } from '../evidence/model.js';
import { type Beginning, beginningOf, refersBack } from './beginnings.js';
import type { Failure, LoadedSegment, SegmentStore, Shot } from './segments.js';
import type { Timeline } from './timeline.js';

/** A picture: the segment by its place in the timeline, and the rank in it by time. */
export interface PictureKey {
  stretch: number;
  rank: number;
}

/** A sample in decoding order. */
export interface Place {
  stretch: number;
  index: number;
}

export type Found =
  | { kind: 'picture'; key: PictureKey; shot: Shot; until: Utc }
  /** These segments must be loaded first. */
  | { kind: 'loading'; stretch: number }
  /** `isCovered`: there is something else than pictures. */
  | { kind: 'gap'; isCovered: boolean }
  | { kind: 'failed'; stretch: number; failure: Failure };

const second = 1_000_000_000n;
/** A picture is held this much beyond its end, if another one follows by then. */
const tolerance = second;
/** Where the recorder says nothing of a duration. */
const assumedDuration = second;
/** How far back a picture's decoding may begin: segments, and bytes of samples that are read on the way. */
export const maxBack = 256;
const maxBackBytes = 512 << 20;
/** Segments of which it is remembered where decoding can begin; more than one walk passes. */
const maxNoted = 4 * maxBack;
/** How many segments without pictures a step passes over. */
const maxEmpty = 32;

export function comparePlaces(a: Place, b: Place): number {
  return a.stretch - b.stretch || a.index - b.index;
}

/** Where decoding can begin in a segment, remembered when the segment itself is not in memory any more. */
interface Note {
  syncs: { index: number; utc: Utc; beginning: Beginning }[];
  bytes: number;
}

/** A sync sample; `isWhole` where every decoder begins there. */
export interface Sync extends Place {
  isWhole: boolean;
}

/** Where decoding must begin for a picture, what must be loaded to know it, or why it cannot. */
export type Start = Sync | { loading: number } | { refused: string };

export function isPlace(start: Start): start is Sync {
  return 'index' in start;
}

export class Pictures {
  private readonly notes = new Map<number, Note>();

  constructor(
    readonly timeline: Timeline,
    private readonly store: SegmentStore,
  ) {}

  /** What is shown at a moment. */
  at(utc: Utc): Found {
    const index = this.timeline.at(utc);
    if (index < 0) return { kind: 'gap', isCovered: false };
    const found = this.within(index, utc);
    if (found.kind !== 'picture') return found;
    return this.leadingOf(index, utc) ?? found;
  }

  /** Pictures that belong before the first one of the next segment, where they are decoded. */
  private leadingOf(index: number, utc: Utc): Found | null {
    const loaded = this.store.loaded(index);
    if (loaded === null || !loaded.mayBeLed || loaded.rankAt(utc) < loaded.order.length - 1) return null;
    if (!this.timeline.isContinued(index)) return null;
    const next = this.store.loaded(index + 1);
    if (next === null) return this.store.failure(index + 1) === null ? { kind: 'loading', stretch: index + 1 } : null;
    return next.rankAt(utc) < 0 ? null : this.picture(index + 1, next, next.rankAt(utc), utc);
  }

  private within(index: number, utc: Utc): Found {
    const stretch = this.timeline.get(index);
    const loaded = this.store.loaded(index);
    if (stretch === null) return { kind: 'gap', isCovered: false };
    if (loaded === null) {
      const failure = this.store.failure(index);
      if (failure === null) return { kind: 'loading', stretch: index };
      return utc <= stretch.last + tolerance ? { kind: 'failed', stretch: index, failure } : { kind: 'gap', isCovered: false };
    }
    const rank = loaded.rankAt(utc);
    if (rank >= 0) return this.picture(index, loaded, rank, utc);
    const isCovered = utc >= stretch.first && utc <= stretch.last;
    const before = this.store.loaded(index - 1);
    if (index === 0 || this.store.failure(index - 1) !== null) return { kind: 'gap', isCovered };
    if (before === null) return { kind: 'loading', stretch: index - 1 };
    if (before.order.length === 0) return { kind: 'gap', isCovered };
    const found = this.picture(index - 1, before, before.order.length - 1, utc);
    return found.kind === 'gap' ? { kind: 'gap', isCovered } : found;
  }

  private picture(stretch: number, loaded: LoadedSegment, rank: number, utc: Utc): Found {
    const shot = loaded.shown(rank);
    if (shot === null) return { kind: 'gap', isCovered: false };
    const until = this.untilOf(stretch, loaded, rank, shot);
    if (utc > until) return { kind: 'gap', isCovered: utc <= (this.timeline.get(stretch)?.last ?? utc - 1n) };
    return { kind: 'picture', key: { stretch, rank }, shot, until };
  }

  /** Until when a picture stands: until the next one, unless that one comes much later than this one ends. */
  private untilOf(stretch: number, loaded: LoadedSegment, rank: number, shot: Shot): Utc {
    const next = loaded.shown(rank + 1)?.utc ?? this.timeline.get(stretch + 1)?.first ?? null;
    const previous = loaded.shown(rank - 1);
    const guess = previous === null ? assumedDuration : shot.utc - previous.utc;
    const end = shot.end > shot.utc ? shot.end : shot.utc + (guess > assumedDuration ? guess : assumedDuration);
    if (next === null) return end;
    return next - end <= tolerance && next > shot.utc ? next : end;
  }

  shot(key: PictureKey): Shot | null {
    return this.store.loaded(key.stretch)?.shown(key.rank) ?? null;
  }

  placeOf(key: PictureKey): Place | null {
    const index = this.store.loaded(key.stretch)?.order[key.rank];
    return index === undefined ? null : { stretch: key.stretch, index };
  }

  /** The picture before or behind one; null where there is none, or 'loading' and what must be loaded. */
  neighbour(key: PictureKey, by: 1 | -1): PictureKey | { loading: number } | null {
    const loaded = this.store.loaded(key.stretch);
    if (loaded === null) return { loading: key.stretch };
    const rank = key.rank + by;
    if (rank >= 0 && rank < loaded.order.length) return { stretch: key.stretch, rank };
    return this.edge(key.stretch + by, by);
  }

  /** First picture from a segment on, or last one up to it. */
  private edge(from: number, by: 1 | -1): PictureKey | { loading: number } | null {
    for (let stretch = from, count = 0; stretch >= 0 && stretch < this.timeline.count && count < maxEmpty; stretch += by, count++) {
      const loaded = this.store.loaded(stretch);
      if (loaded !== null && loaded.order.length > 0) return { stretch, rank: by > 0 ? 0 : loaded.order.length - 1 };
      if (loaded === null && this.store.failure(stretch) === null) return { loading: stretch };
    }
    return null;
  }

  /** The next or previous picture from a moment at which there is none. */
  nearest(utc: Utc, by: 1 | -1): PictureKey | { loading: number } | null {
    const index = this.timeline.at(utc);
    const loaded = index < 0 ? null : this.store.loaded(index);
    if (index >= 0 && loaded === null && this.store.failure(index) === null) return { loading: index };
    if (loaded !== null) {
      const rank = loaded.rankAt(utc) + (by > 0 ? 1 : 0);
      if (rank >= 0 && rank < loaded.order.length) return { stretch: index, rank };
    }
    return this.edge(by > 0 ? index + 1 : index - 1, by);
  }

  /** When something is recorded next after a moment; null for never. */
  nextAfter(utc: Utc): Utc | null {
    const index = this.timeline.at(utc);
    const loaded = index < 0 ? null : this.store.loaded(index);
    const inside = loaded?.shown(loaded.rankAt(utc) + 1)?.utc ?? null;
    const next = this.timeline.get(index + 1)?.first ?? null;
    return inside !== null && (next === null || inside < next) ? inside : next;
  }

  /**
   * Where decoding must begin for a picture: at the whole sync sample before it, also by time; where none is
   * left, at the nearest one from which pictures recover. Pictures that are shown before the sync sample of
   * their group refer to the group before it.
   */
  syncBefore(key: PictureKey): Start {
    const place = this.placeOf(key);
    const shot = this.shot(key);
    if (place === null || shot === null) return { loading: key.stretch };
    let recovery: Sync | null = null;
    let leading: Sync | null = null;
    const last = (reason: string): Start => recovery ?? leading ?? { refused: reason };
    let bytes = 0;
    for (let { stretch } = place; ; stretch--) {
      const note = this.noteOf(stretch);
      if (note === null && this.store.failure(stretch) === null) return { loading: stretch };
      for (const { index, utc, beginning } of note?.syncs ?? []) {
        if (stretch === place.stretch && index > place.index) continue;
        const isWhole = beginning !== 'recovery';
        if (utc > shot.utc) {
          if (!this.refersBack(place, beginning, shot)) leading ??= { stretch, index, isWhole };
        } else if (isWhole) return { stretch, index, isWhole };
        else recovery ??= { stretch, index, isWhole };
      }
      if (note === null || stretch === 0 || !this.timeline.isContinued(stretch - 1)) return last(notBegun);
      bytes += note.bytes;
      if (place.stretch - stretch >= maxBack || bytes > maxBackBytes) return last(tooFar);
    }
  }

  private refersBack({ stretch }: Place, beginning: Beginning, shot: Shot): boolean {
    const coding = this.store.loaded(stretch)?.choice.pictures?.coding;
    return coding !== undefined && refersBack(coding, beginning, shot.data);
  }

  /** The sync sample nearest before a picture, whole or not, and behind another one; null where there is none. */
  recoveryBehind(key: PictureKey, behind: Place): Sync | null {
    const [place, shot] = [this.placeOf(key), this.shot(key)];
    if (place === null || shot === null) return null;
    const find = (sync: Place, utc: Utc): boolean => utc <= shot.utc && comparePlaces(sync, behind) > 0;
    return this.lastSync(place, behind.stretch, find);
  }

  /** Where decoding, which began at `start`, could have begun for a sample at last. */
  lastBeginning(place: Place, start: Place): Place {
    return this.lastSync(place, start.stretch, (sync, _, isWhole) => isWhole && comparePlaces(sync, start) > 0) ?? start;
  }

  private lastSync(place: Place, first: number, isFit: (sync: Place, utc: Utc, isWhole: boolean) => boolean): Sync | null {
    for (let { stretch } = place; stretch >= first && place.stretch - stretch <= maxBack; stretch--) {
      for (const { index, utc, beginning } of this.noteOf(stretch)?.syncs ?? []) {
        const sync = { stretch, index, isWhole: beginning !== 'recovery' };
        if (comparePlaces(sync, place) <= 0 && isFit(sync, utc, sync.isWhole)) return sync;
      }
    }
    return null;
  }

  /** Remembers of a segment in memory where decoding can begin. */
  remember(stretch: number): void {
    this.noteOf(stretch);
  }

  /** Sync samples of a segment, the last one first. */
  private noteOf(stretch: number): Note | null {
    const known = this.notes.get(stretch);
    if (known !== undefined) return known;
    const loaded = this.store.loaded(stretch);
    if (loaded === null) return null;
    const coding = loaded.choice.pictures?.coding;
    const syncs = [...loaded.pictures.entries()]
      .filter(([, shot]) => shot.isSync)
      .map(([index, { utc, data }]) => ({ index, utc, beginning: coding === undefined ? 'whole' : beginningOf(coding, data) }));
    const note = { syncs: syncs.reverse(), bytes: loaded.bytes };
    for (const oldest of this.notes.keys()) {
      if (this.notes.size < maxNoted) break;
      this.notes.delete(oldest);
    }
    this.notes.set(stretch, note);
    return note;
  }
}

const notBegun = 'nothing in front of the picture is left with which decoding could begin';
const tooFar = `decoding would have to begin more than ${maxBack} segments or ${maxBackBytes >> 20} MiB earlier`;
