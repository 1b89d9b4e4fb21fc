/* SPDX-License-Identifier: Apache-2.0 */
import type { Octets } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import { throwIfCancelled } from './problems.js';

/** A source that nothing is read from any more once a signal is aborted: whoever goes through it stops there. */
export class GuardedSource implements Source {
  readonly size: number;

  constructor(
    private readonly source: Source,
    private readonly guard: { readonly signal: AbortSignal },
  ) {
    this.size = source.size;
  }

  async read(offset: number, length: number): Promise<Octets> {
    throwIfCancelled(this.guard.signal);
    const bytes = await this.source.read(offset, length);
    throwIfCancelled(this.guard.signal);
    return bytes;
  }
}
