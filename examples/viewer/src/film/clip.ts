/* SPDX-License-Identifier: Apache-2.0 */
import type { Octets } from '../bytes/octets.js';
import type { Track } from '../container/header.js';
import type { Utc } from '../evidence/model.js';
import { box, fileType, mediaHeader, movieHeader } from './boxes.js';
import { isSound, kindOf } from './description.js';
import { FilmTrack } from './film_track.js';
import { Media } from './media.js';
import { ClipError, type ClipInput, type ClipPart, type ClipResult, type LeftOut } from './model.js';
import { SegmentOrder, firstBehind } from './order.js';
import { type Bounds, Picker, reordering } from './picker.js';
import { type Plan, findStart, planClip } from './plan.js';
import { Clock, picosecondsOfSecond, scaleFor } from './times.js';

const movieScale = 90_000;
/** Films count seconds since 1904. */
const secondsBefore1970 = 2_082_844_800n;
const nanosecondsOfSecond = 1_000_000_000n;

/** What lies within the period: the longest time that the film may have to say. */
function extentOf(parts: readonly ClipPart[], from: Utc, to: Utc): bigint {
  let first: bigint | null = null;
  let last: bigint | null = null;
  for (const { segments } of parts) {
    const begin = segments.first[firstBehind(segments, from)];
    const end = segments.last.reduce((a, b) => (a > b ? a : b), begin ?? from);
    if (begin !== undefined && (first === null || begin < first)) first = begin;
    if (last === null || end > last) last = end;
  }
  const until = last !== null && last < to ? last : to;
  return first === null || until < first ? 0n : until - first;
}

/** Segments before the period that are read, and pauses at either end. */
const spare = 300n * nanosecondsOfSecond;

class ClipWriter {
  private readonly media = new Media();
  private readonly pickers = new Map<number, Picker>();
  private readonly clocks = new Map<ClipPart, Map<number, Clock>>();

  constructor(
    private readonly input: ClipInput,
    private readonly plan: Plan,
    bounds: Bounds,
  ) {
    const longest = extentOf(plan.parts, input.from, input.to) + spare;
    for (const track of plan.tracks) {
      const scale = scaleFor(track, longest);
      if (scale === null) throw new ClipError('too_long', 'the period is longer than a film can say');
      const isLeading = track === plan.tracks[0];
      this.pickers.set(track.number, new Picker(new FilmTrack(track, scale, this.media), bounds, isLeading));
    }
  }

  private clockOf(part: ClipPart, track: Track, scale: number): Clock {
    const clocks = this.clocks.get(part) ?? new Map<number, Clock>();
    this.clocks.set(part, clocks);
    const clock = clocks.get(track.number) ?? new Clock(track, part.header.baseUtc, BigInt(scale));
    clocks.set(track.number, clock);
    return clock;
  }

  private async segment(part: ClipPart, number: number): Promise<boolean> {
    const segment = await part.read(number);
    if (segment === null) return false;
    const isWanted = (track: Track): boolean => part.tracks.includes(track.number) && this.pickers.get(track.number)?.isDone === false;
    for await (const sample of segment.samples(isWanted)) {
      const picker = this.pickers.get(sample.track.number);
      picker?.offer(sample, part.index, this.clockOf(part, sample.track, picker.film.scale));
    }
    return true;
  }

  async read(order: SegmentOrder): Promise<void> {
    const { signal, progress, from, to } = this.input;
    const extent = Number(extentOf(this.plan.parts, from, to)) || 1;
    let begin: Utc | null = null;
    for (let place = order.next(); place !== null; place = order.next()) {
      signal?.throwIfAborted();
      const isThere = await this.segment(place.part, place.number);
      if (isThere) order.cover(place);
      if (!isThere || !place.isNext) this.interrupt(isThere);
      const first = place.part.segments.first[place.index] as bigint;
      begin ??= first;
      progress?.(Math.min(1, Math.max(0, Number(first - begin) / extent)));
      if ([...this.pickers.values()].every((picker) => picker.isDone)) break;
    }
  }

  private interrupt(_isThere: boolean): void {
    for (const picker of this.pickers.values()) picker.interrupt();
  }
}
