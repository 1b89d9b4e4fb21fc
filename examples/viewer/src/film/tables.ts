/* SPDX-License-Identifier: Apache-2.0 */
import { type Octets, u32 } from '../bytes/octets.js';

/** Numbers of 32 bits that grow in number; as small in memory as in the film. */
export class Numbers {
  private values = new Uint32Array(64);
  private used = 0;

  get length(): number {
    return this.used;
  }

  push(value: number): void {
    if (this.used === this.values.length) {
      const larger = new Uint32Array(this.used * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.used++] = value;
  }

  /** As a film stores them. */
  bytes(): Octets {
    const bytes = new Uint8Array(4 * this.used);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < this.used; i++) view.setUint32(4 * i, this.values[i] as number);
    return bytes;
  }
}

/** Runs of equal values: {u32 length, u32 value} each. */
export class Runs {
  private readonly numbers = new Numbers();
  private last = 0;
  private count = 0;

  push(value: number): void {
    const pattern = value >>> 0;
    if (this.count > 0 && pattern === this.last) {
      this.count++;
      return;
    }
    this.flush();
    this.last = pattern;
    this.count = 1;
  }

  private flush(): void {
    if (this.count === 0) return;
    this.numbers.push(this.count);
    this.numbers.push(this.last);
    this.count = 0;
  }

  /** Number of runs, and the runs. */
  bytes(): Octets[] {
    this.flush();
    return [u32(this.numbers.length / 2), this.numbers.bytes()];
  }
}
