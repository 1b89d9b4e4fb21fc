/* SPDX-License-Identifier: Apache-2.0 */
import { equal } from '../bytes/octets.js';
import type { SegmentTable, Utc } from '../evidence/model.js';
import type { ClipPart } from './model.js';

/** How far behind its last segment the next one of a part may begin, and is still preferred to other parts. */
const staying = 1_000_000_000n;

export interface PlacedSegment {
  part: ClipPart;
  index: number;
  number: number;
  /** Does it follow what was handed out before, in the same part? */
  isNext: boolean;
  /** Is a segment missing before it, or a container? */
  isBehindMissing: boolean;
}

/** The first segment that ends behind a moment; as many as there are where none does. */
export function firstBehind(table: SegmentTable, moment: Utc): number {
  let index = 0;
  let beyond = table.numbers.length;
  // First UTCs do not decrease (C-MAN-6); last ones need not, so the last few are looked at one by one.
  while (index < beyond) {
    const middle = (index + beyond) >>> 1;
    if ((table.first[middle] as bigint) < moment) index = middle + 1;
    else beyond = middle;
  }
  while (index > 0 && (table.last[index - 1] as bigint) > moment) index--;
  return index;
}

interface Place {
  part: ClipPart;
  at: number;
}

/** Is a container of the same recording missing between two? */
function skipsContainer(before: ClipPart | undefined, after: ClipPart): boolean {
  if (before === undefined || !equal(before.header.recordingId, after.header.recordingId)) return false;
  return after.header.sequence > before.header.sequence + 1n;
}

/** Segments of all parts of a device by time; where parts overlap, one is followed as long as it goes on. */
export class SegmentOrder {
  private readonly places: Place[];
  private current: Place | null = null;
  private lastNumber = -1;
  private covered: Utc | null = null;
  /** What was handed out last could not be read: others may have it. */
  private isMissing = false;

  constructor(
    parts: readonly ClipPart[],
    from: Utc,
    private readonly end: Utc,
    start: { part: ClipPart; at: number } | null,
  ) {
    this.places = parts.map((part) => ({ part, at: part === start?.part ? start.at : firstBehind(part.segments, from) }));
    this.current = this.places.find(({ part }) => part === start?.part) ?? null;
  }

  private firstOf({ part, at }: Place): Utc | null {
    const first = part.segments.first[at];
    return first === undefined || first >= this.end ? null : first;
  }

  /** Of others, what is covered already is passed over. */
  private skip(place: Place): void {
    if (this.covered === null || place === this.current) return;
    const { last } = place.part.segments;
    while (place.at < last.length && (last[place.at] as bigint) <= this.covered) place.at++;
  }

  private choose(): Place | null {
    const { current, covered } = this;
    const here = current === null ? null : this.firstOf(current);
    if (here !== null && !this.isMissing && (covered === null || here <= covered + staying)) return current;
    let best: { place: Place; first: Utc } | null = null;
    for (const place of this.places) {
      this.skip(place);
      const first = this.firstOf(place);
      if (first === null) continue;
      const begin = covered !== null && first < covered ? covered : first;
      if (best === null || begin < best.first || (begin === best.first && place === current)) best = { place, first: begin };
    }
    return best?.place ?? null;
  }

  next(): PlacedSegment | null {
    const place = this.choose();
    if (place === null) return null;
    const { part } = place;
    const index = place.at++;
    const number = part.segments.numbers[index] as number;
    const isSame = place === this.current;
    const isNext = isSame && number === this.lastNumber + 1;
    const isBehindMissing = this.lastNumber >= 0 && (isSame ? !isNext : skipsContainer(this.current?.part, part));
    this.current = place;
    this.lastNumber = number;
    this.isMissing = true;
    return { part, index, number, isNext, isBehindMissing };
  }

  /** The segment that was handed out last was read: what others have of its time is not needed. */
  cover({ part, index }: PlacedSegment): void {
    const last = part.segments.last[index] as bigint;
    this.isMissing = false;
    if (this.covered === null || last > this.covered) this.covered = last;
  }
}
