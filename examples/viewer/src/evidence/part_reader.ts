/* SPDX-License-Identifier: Apache-2.0 */
import { equal, type Octets } from '../bytes/octets.js';
import type { ChainedSegment } from '../container/chain.js';
import type { Header, Track } from '../container/header.js';
import type { Sample } from '../container/samples.js';

/** A segment that was compared with its manifest. */
export interface ReadableSegment {
  number: number;
  hash: Octets;
  /** Does its manifest carry a signature of its own, or does one that holds lead to it? */
  isSigned: boolean;
  /** Tracks whose samples can be had. */
  tracks: ReadonlySet<number>;
  samples(wanted?: (track: Track) => boolean): AsyncGenerator<Sample>;
}

/** Reads segments of one part. */
export interface PartReader {
  readonly header: Header;
  /** Left out by the exporter. */
  readonly removed: ReadonlySet<number>;
  /** Is a key missing? */
  readonly isLocked: boolean;
  /** Bytes that it takes to read the segment in this row of the table. */
  sizeOf(row: number): Promise<number>;
  read(row: number): Promise<ReadableSegment>;
}

/** What a report said of the segments of a part: the hashes of those that are attested and hold. */
export class AttestedSegments {
  private readonly hashes = new Map<number, Octets>();

  constructor(segments: readonly ChainedSegment[]) {
    for (const { number, hash, isAttested, isFaulty } of segments) {
      if (isAttested && !isFaulty) this.hashes.set(number, hash);
    }
  }

  has(number: number, hash: Octets): boolean {
    const known = this.hashes.get(number);
    return known !== undefined && equal(known, hash);
  }
}

/** May samples of the segment be shown (C-LGT-5)? */
export function mayBeShown(segment: ReadableSegment, header: Header, attested: AttestedSegments | null): boolean {
  if (!header.isSigned || segment.isSigned) return true;
  return attested?.has(segment.number, segment.hash) === true;
}

/** Segments that are kept open: what is played, and what comes next, of a few devices. */
const maxKept = 6;
const maxKeptBytes = 96 << 20;

/** The segments that were read last. */
export class RecentSegments {
  private readonly kept = new Map<string, { size: number; segment: Promise<ReadableSegment> }>();

  get(part: number, row: number, size: number, read: () => Promise<ReadableSegment>): Promise<ReadableSegment> {
    const key = `${part}/${row}`;
    const known = this.kept.get(key);
    if (known !== undefined) {
      this.kept.delete(key);
      this.kept.set(key, known);
      return known.segment;
    }
    const segment = read();
    this.kept.set(key, { size, segment });
    // What could not be read may be tried again.
    segment.catch(() => this.kept.delete(key));
    this.shrink();
    return segment;
  }

  private shrink(): void {
    let bytes = 0;
    for (const { size } of this.kept.values()) bytes += size;
    for (const [key, { size }] of this.kept) {
      if (this.kept.size <= 1 || (this.kept.size <= maxKept && bytes <= maxKeptBytes)) return;
      this.kept.delete(key);
      bytes -= size;
    }
  }

  clear(): void {
    this.kept.clear();
  }
}
