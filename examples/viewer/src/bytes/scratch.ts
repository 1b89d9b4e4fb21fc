/* SPDX-License-Identifier: Apache-2.0 */
import type { Octets } from './octets.js';
import { type LendingSource, type Source, available } from './source.js';

/** More memory than this is not kept for the next who needs some. */
const mostKept = 16 << 20;
const pieces = 4;
const granule = 1 << 20;

/** Memory for what is looked at for a moment, used again and again: new memory costs as much as reading. */
export class Scratch {
  private readonly spare: Octets[] = [];

  /** `size` bytes that are anything. */
  private take(size: number): Octets {
    const at = this.spare.findIndex(({ length }) => length >= size);
    const memory = at < 0 ? new Uint8Array(Math.ceil(size / granule) * granule) : (this.spare.splice(at, 1)[0] as Octets);
    return memory.subarray(0, size);
  }

  private give({ buffer }: Octets): void {
    if (buffer.byteLength <= mostKept && this.spare.length < pieces) this.spare.push(new Uint8Array(buffer));
  }

  /** Reads a part of a source into memory, which is `use`'s until what it gives is settled. */
  async with<Result>(source: Source, offset: number, size: number, use: (memory: LentMemory) => Promise<Result>): Promise<Result> {
    const memory = this.take(size);
    try {
      return await use(new LentMemory(await readInto(source, offset, memory)));
    } finally {
      this.give(memory);
    }
  }
}

/** What is there of a source, in the memory that was given. */
async function readInto(source: Source, offset: number, memory: Octets): Promise<Octets> {
  if (source.readInto !== undefined) return memory.subarray(0, await source.readInto(offset, memory));
  const bytes = await source.read(offset, memory.length);
  memory.set(bytes);
  return memory.subarray(0, bytes.length);
}

/** Memory that is lent without a copy. */
export class LentMemory implements LendingSource {
  readonly size: number;

  constructor(private readonly bytes: Octets) {
    this.size = bytes.length;
  }

  read(offset: number, length: number): Promise<Octets> {
    return Promise.resolve(this.bytes.slice(offset, offset + available(this.size, offset, length)));
  }

  lend(offset: number, least: number, most: number): Promise<Octets> {
    return Promise.resolve(this.bytes.subarray(offset, offset + available(this.size, offset, Math.max(least, most))));
  }
}
