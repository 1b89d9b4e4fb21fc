/* SPDX-License-Identifier: Apache-2.0 */
import type { Octets } from './octets.js';
import { type Source, available } from './source.js';

/** A read of a file costs browsers so much that few large ones are many times faster than small ones. */
export const blockSize = 8 << 20;
/** What is being read, and what was read last. */
const maxBlocks = 4;

/**
 * A source of which neighbouring pieces are read together, for whoever goes through it from front to back.
 * Unlike other sources it hands out views of memory that it keeps: who changes a byte, changes it back
 * before anything else runs, and what is kept or sent elsewhere is copied.
 */
export class ReadAheadSource implements Source {
  readonly size: number;
  private readonly blocks = new Map<number, Promise<Octets>>();

  constructor(private readonly source: Source) {
    this.size = source.size;
  }

  private block(index: number): Promise<Octets> {
    let block = this.blocks.get(index);
    if (block === undefined) {
      block = this.source.read(index * blockSize, blockSize);
      // What could not be read is tried again by who asks next.
      block.catch(() => this.blocks.delete(index));
    } else {
      this.blocks.delete(index);
    }
    this.blocks.set(index, block);
    for (const oldest of this.blocks.keys()) {
      if (this.blocks.size <= maxBlocks) break;
      this.blocks.delete(oldest);
    }
    return block;
  }

  async read(offset: number, length: number): Promise<Octets> {
    const size = available(this.size, offset, length);
    if (size > blockSize) return this.source.read(offset, size);
    const first = Math.floor(offset / blockSize);
    if (Math.floor((offset + size - 1) / blockSize) === first) {
      const from = offset - first * blockSize;
      return (await this.block(first)).subarray(from, from + size);
    }
    const bytes = new Uint8Array(size);
    let done = 0;
    while (done < size) {
      const at = offset + done;
      const index = Math.floor(at / blockSize);
      const block = await this.block(index);
      const piece = block.subarray(at - index * blockSize, at - index * blockSize + size - done);
      // The file became shorter.
      if (piece.length === 0) return bytes.subarray(0, done);
      bytes.set(piece, done);
      done += piece.length;
    }
    return bytes;
  }
}
