/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { type Octets, copyOf } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import { hashSize } from '../container/format.js';
import { segmentsByIndex, signedEnd } from '../container/locate.js';
import type { OpenedContainer } from '../container/opening.js';
import { findSegment } from '../container/resync.js';
import { skimSegment } from '../container/skim.js';
import { Window } from '../container/window.js';
import type { SegmentTable } from './model.js';

/** Where the segments of a container stand. */
export interface ContainerTable {
  table: SegmentTable;
  /** Begin and end of each segment. */
  offsets: Float64Array;
  ends: Float64Array;
  /** Hash of a segment's manifest, where the signed end leads to it. */
  hashOf(row: number): Octets | null;
}

interface Row {
  number: number;
  first: bigint;
  last: bigint;
  offset: number;
  end: number;
}

const firstCapacity = 1024;

/** Rows in a few bytes each: there may be millions, of a file whose index was not verified yet. */
class TableBuilder {
  private rows = 0;
  private numbers = new Float64Array(firstCapacity);
  private first = new BigInt64Array(firstCapacity);
  private last = new BigInt64Array(firstCapacity);
  private offsets = new Float64Array(firstCapacity);
  private ends = new Float64Array(firstCapacity);
  private hashes = new Uint8Array(firstCapacity * hashSize);
  private hashed = 0;

  private grow(): void {
    const size = 2 * this.numbers.length;
    const numbers = new Float64Array(size);
    numbers.set(this.numbers);
    this.numbers = numbers;
    const offsets = new Float64Array(size);
    offsets.set(this.offsets);
    this.offsets = offsets;
    const ends = new Float64Array(size);
    ends.set(this.ends);
    this.ends = ends;
    const first = new BigInt64Array(size);
    first.set(this.first);
    this.first = first;
    const last = new BigInt64Array(size);
    last.set(this.last);
    this.last = last;
    const hashes = new Uint8Array(size * hashSize);
    hashes.set(this.hashes);
    this.hashes = hashes;
  }

  get lastNumber(): number {
    return this.rows === 0 ? -1 : (this.numbers[this.rows - 1] as number);
  }

  get lastOffset(): number {
    return this.rows === 0 ? -1 : (this.offsets[this.rows - 1] as number);
  }

  /** The last row ends here. */
  endAt(offset: number): void {
    if (this.rows > 0) this.ends[this.rows - 1] = offset;
  }

  add({ number, first, last, offset, end }: Row, hash: Octets | null): void {
    if (this.rows === this.numbers.length) this.grow();
    const row = this.rows++;
    this.numbers[row] = number;
    this.first[row] = first;
    this.last[row] = last;
    this.offsets[row] = offset;
    this.ends[row] = end;
    if (hash === null) return;
    this.hashes.set(hash, row * hashSize);
    this.hashed++;
  }

  finish(): ContainerTable {
    const { rows } = this;
    const isHashed = rows > 0 && this.hashed === rows;
    const hashes = isHashed ? this.hashes.slice(0, rows * hashSize) : null;
    return {
      table: { numbers: this.numbers.slice(0, rows), first: this.first.slice(0, rows), last: this.last.slice(0, rows) },
      offsets: this.offsets.slice(0, rows),
      ends: this.ends.slice(0, rows),
      hashOf: (row) => (hashes === null || row < 0 || row >= rows ? null : copyOf(hashes.subarray(row * hashSize, (row + 1) * hashSize))),
    };
  }
}

/**
 * By the index of a closed container; null where it cannot be used. Segments that ascend within the file are no
 * more than it has room for: an index may name the same entries again and again.
 */
async function byIndex(opened: OpenedContainer, source: Source): Promise<ContainerTable | null> {
  const end = await signedEnd(opened, source);
  if (end === null || end.offset > source.size) return null;
  const rows = new TableBuilder();
  for await (const { number, offset, firstUtc, lastUtc, hash } of segmentsByIndex(opened, source, end)) {
    if (offset <= rows.lastOffset || number <= rows.lastNumber || offset >= end.offset) return null;
    rows.endAt(offset);
    // Index records and late signatures may stand behind the last segment, which ends where it ends.
    rows.add({ number, first: firstUtc, last: lastUtc, offset, end: end.offset }, hash);
  }
  return rows.finish();
}

/** Searches for a segment behind damage, at most so often. */
const maxSearches = 10_000;

/** Without a usable index, by the headers of all records; damage is passed over. */
async function bySkimming(opened: OpenedContainer, source: Source): Promise<ContainerTable> {
  const rows = new TableBuilder();
  const window = new Window(source, source.size);
  let at = opened.firstRecord;
  for (let searches = 0; searches < maxSearches && at >= 0 && at < source.size; ) {
    try {
      const skimmed = await skimSegment(opened, source, at, window);
      const { segment, firstUtc, lastUtc } = skimmed.piece.manifest;
      if (segment > rows.lastNumber) rows.add({ number: segment, first: firstUtc, last: lastUtc, offset: at, end: skimmed.end }, null);
      at = skimmed.end;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      searches++;
      at = await findSegment(source, opened.header, at + 1, source.size);
    }
  }
  return rows.finish();
}

/** Finds the segments of a container; nothing of them has been compared yet. */
export async function readContainerTable(opened: OpenedContainer, source: Source): Promise<ContainerTable> {
  try {
    const indexed = await byIndex(opened, source);
    if (indexed !== null) return indexed;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  return bySkimming(opened, source);
}
