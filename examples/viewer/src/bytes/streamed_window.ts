/* SPDX-License-Identifier: Apache-2.0 */
import type { ByteStream } from './byte_stream.js';
import type { Octets } from './octets.js';
import { type LendingSource, type Source, available } from './source.js';

/** What is asked of the stream at once. */
export const pieceSize = 2 << 20;
/** Pieces that are kept: so much can be gone back, and what stands behind a body can be read before it. */
export const piecesKept = 8;
/** How far ahead, in pieces, the stream is followed for something small. */
const reach = 5;
/** So little is read where it stands, if that is far away: opening a stream costs more. */
const smallRead = 64 << 10;

const none: Promise<unknown> = Promise.resolve();

/**
 * A file for whoever goes through it forwards, but not byte by byte: the newest part of what a stream gave is kept,
 * and memory of older parts is used again. What is lent is gone with the next call.
 */
export class StreamedWindow implements LendingSource {
  readonly size: number;
  private stream: ByteStream | null = null;
  /** Where the stream began. */
  private base = 0;
  /** Pieces that were asked of it, of which the newest are kept. */
  private asked = 0;
  private readonly pieces = new Map<number, Promise<Octets>>();
  private readonly spare: Octets[] = [];
  private last = none;

  constructor(private readonly source: Source) {
    this.size = source.size;
  }

  /** Gives the file free. */
  close(): void {
    this.stream?.close();
    this.stream = null;
    for (const index of [...this.pieces.keys()]) this.drop(index);
    this.asked = 0;
    this.last = none;
  }

  private jump(offset: number): void {
    this.close();
    this.stream = this.source.streamFrom?.(offset) ?? null;
    if (this.stream === null) throw new Error('the file cannot be read as a stream');
    this.base = offset;
  }

  /** Forgets a piece, of which the memory is used again. */
  private drop(index: number): void {
    this.pieces.get(index)?.then(
      ({ buffer }) => {
        if (buffer.byteLength === pieceSize && this.spare.length <= piecesKept) this.spare.push(new Uint8Array(buffer));
      },
      () => undefined,
    );
    this.pieces.delete(index);
  }

  private ask(stream: ByteStream): void {
    const index = this.asked++;
    const size = available(this.size, this.base + index * pieceSize, pieceSize);
    const piece = this.last.then(async () => {
      if (size === 0) return new Uint8Array(0);
      const { memory, end } = await stream.fill(this.spare.pop() ?? new Uint8Array(pieceSize), 0, size, size);
      return memory.subarray(0, end);
    });
    this.last = piece;
    this.pieces.set(index, piece);
    this.drop(index - piecesKept);
    piece.catch(() => {
      // What could not be read is tried again by who asks next.
      if (this.stream === stream) this.close();
    });
  }

  /** Null where others made the stream begin elsewhere, or go on too far, meanwhile. */
  private async piece(stream: ByteStream, index: number): Promise<Octets | null> {
    if (this.stream !== stream) return null;
    // The one behind it is read while this one is looked at.
    while (this.asked < index + 2) this.ask(stream);
    try {
      return (await this.pieces.get(index)) ?? null;
    } catch (error) {
      if (this.stream === null) throw error;
      return null;
    }
  }

  private indexOf(offset: number): number {
    return Math.floor((offset - this.base) / pieceSize);
  }

  private isNear(offset: number): boolean {
    if (this.stream === null || offset < this.base) return false;
    const index = this.indexOf(offset);
    return index >= this.asked - piecesKept && index <= this.asked + reach;
  }

  async lend(offset: number, least: number, most: number): Promise<Octets> {
    const wanted = available(this.size, offset, least);
    if (wanted === 0) return new Uint8Array(0);
    if (!this.isNear(offset)) this.jump(offset);
    const index = this.indexOf(offset);
    const from = offset - this.base - index * pieceSize;
    const piece = await this.piece(this.stream as ByteStream, index);
    if (piece === null || piece.length - from < wanted) return this.read(offset, wanted);
    return piece.subarray(from, Math.min(piece.length, from + Math.max(wanted, most)));
  }

  async read(offset: number, length: number): Promise<Octets> {
    const wanted = available(this.size, offset, length);
    if (wanted <= smallRead && !this.isNear(offset)) return this.source.read(offset, wanted);
    const memory = new Uint8Array(wanted);
    return memory.subarray(0, await this.readInto(offset, memory));
  }

  /** What may reach over several pieces. */
  async readInto(offset: number, memory: Octets): Promise<number> {
    const wanted = available(this.size, offset, memory.length);
    if (wanted > 0 && !this.isNear(offset)) this.jump(offset);
    const { base, stream } = this;
    for (let done = 0; done < wanted; ) {
      const at = offset + done - base;
      const index = Math.floor(at / pieceSize);
      const piece = stream === null ? null : await this.piece(stream, index);
      if (piece === null) return this.readApart(offset, memory.subarray(0, wanted));
      const part = piece.subarray(at - index * pieceSize, at - index * pieceSize + wanted - done);
      if (part.length === 0) return this.readApart(offset, memory.subarray(0, wanted));
      memory.set(part, done);
      done += part.length;
    }
    return wanted;
  }

  /** Without the stream, which others use. */
  private async readApart(offset: number, memory: Octets): Promise<number> {
    const bytes = await this.source.read(offset, memory.length);
    memory.set(bytes);
    return bytes.length;
  }
}
