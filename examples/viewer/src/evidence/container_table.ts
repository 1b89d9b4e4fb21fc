/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import type { Octets } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import { segmentsByIndex, signedEnd } from '../container/locate.js';
import type { OpenedContainer } from '../container/opening.js';
import { findSegment } from '../container/resync.js';
import { skimSegment } from '../container/skim.js';
import { Window } from '../container/window.js';
import type { SegmentTable } from './model.js';

/** Where the segments of a container stand. */
export interface ContainerTable {
  table: SegmentTable;
  /** Begin and end of each segment. */
  offsets: Float64Array;
  ends: Float64Array;
  /** Hashes of manifests that the signed end leads to; null where there is no end. */
  hashes: Octets[] | null;
}

interface Row {
  number: number;
  first: bigint;
  last: bigint;
  offset: number;
  end: number;
}

function tableOf(rows: readonly Row[], hashes: Octets[] | null): ContainerTable {
  return {
    table: {
      numbers: Float64Array.from(rows, (row) => row.number),
      first: BigInt64Array.from(rows, (row) => row.first),
      last: BigInt64Array.from(rows, (row) => row.last),
    },
    offsets: Float64Array.from(rows, (row) => row.offset),
    ends: Float64Array.from(rows, (row) => row.end),
    hashes,
  };
}

async function byIndex(opened: OpenedContainer, source: Source): Promise<ContainerTable | null> {
  const end = await signedEnd(opened, source);
  if (end === null) return null;
  const rows: Row[] = [];
  const hashes: Octets[] = [];
  for await (const { number, offset, firstUtc, lastUtc, hash } of segmentsByIndex(opened, source, end, () => true)) {
    const before = rows[rows.length - 1];
    if (before !== undefined) before.end = offset;
    // Index records and late signatures may stand behind the last segment, which ends where it ends.
    rows.push({ number, first: firstUtc, last: lastUtc, offset, end: end.offset });
    if (hash !== null) hashes.push(hash);
  }
  const isAscending = rows.every((row) => row.offset < row.end && row.end <= source.size);
  return isAscending ? tableOf(rows, hashes.length === rows.length ? hashes : null) : null;
}

/** Searches for a segment behind damage, at most so often. */
const maxSearches = 10_000;

/** Without a usable index, by the headers of all records; damage is passed over. */
async function bySkimming(opened: OpenedContainer, source: Source): Promise<ContainerTable> {
  const rows: Row[] = [];
  const window = new Window(source, source.size);
  let at = opened.firstRecord;
  for (let searches = 0; searches < maxSearches && at >= 0 && at < source.size; ) {
    try {
      const skimmed = await skimSegment(opened, source, at, window);
      const { segment, firstUtc, lastUtc } = skimmed.piece.manifest;
      const before = rows[rows.length - 1];
      if (before === undefined || segment > before.number) rows.push({ number: segment, first: firstUtc, last: lastUtc, offset: at, end: skimmed.end });
      at = skimmed.end;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      searches++;
      at = await findSegment(source, opened.header, at + 1, source.size);
    }
  }
  return tableOf(rows, null);
}

/** Finds the segments of a container; nothing of them has been compared yet. */
export async function readContainerTable(opened: OpenedContainer, source: Source): Promise<ContainerTable> {
  try {
    const indexed = await byIndex(opened, source);
    if (indexed !== null) return indexed;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  return bySkimming(opened, source);
}
