/* SPDX-License-Identifier: Apache-2.0 */

/** Inflates a zlib stream, and stops as soon as more than `max` bytes come out of it (C-MTD-2). */
export async function inflate(data: Uint8Array, max: number): Promise<Uint8Array> {
  const stream = new DecompressionStream('deflate');
  const writer = stream.writable.getWriter();
  // What goes wrong here is told by the reading side as well.
  writer.write(data.slice()).catch(() => undefined);
  writer.close().catch(() => undefined);
  const reader = stream.readable.getReader();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = (await reader.read()) as ReadableStreamReadResult<Uint8Array>;
    if (done) break;
    size += value.length;
    if (size > max) {
      await reader.cancel();
      throw new Error(`metadata that inflates to more than ${max} bytes (C-MTD-2)`);
    }
    pieces.push(value);
  }
  const inflated = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    inflated.set(piece, at);
    at += piece.length;
  }
  return inflated;
}
