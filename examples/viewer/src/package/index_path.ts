/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { equal } from '../bytes/octets.js';
import type { Chain, ChainedSegment } from '../container/chain.js';
import type { Header } from '../container/header.js';
import { type IndexEntry, type IndexRecord, readIndexRecord } from '../container/index_records.js';
import type { PlacedRecord } from '../container/segment.js';
import { sha256Now } from '../crypto/hash.js';
import type { CarriedEnd } from './end_frame.js';

interface Carried {
  record: IndexRecord;
  hash: Uint8Array;
  isUsed: boolean;
}

function fail(rule: string, what: string, offset: number): never {
  throw new FormatError(rule, what, offset);
}

/** The segments to which index records may lead: the last manifest, and the last with its records (E-SRC-5). */
function targets(chain: Chain): ChainedSegment[] {
  const { segments, last } = chain;
  const lastMedia = [...segments].reverse().find((segment) => segment.hasMedia);
  return [last, lastMedia].filter((segment): segment is ChainedSegment => segment !== null && segment !== undefined);
}

/** From the root down: each record names the next by hash and offset, the last one a segment. */
function follow(root: Carried, records: readonly Carried[], wanted: readonly ChainedSegment[]): IndexEntry | null {
  let current = root;
  for (;;) {
    if (current.isUsed) return null;
    current.isUsed = true;
    const { record } = current;
    if (record.level === 0) return record.entries.find((entry) => wanted.some((one) => equal(one.hash, entry.hash))) ?? null;
    const next = records.find(
      (one) =>
        !one.isUsed &&
        one.record.level < record.level &&
        record.entries.some((entry) => entry.offset === one.record.offset && equal(entry.hash, one.hash)),
    );
    if (next === undefined) return null;
    current = next;
  }
}

/**
 * Index records that are carried lead from the end record to the last segment, which that attests
 * (C-IDX-4, E-SRC-5, E-SRC-6). Throws where they do not.
 */
export function followIndex(header: Header, chain: Chain, records: readonly PlacedRecord[], end: CarriedEnd | null): void {
  const first = records[0] as PlacedRecord;
  if (end === null) fail('E-SRC-5', 'index records, and no end record that they follow from', first.offset);
  const carried = records.map((record) => ({
    record: readIndexRecord(record.bytes, record.offset, header.hash),
    hash: sha256Now(record.bytes),
    isUsed: false,
  }));
  const { rootOffset, rootHash } = end.record;
  const root = carried.find((one) => one.record.offset === rootOffset && equal(one.hash, rootHash));
  if (root === undefined) fail('C-IDX-4', 'the root of the index is not carried, or was altered', first.offset);
  const wanted = targets(chain);
  const entry = follow(root, carried, wanted);
  const unused = carried.find((one) => !one.isUsed);
  if (unused !== undefined) fail('E-SRC-5', 'index record that the end record does not lead to', unused.record.offset);
  const segment = entry === null ? undefined : wanted.find((one) => equal(one.hash, entry.hash));
  if (entry === null || segment === undefined) fail('E-SRC-5', 'index records that do not lead to the last segment', first.offset);
  const isSame = entry.firstSegment === segment.number && entry.firstUtc === segment.firstUtc && entry.lastUtc === segment.lastUtc;
  if (!isSame) fail('C-IDX-1', 'index that describes a segment in another way', first.offset);
  chain.attestByHash(entry.hash);
}
