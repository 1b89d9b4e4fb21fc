/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { type Octets, copyOf, equal } from '../bytes/octets.js';
import { type Source } from '../bytes/source.js';
import { sha256 } from '../crypto/hash.js';
import { type EndRecord, endBodySize, readEndRecord } from './end_record.js';
import { objectNumber, recordHeaderSize, recordType } from './format.js';
import { endByTail, loadIndexRecord } from './hints.js';
import type { IndexEntry } from './index_records.js';
import { readRecordHeader } from './records.js';
import type { ObjectSigner } from './objects.js';
import type { ContainerContext } from './segment.js';
import { requireSignature } from './signatures.js';

/** A segment that was found, and what was said of it there. */
export interface LocatedSegment {
  number: number;
  offset: number;
  firstUtc: bigint;
  lastUtc: bigint;
  /** Hash of its manifest, when hashes lead from the signed end record to it (C-IDX-4). */
  hash: Octets | null;
}

/** The end record that the tail names, with a signature that holds; null in an open container. */
export async function signedEnd(context: ContainerContext, source: Source): Promise<EndRecord | null> {
  const at = await endByTail(source);
  if (at === null) return null;
  const size = recordHeaderSize + endBodySize;
  const record = await source.read(at, size);
  if (record.length < size || readRecordHeader(record, at).type !== recordType.end) throw new FormatError('C-END-1', 'tail that names no end record', at);
  if (context.header.isSigned) {
    const head = await source.read(at + size, recordHeaderSize);
    const signature = await source.read(at + size, recordHeaderSize + readRecordHeader(head, at + size).bodySize);
    const object = copyOf(record.subarray(recordHeaderSize));
    await requireSignature(context.signer as ObjectSigner, signature, at + size, context.header, objectNumber.end, object);
  }
  const end = readEndRecord(record, at, context.header);
  if (end.offset !== at) throw new FormatError('C-END-1', 'end record that stands elsewhere', at);
  return end;
}

interface Child {
  offset: number;
  hash: Octets;
}

async function* below(context: ContainerContext, source: Source, child: Child, level: number | null): AsyncGenerator<IndexEntry> {
  const { record, bytes } = await loadIndexRecord(source, context.header, child.offset);
  if (!equal(await sha256(copyOf(bytes)), child.hash)) throw new FormatError('C-IDX-4', 'index record that its hash does not fit', child.offset);
  if (level !== null && record.level !== level) throw new FormatError('C-IDX-1', 'index record of another level', child.offset);
  for (const entry of record.entries) {
    if (record.level === 0) yield entry;
    else yield* below(context, source, entry, record.level - 1);
  }
}

/** Segments of a closed container by the hashes that lead from its end record, in order. */
export async function* segmentsByIndex(context: ContainerContext, source: Source, end: EndRecord): AsyncGenerator<LocatedSegment> {
  if (end.segments === 0) return;
  const root = { offset: end.rootOffset, hash: end.rootHash };
  for await (const entry of below(context, source, root, null)) {
    const { firstSegment, offset, firstUtc, lastUtc, hash } = entry;
    yield { number: firstSegment, offset, firstUtc, lastUtc, hash: context.header.isSigned ? hash : null };
  }
}
