/* SPDX-License-Identifier: Apache-2.0 */
import type { ByteStream } from './byte_stream.js';
import type { Octets } from './octets.js';
import { type LendingSource, type Source, available } from './source.js';

/** What is read at once: so little that a processor still has it near when it is hashed. */
export const chunkSize = 1 << 20;
/** What is read first where reading begins, so that nobody waits long for it. */
const firstChunk = 128 << 10;
/** With so much of a chunk it is worth while to go on. */
export const leastChunk = 256 << 10;
/** Memory in front of each chunk, for what is left of the one before and goes on in it. */
export const roomSize = 256 << 10;
const leastRun = 16 << 20;
const mostRun = 96 << 20;

/**
 * Where a reader stops who begins at an offset of a file of some size: opening a stream costs as much as reading
 * several megabytes, so runs are long, and become short towards the end, so that all readers end at about the same time.
 */
export function endOfStreamedRun(size: number, offset: number, readers: number): number {
  return offset + Math.min(mostRun, Math.max(leastRun, (size - offset) / (2 * readers)));
}

/** Bytes of the source from `start` on, at `from` to `to` of the memory. */
interface Chunk {
  memory: Octets;
  from: number;
  to: number;
  start: number;
}

const nothing: Chunk = { memory: new Uint8Array(0), from: 0, to: 0, start: -1 };
const endOf = ({ start, from, to }: Chunk): number => start + to - from;

/**
 * A source for whoever goes through it from front to back: the next chunk is read while one is looked at, into
 * memory that takes turns. New memory for each would cost as much as reading and hashing itself.
 * What it lends is gone with the next call, and one call is made at a time.
 */
export class StreamedSource implements LendingSource {
  readonly size: number;
  private stream: ByteStream | null = null;
  private current = nothing;
  private coming: Promise<Chunk> | null = null;
  private step = firstChunk;

  constructor(private readonly source: Source) {
    this.size = source.size;
  }

  /** Reads what stands at `start` on, into memory that nobody needs any more. */
  private begin(start: number, used: Octets): Promise<Chunk> {
    const { stream } = this;
    const length = available(this.size, start, this.step);
    this.step = Math.min(2 * this.step, chunkSize);
    const memory = used.length === roomSize + chunkSize ? used : new Uint8Array(roomSize + chunkSize);
    if (stream === null || length === 0) return Promise.resolve({ memory, from: roomSize, to: roomSize, start });
    const chunk = stream.fill(memory, roomSize, leastChunk, roomSize + length).then((filled) => ({ memory: filled.memory, from: roomSize, to: filled.end, start }));
    // Whoever comes to it gets the error.
    chunk.catch(() => undefined);
    return chunk;
  }

  private jump(offset: number): void {
    this.stream?.close();
    this.stream = this.source.streamFrom?.(offset) ?? null;
    if (this.stream === null) throw new Error('the file cannot be read as a stream');
    this.current = { ...nothing, start: offset };
    this.step = firstChunk;
    this.coming = this.begin(offset, nothing.memory);
  }

  /** The chunk behind the one that is looked at, whose memory is filled with what follows. */
  private async advance(): Promise<Chunk> {
    try {
      const next = await (this.coming as Promise<Chunk>);
      const used = this.current.memory;
      this.current = next;
      this.coming = this.begin(endOf(next), used);
      return next;
    } catch (error) {
      // What could not be read is tried again by who asks next.
      this.close();
      throw error;
    }
  }

  /** Gives the file free. */
  close(): void {
    this.stream?.close();
    this.stream = null;
    this.coming = null;
    this.current = nothing;
  }

  private isAt(offset: number): boolean {
    return this.coming !== null && offset >= this.current.start && offset <= endOf(this.current);
  }

  async lend(offset: number, least: number, most: number): Promise<Octets> {
    const wanted = available(this.size, offset, least);
    if (!this.isAt(offset)) this.jump(offset);
    if (offset + wanted > endOf(this.current)) {
      const { memory, from, to, start } = this.current;
      const left = memory.subarray(from + offset - start, to);
      if (left.length > roomSize) return this.gather(offset, new Uint8Array(wanted));
      const kept = left.slice();
      const next = await this.advance();
      next.from -= kept.length;
      next.start -= kept.length;
      next.memory.set(kept, next.from);
      if (offset + wanted > endOf(next)) return this.gather(offset, new Uint8Array(wanted));
    }
    const { memory, from, to, start } = this.current;
    const at = from + offset - start;
    return memory.subarray(at, Math.min(to, at + Math.max(wanted, most)));
  }

  /** What reaches over several chunks, in memory that is given. */
  private async gather(offset: number, whole: Octets): Promise<Octets> {
    const wanted = whole.length;
    let done = 0;
    for (;;) {
      const { memory, from, to, start } = this.current;
      const at = from + offset + done - start;
      const piece = memory.subarray(at, Math.min(to, at + wanted - done));
      whole.set(piece, done);
      done += piece.length;
      if (done === wanted) return whole;
      const next = await this.advance();
      if (next.to === next.from) return whole.subarray(0, done);
    }
  }

  async read(offset: number, length: number): Promise<Octets> {
    const memory = new Uint8Array(available(this.size, offset, length));
    return memory.subarray(0, await this.readInto(offset, memory));
  }

  async readInto(offset: number, memory: Octets): Promise<number> {
    const wanted = available(this.size, offset, memory.length);
    if (!this.isAt(offset)) this.jump(offset);
    return (await this.gather(offset, memory.subarray(0, wanted))).length;
  }
}
