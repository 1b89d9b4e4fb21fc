/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { equal } from '../bytes/octets.js';
import { sampleFlag } from '../container/format.js';
import type { Track } from '../container/header.js';
import { UndecryptableError } from '../container/samples.js';
import type { Utc } from '../evidence/model.js';
import { isSameDescription, isSound, kindOf, whyNot } from './description.js';
import type { ClipInput, ClipPart, ClipSegment, LeftOut, LeftOutReason } from './model.js';
import { firstBehind } from './order.js';
import type { Start } from './picker.js';

/** What goes into the film, before any sample was read. */
export interface Plan {
  parts: ClipPart[];
  /** Descriptions of the film's tracks, pictures first. */
  tracks: Track[];
  leftOut: LeftOut[];
}

function overlaps({ segments }: ClipPart, from: Utc, to: Utc): boolean {
  const first = segments.first[firstBehind(segments, from)];
  return first !== undefined && first < to;
}

function beginOf({ segments }: ClipPart, from: Utc): Utc {
  const first = segments.first[firstBehind(segments, from)] as bigint;
  return first < from ? from : first;
}

function byTrack(a: Track, b: Track): number {
  return Number(isSound(a)) - Number(isSound(b)) || a.number - b.number;
}

class Planner {
  private readonly tracks = new Map<number, Track>();
  private readonly leftOut: LeftOut[] = [];
  private readonly used: ClipPart[] = [];

  private leave(part: ClipPart, track: Track | null, reason: LeftOutReason): void {
    const what = track === null ? { track: null, kind: null, codec: null } : { track: track.number, kind: kindOf(track), codec: track.codec };
    const isKnown = (one: LeftOut): boolean => track !== null && one.track === track.number && one.codec === track.codec && one.reason === reason;
    // Each part of a recording has the same tracks: they are named once.
    if (!this.leftOut.some(isKnown)) this.leftOut.push({ part: part.index, ...what, reason });
  }

  private wanted(part: ClipPart): Track[] {
    return part.tracks.flatMap((number) => part.header.tracks[number] ?? []).sort(byTrack);
  }

  /** Tracks of a part that fit into those of the film, or make new ones. */
  add(part: ClipPart): void {
    const reference = this.used[0];
    if (reference !== undefined && !equal(reference.header.recordingId, part.header.recordingId)) {
      this.leave(part, null, 'another_recording');
      return;
    }
    const fitting: Track[] = [];
    for (const track of this.wanted(part)) {
      const known = this.tracks.get(track.number);
      const reason = whyNot(track) ?? (known !== undefined && !isSameDescription(known, track) ? 'another_configuration' : null);
      // Sound alone, where the pictures are others, would be a film of which the picture stands.
      if (reason === 'another_configuration' && !isSound(track)) {
        this.leave(part, null, reason);
        return;
      }
      if (reason !== null) this.leave(part, track, reason);
      else fitting.push(track);
    }
    if (fitting.length === 0) return;
    for (const track of fitting) if (!this.tracks.has(track.number)) this.tracks.set(track.number, track);
    this.used.push({ ...part, tracks: fitting.map((track) => track.number) });
  }

  plan(): Plan {
    return { parts: this.used, tracks: [...this.tracks.values()].sort(byTrack), leftOut: this.leftOut };
  }
}

/** Chooses the parts and tracks that one film can hold; what comes first decides (E-FLM-2, E-FLM-7). */
export function planClip({ parts, from, to }: ClipInput): Plan {
  const planner = new Planner();
  const begins = parts.filter((part) => overlaps(part, from, to)).map((part) => ({ part, begin: beginOf(part, from) }));
  begins.sort((a, b) => (a.begin === b.begin ? 0 : a.begin < b.begin ? -1 : 1));
  for (const { part } of begins) planner.add(part);
  return planner.plan();
}

/** What is signed and cannot be had is a gap, not the end of the clip. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof FormatError || error instanceof UndecryptableError;
}

/** The last picture of a segment, at or before `from`, with which decoding can begin. */
async function lastStart(segment: ClipSegment, track: Track, from: Utc): Promise<{ index: number; utc: Utc } | null> {
  let found: { index: number; utc: Utc } | null = null;
  try {
    for await (const { flags, utc, data, index } of segment.samples((one) => one.number === track.number)) {
      if ((flags & sampleFlag.sync) !== 0 && utc <= from && data.length > 0) found = { index, utc };
    }
  } catch (error) {
    if (!isUnreadable(error)) throw error;
  }
  return found;
}

/** How many segments before the period are read in search of a picture that stands alone. */
const maxBack = 64;

/** The last picture at or before `from` with which decoding can begin; null where `from` lies in a gap, or there is none. */
export async function findStart(part: ClipPart, track: Track, from: Utc, signal: AbortSignal | undefined): Promise<(Start & { at: number }) | null> {
  const { numbers, first } = part.segments;
  const begin = firstBehind(part.segments, from);
  if (begin >= numbers.length || (first[begin] as bigint) > from || !part.tracks.includes(track.number)) return null;
  for (let at = begin; at >= 0 && at > begin - maxBack; at--) {
    const number = numbers[at] as number;
    if (at < begin && number + 1 !== numbers[at + 1]) return null;
    signal?.throwIfAborted();
    const segment = await part.read(number);
    if (typeof segment === 'string') return null;
    const found = await lastStart(segment, track, from);
    if (found !== null) return { part: part.index, segment: number, ...found, at };
  }
  return null;
}
