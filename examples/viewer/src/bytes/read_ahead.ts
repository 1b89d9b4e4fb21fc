/* SPDX-License-Identifier: Apache-2.0 */
import type { Octets } from './octets.js';
import { type Source, available } from './source.js';

/** A read of a file costs browsers so much that few large ones are many times faster than small ones. */
export const blockSize = 16 << 20;
/** What is being read, and what was read last. */
const maxBlocks = 2;
/** Blocks that one reader goes through in a row; what lies behind them another reads. */
const runLength = 4;
export const runSize = runLength * blockSize;

/** End of the run that an offset lies in. */
export const endOfRun = (offset: number): number => (Math.floor(offset / runSize) + 1) * runSize;

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

  /** Begins to read what will be asked for next, so that nobody waits for it. */
  private prepare(index: number): void {
    if (index % runLength !== 0 && index * blockSize < this.size && !this.blocks.has(index)) void this.block(index);
  }

  async read(offset: number, length: number): Promise<Octets> {
    const size = available(this.size, offset, length);
    if (size > blockSize) return this.source.read(offset, size);
    const first = Math.floor(offset / blockSize);
    if (Math.floor((offset + size - 1) / blockSize) === first) {
      const block = this.block(first);
      this.prepare(first + 1);
      const from = offset - first * blockSize;
      return (await block).subarray(from, from + size);
    }
    const bytes = new Uint8Array(size);
    let done = 0;
    while (done < size) {
      const at = offset + done;
      const index = Math.floor(at / blockSize);
      const inBlock = at - index * blockSize;
      const wanted = Math.min(size - done, blockSize - inBlock);
      // Of what another reader goes through, no more is read than is needed.
      const isForeign = Math.floor(index / runLength) !== Math.floor(first / runLength) && !this.blocks.has(index);
      const piece = isForeign ? await this.source.read(at, wanted) : (await this.block(index)).subarray(inBlock, inBlock + wanted);
      // The file became shorter.
      if (piece.length === 0) return bytes.subarray(0, done);
      bytes.set(piece, done);
      done += piece.length;
    }
    return bytes;
  }
}
