/* SPDX-License-Identifier: Apache-2.0 */
import type { Octets } from '../bytes/octets.js';

/** What is handed to the browser at once, which may keep it on a disk. */
const pieceSize = 8 << 20;

/** The bytes of all samples, one behind the other, of which only the last few are in memory. */
export class Media {
  private readonly pieces: Blob[] = [];
  /** Samples are gathered: thousands of small parts would cost a Blob more than the copy. */
  private piece: Octets = new Uint8Array(0);
  private used = 0;
  private total = 0;

  get size(): number {
    return this.total;
  }

  append(bytes: Octets): void {
    this.total += bytes.length;
    if (this.used + bytes.length > this.piece.length) this.handOver();
    if (bytes.length >= pieceSize) {
      this.pieces.push(new Blob([bytes]));
      return;
    }
    if (this.piece.length === 0) this.piece = new Uint8Array(pieceSize);
    this.piece.set(bytes, this.used);
    this.used += bytes.length;
  }

  private handOver(): void {
    if (this.used > 0) this.pieces.push(new Blob([this.piece.subarray(0, this.used)]));
    this.used = 0;
  }

  /** Nothing is added behind this. */
  finish(): Blob[] {
    this.handOver();
    this.piece = new Uint8Array(0);
    return this.pieces;
  }
}
