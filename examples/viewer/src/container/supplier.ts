/* SPDX-License-Identifier: Apache-2.0 */
import type { Source } from '../bytes/source.js';
import { indexedSegments } from './hints.js';
import type { Header } from './header.js';
import type { SegmentPiece } from './segment.js';

/** Checks the segment that begins at an offset, here or in a worker. */
export type SegmentChecker = (at: number, expectedSize: number | undefined) => Promise<SegmentPiece>;

/** Hands out checked segments by their offsets; what the index names is checked ahead, several at once. */
export class SegmentSupplier {
  private readonly ahead = new Map<number, Promise<SegmentPiece>>();
  private readonly hints: AsyncGenerator<{ offset: number }>;
  /** The next offset that the index names; -1 where it names no more, null before the first. */
  private hint: number | null = null;

  constructor(
    source: Source,
    header: Header,
    private readonly check: SegmentChecker,
    private readonly width: number,
    places: readonly number[] | Float64Array | undefined,
  ) {
    this.hints = places === undefined ? indexedSegments(source, header) : given(places);
  }

  private async nextHint(): Promise<number> {
    const next = await this.hints.next();
    return next.done === true ? -1 : next.value.offset;
  }

  private async lookAhead(at: number): Promise<void> {
    for (const offset of [...this.ahead.keys()]) if (offset < at) this.ahead.delete(offset);
    if (this.hint === null) this.hint = await this.nextHint();
    while (this.hint >= 0 && this.ahead.size < this.width) {
      const offset: number = this.hint;
      const following = await this.nextHint();
      this.hint = following > offset ? following : -1;
      if (offset < at) continue;
      const piece = this.check(offset, this.hint < 0 ? undefined : this.hint - offset);
      // Whoever takes it gets the error; what nobody takes does not matter.
      piece.catch(() => undefined);
      this.ahead.set(offset, piece);
    }
  }

  /** The segment at `at` where somebody named it, so that it was checked ahead; null otherwise. */
  async known(at: number): Promise<SegmentPiece | null> {
    await this.lookAhead(at);
    const known = this.ahead.get(at);
    if (known === undefined) return null;
    const piece = await known;
    if (piece.start === null) return null;
    this.ahead.delete(at);
    return piece;
  }

  async take(at: number): Promise<SegmentPiece> {
    await this.lookAhead(at);
    const known = this.ahead.get(at);
    this.ahead.delete(at);
    return known ?? this.check(at, undefined);
  }
}

async function* given(places: readonly number[] | Float64Array): AsyncGenerator<{ offset: number }> {
  for (const offset of places) yield { offset };
}
