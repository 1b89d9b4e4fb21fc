/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import type { Source } from '../bytes/source.js';
import { readTail } from './end_record.js';
import { limits, recordHeaderSize, recordType } from './format.js';
import type { Header } from './header.js';
import { type IndexEntry, type IndexRecord, readIndexRecord } from './index_records.js';
import { readRecordHeader } from './records.js';

const tailSize = 32;
const maxLevels = 5;
const endBodyRootOffset = 48 + 32 + 8 + 32 + 8;

/** Reads the index record at `offset`; throws FormatError where there is none. */
export async function loadIndexRecord(source: Source, header: Header, offset: number): Promise<{ record: IndexRecord; bytes: Uint8Array }> {
  const head = await source.read(offset, recordHeaderSize);
  const { type, bodySize } = readRecordHeader(head, offset);
  if (type !== recordType.index || bodySize > 40 + 72 * limits.indexEntries) throw new FormatError('C-IDX-1', 'no index record', offset);
  const bytes = await source.read(offset, recordHeaderSize + bodySize);
  return { record: readIndexRecord(bytes, offset, header.hash), bytes };
}

/** Where the end record stands, as the tail at the very end of the file says; null without one. */
export async function endByTail(source: Source): Promise<number | null> {
  const at = source.size - tailSize;
  if (at < 0) return null;
  const record = await source.read(at, tailSize);
  try {
    if (readRecordHeader(record, at).type !== recordType.tail) return null;
    return readTail(record, at);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

async function* entriesBelow(source: Source, header: Header, offset: number, depth: number): AsyncGenerator<IndexEntry> {
  if (depth > maxLevels) return;
  const { record } = await loadIndexRecord(source, header, offset);
  for (const entry of record.entries) {
    if (record.level === 0) yield entry;
    else yield* entriesBelow(source, header, entry.offset, depth + 1);
  }
}

/**
 * Entries of all segments as the index says, which nothing has verified: good for reading ahead, and
 * for nothing that is believed. Stops silently where the index makes no sense.
 */
export async function* indexedSegments(source: Source, header: Header): AsyncGenerator<IndexEntry> {
  try {
    const end = await endByTail(source);
    if (end === null) return;
    const record = await source.read(end + recordHeaderSize + endBodyRootOffset, 8);
    if (record.length < 8) return;
    const root = new DataView(record.buffer).getBigUint64(0);
    if (root === 0n || root >= BigInt(source.size)) return;
    yield* entriesBelow(source, header, Number(root), 0);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
}
