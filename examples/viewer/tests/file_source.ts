/* SPDX-License-Identifier: Apache-2.0 */
import { type FileHandle, open } from 'node:fs/promises';
import type { Octets } from '../src/bytes/octets.js';
import { type Source, available } from '../src/bytes/source.js';

/** A file of Node.js that is read by slices. */
export class FileSource implements Source {
  private constructor(
    private readonly file: FileHandle,
    readonly size: number,
  ) {}

  static async open(path: string): Promise<FileSource> {
    const file = await open(path, 'r');
    return new FileSource(file, (await file.stat()).size);
  }

  async read(offset: number, length: number): Promise<Octets> {
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(available(this.size, offset, length)).buffer);
    const { bytesRead } = await this.file.read(bytes, 0, bytes.length, offset);
    return bytes.subarray(0, bytesRead);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
