/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError } from '../bytes/errors.js';
import { type Octets, copyOf, equal } from '../bytes/octets.js';
import { sha256Now } from '../crypto/hash.js';
import { hashSize, limits, objectType, recordHeaderSize } from './format.js';
import type { Header } from './header.js';
import { readPrefixLike } from './objects.js';

export interface EndRecord {
  segments: number;
  lastHash: Octets;
  offset: number;
  rootOffset: number;
  indexDigest: Octets;
  rootHash: Octets;
  utc: bigint;
  lastUtc: bigint;
  /** 1 closed, 2 rotation, 3 clock step, 4 error. */
  reason: number;
}

export const endBodySize = 224;

/** Parses the whole record, whose CRC and signature were checked. */
export function readEndRecord(record: Octets, offset: number, header: Header): EndRecord {
  const cursor: Cursor = new Cursor(record, 'C-END-1', offset);
  cursor.slice(recordHeaderSize);
  readPrefixLike(cursor, objectType.end, endBodySize, header.prefix);
  if (!equal(cursor.slice(hashSize, 'h'), header.hash)) cursor.fail('end record of another container', 'C-HDR-7');
  const segments = cursor.size64('number of segments');
  if (segments > limits.segments) cursor.fail('too many segments', 'C-LIM-1');
  const end = {
    segments,
    lastHash: copyOf(cursor.slice(hashSize, 'hash of the last manifest')),
    offset: cursor.size64('offset of the end record'),
    rootOffset: cursor.size64('offset of the root'),
    indexDigest: copyOf(cursor.slice(hashSize, 'digest')),
    rootHash: copyOf(cursor.slice(hashSize, 'hash of the root')),
    utc: cursor.i64('UTC'),
    lastUtc: cursor.i64('last UTC'),
    reason: cursor.u8('reason'),
  };
  if (end.reason < 1 || end.reason > 4) cursor.fail('unknown reason of the end');
  cursor.zeros(7, 'bytes behind the reason');
  cursor.end('end record');
  return end;
}

/** The offset that a tail record names. */
export function readTail(record: Uint8Array, offset: number): number {
  const cursor: Cursor = new Cursor(record, 'C-END-1', offset);
  cursor.slice(recordHeaderSize);
  const end = cursor.size64('offset of the end record');
  cursor.literal('SVMSTAIL', 'mark of the tail');
  return end;
}

export interface Trailer {
  /** Otherwise a proof of an audit record, whose log and witnesses this page does not know: it attests nothing (C-TRL-5). */
  isToken: boolean;
  previous: Octets;
  content: Octets;
}

const tokenTrailer = 1;
const proofTrailer = 2;

/** Parses a whole trailer record and compares its digest (C-TRL-2). */
export function readTrailer(record: Octets, offset: number): Trailer {
  const cursor: Cursor = new Cursor(record, 'C-TRL-2', offset);
  cursor.slice(recordHeaderSize);
  const kind = cursor.u16('kind of trailer');
  if (kind !== tokenTrailer && kind !== proofTrailer) cursor.fail('trailer of unknown kind');
  cursor.zeros(2, 'bytes behind the kind');
  const previous = copyOf(cursor.slice(hashSize, 'previous hash'));
  const size = cursor.u32('content length');
  if (size > limits.trailer) cursor.fail('trailer is too long', 'C-LIM-1');
  const stated = cursor.slice(hashSize, 'digest');
  const content = copyOf(cursor.slice(size, 'content'));
  cursor.end('trailer');
  if (!equal(stated, sha256Now(content))) throw new FormatError('C-TRL-2', 'trailer whose digest is wrong', offset);
  return { isToken: kind === tokenTrailer, previous, content };
}
