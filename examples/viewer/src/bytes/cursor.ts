/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from './errors.js';

/**
 * Reads big-endian fields one after the other out of a piece of memory and never beyond it.
 * Byte strings are views of the same memory, not copies.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly rule: string;
  private readonly view: DataView;
  private readonly base: number;
  private at = 0;

  /** `rule` and `base`, the offset of the first byte in its file, are named by errors. */
  constructor(bytes: Uint8Array, rule: string, base = -1) {
    this.bytes = bytes;
    this.rule = rule;
    this.base = base;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.at;
  }

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  /** Offset of the next byte in the file. */
  get offset(): number {
    return this.base < 0 ? -1 : this.base + this.at;
  }

  fail(what: string, rule = this.rule): never {
    throw new FormatError(rule, what, this.offset);
  }

  private take(size: number, what: string): number {
    if (size < 0 || size > this.remaining) this.fail(`${what} does not fit`);
    const start = this.at;
    this.at += size;
    return start;
  }

  u8(what = 'byte'): number {
    return this.view.getUint8(this.take(1, what));
  }

  u16(what = 'number'): number {
    return this.view.getUint16(this.take(2, what));
  }

  u32(what = 'number'): number {
    return this.view.getUint32(this.take(4, what));
  }

  i32(what = 'number'): number {
    return this.view.getInt32(this.take(4, what));
  }

  u64(what = 'number'): bigint {
    return this.view.getBigUint64(this.take(8, what));
  }

  i64(what = 'number'): bigint {
    return this.view.getBigInt64(this.take(8, what));
  }

  /** A u64 that is an offset, a length or a count; none of ours comes near 2^53. */
  size64(what = 'number'): number {
    const value = this.u64(what);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.fail(`${what} is beyond anything a file can hold`);
    return Number(value);
  }

  slice(size: number, what = 'bytes'): Uint8Array {
    const start = this.take(size, what);
    return this.bytes.subarray(start, start + size);
  }

  /** Bytes that MUST be zero. */
  zeros(size: number, what = 'reserved bytes', rule = this.rule): void {
    const start = this.take(size, what);
    for (let i = start; i < start + size; i++) {
      if (this.bytes[i] !== 0) this.fail(`${what} are not zero`, rule);
    }
  }

  ascii(size: number, what = 'text'): string {
    return String.fromCharCode(...this.slice(size, what));
  }

  literal(text: string, what: string, rule = this.rule): void {
    if (this.ascii(text.length, what) !== text) this.fail(`${what} is not "${text}"`, rule);
  }

  /** Nothing may follow. */
  end(what: string): void {
    if (this.remaining !== 0) this.fail(`${what} is followed by ${this.remaining} bytes`);
  }
}
