/* SPDX-License-Identifier: Apache-2.0 */
/* How a file is shared among those who read it: each goes through a run of it. */
import { endOfRun } from './read_ahead.js';
import { BlobSource, type Source } from './source.js';
import { endOfStreamedRun } from './streamed_source.js';

/** Can it be read as a stream that fills memory it is given? */
export function isStreamed(source: Source): boolean {
  const stream = source.streamFrom?.(0) ?? null;
  stream?.close();
  return stream !== null;
}

/** Who reads blocks ahead keeps to runs of whole blocks; `input` is whatever a worker makes a source of. */
export function runEndOf(input: unknown): (start: number, readers: number) => number {
  if (!(input instanceof Blob) || !isStreamed(new BlobSource(input))) return endOfRun;
  return (start, readers) => endOfStreamedRun(input.size, start, readers);
}
