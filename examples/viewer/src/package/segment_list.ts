/* SPDX-License-Identifier: Apache-2.0 */
import type { FrameEntry } from './directory.js';

/** Segments of a source in order, as parallel arrays: there may be millions, and an object each would be too much. */
export interface SegmentList {
  numbers: Float64Array;
  firstUtc: BigInt64Array;
  lastUtc: BigInt64Array;
  /** Where their entries stand in the list of all entries. */
  places: Float64Array;
  /** Of their frames. */
  flags: Uint8Array;
}

const firstCapacity = 64;

/** Collects a `SegmentList`, of which nobody knows the size before. */
export class SegmentListBuilder {
  private list: SegmentList = withCapacity(firstCapacity);
  private count = 0;

  add(entry: FrameEntry, place: number): void {
    if (this.count === this.list.numbers.length) this.list = copied(this.list, 2 * this.count);
    const at = this.count++;
    this.list.numbers[at] = entry.number ?? -1;
    this.list.firstUtc[at] = entry.firstUtc;
    this.list.lastUtc[at] = entry.lastUtc;
    this.list.places[at] = place;
    this.list.flags[at] = entry.flags;
  }

  /** What was added so far. */
  finish(): SegmentList {
    return copied(this.list, this.count, this.count);
  }
}

function withCapacity(count: number): SegmentList {
  return {
    numbers: new Float64Array(count),
    firstUtc: new BigInt64Array(count),
    lastUtc: new BigInt64Array(count),
    places: new Float64Array(count),
    flags: new Uint8Array(count),
  };
}

function copied(list: SegmentList, capacity: number, count = list.numbers.length): SegmentList {
  const copy = withCapacity(capacity);
  copy.numbers.set(list.numbers.subarray(0, count));
  copy.firstUtc.set(list.firstUtc.subarray(0, count));
  copy.lastUtc.set(list.lastUtc.subarray(0, count));
  copy.places.set(list.places.subarray(0, count));
  copy.flags.set(list.flags.subarray(0, count));
  return copy;
}
