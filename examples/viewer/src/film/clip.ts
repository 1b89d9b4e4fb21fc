/* SPDX-License-Identifier: Apache-2.0 */
import type { Octets } from '../bytes/octets.js';
import type { Track } from '../container/header.js';
import { UndecryptableError } from '../container/samples.js';
import type { ClipGapReason, Utc } from '../evidence/model.js';
import { box, fileType, mediaHeader, movieHeader } from './boxes.js';
import { isSound, kindOf } from './description.js';
import { FilmTrack } from './film_track.js';
import { Media } from './media.js';
import { ClipError, type ClipInput, type ClipPart, type ClipResult, type ClipSegment, type LeftOut } from './model.js';
import { SegmentOrder, firstBehind } from './order.js';
import { type Bounds, Picker, reordering } from './picker.js';
import { type Plan, findStart, isUnreadable, planClip } from './plan.js';
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

  /** Why some of it could not be had; null where all could. */
  private async segment(part: ClipPart, number: number): Promise<ClipGapReason | null> {
    const segment = await part.read(number);
    if (typeof segment === 'string') return segment;
    try {
      await this.samples(part, segment);
      return null;
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return error instanceof UndecryptableError ? 'undecryptable' : 'altered';
    }
  }

  private async samples(part: ClipPart, segment: ClipSegment): Promise<void> {
    const isWanted = (track: Track): boolean => part.tracks.includes(track.number) && this.pickers.get(track.number)?.isDone === false;
    for await (const sample of segment.samples(isWanted)) {
      const picker = this.pickers.get(sample.track.number);
      if (picker !== undefined) picker.offer(sample, part.index, this.clockOf(part, sample.track, picker.film.scale));
    }
  }

  async read(order: SegmentOrder): Promise<void> {
    const { signal, progress, from, to } = this.input;
    const extent = Number(extentOf(this.plan.parts, from, to)) || 1;
    let begin: Utc | null = null;
    for (let place = order.next(); place !== null; place = order.next()) {
      signal?.throwIfAborted();
      if (!place.isNext) this.interrupt(place.isBehindMissing ? 'lost' : null);
      const missing = await this.segment(place.part, place.number);
      if (missing === null) order.cover(place);
      else this.interrupt(missing);
      const first = place.part.segments.first[place.index] as bigint;
      begin ??= first;
      progress?.(Math.min(1, Math.max(0, Number(first - begin) / extent)));
      if ([...this.pickers.values()].every((picker) => picker.isDone)) break;
    }
  }

  private interrupt(missing: ClipGapReason | null): void {
    for (const picker of this.pickers.values()) picker.interrupt(missing);
  }

  private withoutSync(parts: readonly ClipPart[]): LeftOut[] {
    const part = parts[0]?.index ?? 0;
    const missing = [...this.pickers.values()].filter(({ film, isThere }) => isThere && film.samples === 0);
    return missing.map(({ film: { track } }) => ({ part, track: track.number, kind: kindOf(track), codec: track.codec, reason: 'no_sync' }));
  }

  /** Everything before the samples, for a film whose samples begin at `mediaOffset`. */
  private front(films: readonly FilmTrack[], begin: bigint, created: bigint, mediaOffset: number): Octets[] {
    const placed = films.map((film) => ({ film, placement: film.place(begin, movieScale, film === films[0]) }));
    const duration = placed.reduce((most, { placement: { empty, duration: shown } }) => (empty + shown > most ? empty + shown : most), 0n);
    const tracks = placed.map(({ film, placement }, i) => film.box(i + 1, created, placement, mediaOffset));
    const moov = box('moov', movieHeader(created, movieScale, duration, films.length + 1), ...tracks);
    return [fileType(), moov, mediaHeader(this.media.size)];
  }

  finish(): ClipResult {
    const all = [...this.pickers.values()].map(({ film }) => film);
    for (const film of all) film.finish();
    const films = all.filter((film) => film.samples > 0);
    const [leading] = films;
    if (leading === undefined) throw new ClipError('empty', 'there is nothing in the period that a film can hold');
    const { begin, from } = beginOf(films, leading);
    const seconds = from / nanosecondsOfSecond + secondsBefore1970;
    const created = seconds > 0n ? seconds : 0n;
    // Offsets of samples do not change the size of what says them, but for the step to eight bytes each.
    const sizeOf = (front: readonly Octets[]): number => front.reduce((sum, part) => sum + part.length, 0);
    let front = this.front(films, begin, created, 0);
    for (let size = -1; size !== sizeOf(front); ) {
      size = sizeOf(front);
      front = this.front(films, begin, created, size);
    }
    return {
      film: new Blob([...front, ...this.media.finish()], { type: 'video/mp4' }),
      from,
      to: films.reduce((latest, film) => (film.endUtc !== null && film.endUtc > latest ? film.endUtc : latest), from),
      samples: films.reduce((sum, film) => sum + film.samples, 0),
      tracks: films.map(({ track, samples }) => ({ track: track.number, kind: kindOf(track), codec: track.codec, samples })),
      leftOut: [...this.plan.leftOut, ...this.withoutSync(this.plan.parts)],
      gaps: leading.gaps,
    };
  }
}

/** Where the film begins, in picoseconds and UTC: with the first picture, unless more sound lies in front than may be hidden (E-FLM-5). */
function beginOf(films: readonly FilmTrack[], leading: FilmTrack): { begin: bigint; from: Utc } {
  const shownOf = (film: FilmTrack): bigint => film.shown ?? film.decoded;
  const first = films.reduce((a, b) => (shownOf(b) < shownOf(a) ? b : a), leading);
  const wanted = shownOf(leading);
  const hides = films.every((film) => film === leading || (wanted - film.decoded <= picosecondsOfSecond && film.end > wanted));
  const chosen = hides ? leading : first;
  return { begin: shownOf(chosen), from: chosen.firstUtc ?? 0n };
}

/**
 * Writes the clear film of a period of one device, which satisfies E-FLM-1 to E-FLM-7. Samples are handed to the
 * browser as they come; only tables stay in memory. Throws ClipError, what `read` throws, and the reason of the signal.
 */
export async function writeClip(input: ClipInput): Promise<ClipResult> {
  const { from, to, signal } = input;
  const plan = planClip(input);
  const [part] = plan.parts;
  const [leading] = plan.tracks;
  if (part === undefined || leading === undefined) throw new ClipError('empty', 'there is nothing in the period that a film can hold');
  const start = isSound(leading) ? null : await findStart(part, leading, from, signal);
  const writer = new ClipWriter(input, plan, { from, to, start });
  const place = start === null ? null : { part, at: start.at };
  await writer.read(new SegmentOrder(plan.parts, from, to + reordering, place));
  const result = writer.finish();
  input.progress?.(1);
  return result;
}
