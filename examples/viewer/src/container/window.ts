/* SPDX-License-Identifier: Apache-2.0 */
import { type Octets } from '../bytes/octets.js';
import type { LendingSource, Source } from '../bytes/source.js';

/** A piece of a source in memory. The byte before `from` is there too, and free to be used. */
export interface Piece {
  memory: Octets;
  from: number;
  to: number;
}

const firstWindow = 256 << 10;
const maxWindow = 4 << 20;

/** Reads a source forwards in large steps and hands out pieces of it without copying them. */
export class Window {
  private memory: Octets = new Uint8Array(1);
  /** Offset in the source of the byte behind the spare one. */
  private start = 0;
  private step: number;
  /** Bytes that were read, for limits of effort. */
  bytesRead = 0;

  constructor(
    private readonly source: Source | LendingSource,
    /** Nothing behind this offset is looked at. */
    readonly end: number,
    /** How much will be read, where that is known: then it is read at once. */
    expected = firstWindow,
  ) {
    this.step = Math.max(firstWindow, Math.min(expected, maxWindow));
  }

  private holds(at: number, size: number): boolean {
    return at >= this.start && at + size <= this.start + this.memory.length - 1;
  }

  private async load(at: number, size: number): Promise<void> {
    const wanted = Math.min(Math.max(size, this.step), this.end - at);
    this.step = Math.min(2 * this.step, maxWindow);
    this.start = at;
    this.memory = new Uint8Array(1);
    if (at > 0 && 'lend' in this.source) {
      this.memory = await this.source.lend(at - 1, size + 1, wanted + 1);
    } else if (at > 0) {
      this.memory = await this.source.read(at - 1, wanted + 1);
    } else {
      const memory = new Uint8Array(wanted + 1);
      const read = await this.source.read(0, wanted);
      memory.set(read, 1);
      this.memory = memory.subarray(0, read.length + 1);
    }
    this.bytesRead += this.memory.length - 1;
  }

  /** What is in memory of these bytes, or null where they must be read: most are there, and waiting for each costs more than it. */
  held(at: number, size: number): Piece | null {
    const there = Math.max(0, Math.min(size, this.end - at));
    if (!this.holds(at, there)) return null;
    const from = at - this.start + 1;
    return { memory: this.memory, from, to: from + there };
  }

  /** `size` bytes at `at`, or fewer where there are no more before the end. */
  async piece(at: number, size: number): Promise<Piece> {
    const there = Math.max(0, Math.min(size, this.end - at));
    if (!this.holds(at, there)) await this.load(at, there);
    const from = at - this.start + 1;
    return { memory: this.memory, from, to: Math.min(from + there, this.memory.length) };
  }

  /** The same as a view. */
  async view(at: number, size: number): Promise<Octets> {
    const { memory, from, to } = await this.piece(at, size);
    return memory.subarray(from, to);
  }
}
