/* SPDX-License-Identifier: Apache-2.0 */
import type { Octets } from '../bytes/octets.js';

/** What is handed to the browser at once, which may keep it on a disk. */
const pieceSize = 8 << 20;

/** The bytes of all samples, one behind the other, of which only the last few are in memory. */
export class Media {
  private readonly pieces: Blob[] = [];
  private waiting: Octets[] = [];
  private waitingSize = 0;
  private total = 0;

  get size(): number {
    return this.total;
  }

  /** Returns where the bytes lie. */
  append(bytes: Octets): number {
    const at = this.total;
    this.waiting.push(bytes);
    this.waitingSize += bytes.length;
    this.total += bytes.length;
    if (this.waitingSize >= pieceSize) this.handOver();
    return at;
  }

  private handOver(): void {
    if (this.waitingSize > 0) this.pieces.push(new Blob(this.waiting));
    this.waiting = [];
    this.waitingSize = 0;
  }

  finish(): Blob[] {
    this.handOver();
    return this.pieces;
  }
}
