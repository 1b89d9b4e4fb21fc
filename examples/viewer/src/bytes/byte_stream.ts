/* SPDX-License-Identifier: Apache-2.0 */
import type { Octets } from './octets.js';

/** Memory, and up to where it was filled. */
export interface FilledMemory {
  memory: Octets;
  end: number;
}

/** A source that is read forwards into memory that is used again and again. */
export interface ByteStream {
  /**
   * Fills `memory` from `from` on with at least `least` bytes, and at most up to `to`; fewer bytes come only at the
   * end of the source. The memory changes hands: what was seen in it by other views is gone, and it comes back as
   * another one.
   */
  fill(memory: Octets, from: number, least: number, to: number): Promise<FilledMemory>;
  close(): void;
}

/** What is thrown like this counts as a file that cannot be read any more, as when the browser says so itself. */
function unreadable(reason: string): Error {
  return Object.assign(new Error(reason), { name: 'NotReadableError' });
}

/** A file of a browser, as it comes from the browser's own process. */
export class BlobStream implements ByteStream {
  private left: number;

  private constructor(
    private readonly reader: ReadableStreamBYOBReader,
    size: number,
  ) {
    this.left = size;
  }

  /** Null where the browser's streams cannot fill memory that they are given. */
  static open(blob: Blob): BlobStream | null {
    try {
      return new BlobStream(blob.stream().getReader({ mode: 'byob' }), blob.size);
    } catch {
      return null;
    }
  }

  async fill(memory: Octets, from: number, least: number, to: number): Promise<FilledMemory> {
    let { buffer } = memory;
    let at = from;
    const end = Math.min(to, from + this.left);
    const enough = Math.min(end, from + least);
    while (at < enough) {
      const { done, value } = await this.reader.read(new Uint8Array(buffer, at, end - at));
      if (value === undefined) throw unreadable('nobody reads the file any more');
      if (done) throw unreadable('the file became shorter');
      buffer = value.buffer as ArrayBuffer;
      at += value.length;
      this.left -= value.length;
    }
    return { memory: new Uint8Array(buffer), end: at };
  }

  close(): void {
    // Whoever still waits is told by what is rejected there.
    this.reader.cancel().catch(() => undefined);
  }
}
