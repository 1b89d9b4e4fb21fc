/* SPDX-License-Identifier: Apache-2.0 */
/* How a file is shared among those who read it: each goes through a run of it. */
import { BlobStream } from './byte_stream.js';
import { endOfRun } from './read_ahead.js';
import type { Source } from './source.js';
import { endOfStreamedRun } from './streamed_source.js';

/** Can it be read as a stream that fills memory it is given? */
export function isStreamed(source: Source): boolean {
  const stream = source.streamFrom?.(0) ?? null;
  stream?.close();
  return stream !== null;
}

/** Who reads blocks ahead keeps to runs of whole blocks; `input` is whatever a worker makes a source of. */
export function runEndOf(input: unknown): (start: number, readers: number) => number {
  const stream = input instanceof Blob ? BlobStream.open(input.slice(0, 0)) : null;
  stream?.close();
  if (stream === null || !(input instanceof Blob)) return endOfRun;
  return (start, readers) => endOfStreamedRun(input.size, start, readers);
}
