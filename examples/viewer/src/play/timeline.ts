/* SPDX-License-Identifier: Apache-2.0 */
/* Segments of all parts of a device, one after the other by time. */
import type { Device, Evidence, Part, Utc } from '../evidence/model.js';

/** A segment, and between which moments it is the one that is shown. */
export interface Stretch {
  part: number;
  /** Number of the segment in its part. */
  number: number;
  first: Utc;
  last: Utc;
  /** Pictures before `from`, and from `to` on, are those of other parts. */
  from: Utc;
  to: Utc;
}

export const distantPast: Utc = -(2n ** 63n);
export const distantFuture: Utc = 2n ** 63n - 1n;

function stretchesOf(part: Part): Stretch[] {
  const { numbers, first, last } = part.segments;
  const stretches: Stretch[] = [];
  for (const [at, number] of numbers.entries()) {
    const [begin, end] = [first[at], last[at]];
    if (begin === undefined || end === undefined) break;
    stretches.push({ part: part.index, number, first: begin, last: end < begin ? begin : end, from: distantPast, to: distantFuture });
  }
  return isOrdered(stretches) ? stretches : stretches.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : a.number - b.number));
}

function isOrdered(stretches: readonly Stretch[]): boolean {
  return stretches.every((one, at) => at === 0 || (stretches[at - 1] as Stretch).first <= one.first);
}

/** Index of the last one that begins at or before a moment; -1 where none does. */
function lastAt(stretches: readonly Stretch[], utc: Utc): number {
  let [low, high] = [0, stretches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stretches[middle] as Stretch).first <= utc) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Where parts overlap (a camera's own recording beside the recorder's), the part that begins first is
 * shown, and the other fills what it leaves open: otherwise the picture would change from one to the other.
 */
function merge(taken: Stretch[], more: readonly Stretch[]): Stretch[] {
  const lastTaken = taken[taken.length - 1];
  const firstMore = more[0];
  if (lastTaken === undefined || firstMore === undefined) return [...taken, ...more];
  const added: Stretch[] = [];
  for (const one of more) {
    const at = lastAt(taken, one.first);
    const [before, behind] = [taken[at], taken[at + 1]];
    const from = before !== undefined && before.last > one.first ? before.last : one.from;
    const to = behind !== undefined && behind.first < one.last ? behind.first : one.to;
    if (from >= one.last && one.last > one.first) continue;
    if (from < to) added.push({ ...one, from, to });
  }
  return [...taken, ...added].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
}

export class Timeline {
  /** The end of the last one. */
  readonly end: Utc | null;

  private constructor(private readonly stretches: readonly Stretch[]) {
    this.end = stretches.reduce<Utc | null>((end, one) => (end === null || one.last > end ? one.last : end), null);
  }

  static of(device: Device, evidence: Evidence): Timeline {
    const parts = device.parts.flatMap((index) => evidence.parts.filter((part) => part.index === index && part.unusable === null));
    const lists = parts.map(stretchesOf).filter((list) => list.length > 0);
    lists.sort((a, b) => ((a[0] as Stretch).first < (b[0] as Stretch).first ? -1 : 1));
    return new Timeline(lists.reduce<Stretch[]>(merge, []));
  }

  get count(): number {
    return this.stretches.length;
  }

  get start(): Utc | null {
    return this.stretches[0]?.first ?? null;
  }

  get(index: number): Stretch | null {
    return this.stretches[index] ?? null;
  }

  /** The last one that begins at or before a moment; -1 where none does. */
  at(utc: Utc): number {
    return lastAt(this.stretches, utc);
  }

  /** Whether the next one goes on where this one ends, so that a decoder can go on as well. */
  isContinued(index: number): boolean {
    const [one, next] = [this.get(index), this.get(index + 1)];
    return one !== null && next !== null && one.part === next.part && one.number + 1 === next.number;
  }
}
