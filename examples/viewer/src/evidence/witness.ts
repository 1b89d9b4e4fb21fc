/* SPDX-License-Identifier: Apache-2.0 */
import { equal, type Octets } from '../bytes/octets.js';
import { sha256 } from '../crypto/hash.js';
import { ProblemError } from './model.js';
import type { Opened } from './holding.js';
import { problemOf } from './problems.js';

/** How much is compared at either end: where whoever adds or cuts changes something, and what costs nothing to read. */
const edge = 64 << 10;

interface Edges {
  size: number;
  digests: Octets[];
}

async function edgesOf({ source }: Opened): Promise<Edges> {
  const { size } = source;
  const digests: Octets[] = [];
  for (const offset of [0, Math.max(0, size - edge)]) {
    const bytes = await source.read(offset, Math.min(edge, size));
    if (bytes.length < Math.min(edge, size)) throw new ProblemError('unreadable', 'the file became shorter');
    digests.push(await sha256(bytes));
  }
  return { size, digests };
}

/**
 * Says whether files are still what they were when they were read first. Reading them is half of it: a
 * browser refuses a file that changed on the disk since it was picked.
 */
export class Witness {
  private known: Edges[] | null = null;

  constructor(private readonly files: readonly Opened[]) {}

  /** Throws ProblemError `unreadable` where a file changed or went away; of the first call, nothing but that. */
  async testify(): Promise<void> {
    const now: Edges[] = [];
    for (const [i, file] of this.files.entries()) {
      const edges = await edgesOf(file).catch((error: unknown) => {
        throw unreadable(file, error);
      });
      const before = this.known?.[i];
      if (before !== undefined && !isSame(before, edges)) {
        throw new ProblemError('unreadable', `"${file.name}" changed since it was opened: what was found no longer holds; open it again`);
      }
      now.push(edges);
    }
    this.known ??= now;
  }
}

function isSame(a: Edges, b: Edges): boolean {
  return a.size === b.size && a.digests.every((digest, i) => equal(digest, b.digests[i] ?? new Uint8Array(0)));
}

function unreadable(file: Opened, error: unknown): ProblemError {
  const { code, message } = problemOf(error);
  if (code !== 'unreadable') return new ProblemError(code, message);
  return new ProblemError('unreadable', `"${file.name}" cannot be read any more; it may have changed since it was opened: ${message}`);
}
