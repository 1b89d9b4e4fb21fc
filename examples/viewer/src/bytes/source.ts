/* SPDX-License-Identifier: Apache-2.0 */
import { BlobStream, type ByteStream } from './byte_stream.js';
import type { Octets } from './octets.js';

/** Something that is read by slices: a file that was picked, a file of Node.js, a part of either. */
export interface Source {
  readonly size: number;
  /**
   * Reads `length` bytes at `offset` into fresh memory that belongs to the caller. What lies beyond
   * the end is left out, so that fewer bytes, also none, may come.
   */
  read(offset: number, length: number): Promise<Octets>;
  /** The same into memory that the caller has; how many bytes came. */
  readInto?(offset: number, memory: Octets): Promise<number>;
  /** What follows an offset, to be read forwards; null, or not there, where only slices can be read. */
  streamFrom?(offset: number): ByteStream | null;
}

/** A source that also hands out views of memory that it keeps. */
export interface LendingSource extends Source {
  /**
   * From `least` to `most` bytes at `offset`, or what there is before the end. Whoever borrows them may change a
   * byte if it is changed back before anything else runs, and copies what is kept: with the next call they are gone.
   */
  lend(offset: number, least: number, most: number): Promise<Octets>;
}

/** How many of `length` bytes at `offset` there are. */
export function available(size: number, offset: number, length: number): number {
  return Math.max(0, Math.min(length, size - offset));
}

export class BlobSource implements Source {
  readonly size: number;

  constructor(private readonly blob: Blob) {
    this.size = blob.size;
  }

  async read(offset: number, length: number): Promise<Octets> {
    const there = available(this.size, offset, length);
    return new Uint8Array(await this.blob.slice(offset, offset + there).arrayBuffer());
  }

  streamFrom(offset: number): ByteStream | null {
    return BlobStream.open(this.blob.slice(offset));
  }
}

export class MemorySource implements Source {
  readonly size: number;

  constructor(private readonly bytes: Uint8Array) {
    this.size = bytes.length;
  }

  read(offset: number, length: number): Promise<Octets> {
    const there = available(this.size, offset, length);
    const copy = new Uint8Array(there);
    copy.set(this.bytes.subarray(offset, offset + there));
    return Promise.resolve(copy);
  }
}

/** A part of another source, with offsets of its own. */
export class PartSource implements Source {
  readonly size: number;

  constructor(
    readonly whole: Source,
    readonly start: number,
    size: number,
  ) {
    this.size = available(whole.size, start, size);
  }

  read(offset: number, length: number): Promise<Octets> {
    return this.whole.read(this.start + offset, available(this.size, offset, length));
  }
}

/** Bytes of a file at the offsets that they have there; what lies before them is not to be read. */
export class PlacedSource implements Source {
  readonly size: number;

  constructor(
    private readonly part: Source,
    private readonly origin: number,
  ) {
    this.size = origin + part.size;
  }

  async read(offset: number, length: number): Promise<Octets> {
    if (offset >= this.origin) return this.part.read(offset - this.origin, length);
    const before = Math.min(length, this.origin - offset);
    const behind = await this.part.read(0, length - before);
    const bytes = new Uint8Array(before + behind.length);
    bytes.set(behind, before);
    return bytes;
  }
}

const zeroScanStep = 1 << 20;

/** Where the zero bytes at the end of a source begin; its size where it does not end in one. */
export async function startOfTrailingZeros(source: Source): Promise<number> {
  let end = source.size;
  while (end > 0) {
    const start = Math.max(0, end - (end === source.size ? 4096 : zeroScanStep));
    const piece = await source.read(start, end - start);
    for (let i = piece.length; i > 0; i--) {
      if (piece[i - 1] !== 0) return start + i;
    }
    end = start;
  }
  return 0;
}
