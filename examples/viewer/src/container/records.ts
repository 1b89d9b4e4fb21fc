/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { crc32 } from '../bytes/octets.js';
import {
  chunkSize, limits, maxI64, minI64, protection, recordHeaderSize, recordType, sampleFlag, sampleHeaderMax,
  sampleHeaderMin, segmentStartSize, tagSize,
} from './format.js';
import type { Track } from './header.js';

/** Header of a record that is no sample. */
export interface RecordHeader {
  type: number;
  headerSize: number;
  bodySize: number;
  number: number;
}

export interface SampleHeader extends RecordHeader {
  flags: number;
  track: Track;
  dts: bigint;
  pts: bigint;
  duration: number;
}

const bodyLimits: Record<number, { min: number; max: number }> = {
  [recordType.segmentStart]: { min: segmentStartSize, max: segmentStartSize },
  [recordType.manifest]: { min: 0, max: limits.manifest },
  [recordType.signature]: { min: 0, max: limits.signatureRecord },
  [recordType.index]: { min: 0, max: limits.auxiliary },
  [recordType.evidence]: { min: 0, max: limits.auxiliary },
  [recordType.end]: { min: 224, max: 224 },
  [recordType.trailer]: { min: 72, max: limits.trailer + 72 },
  [recordType.tail]: { min: 16, max: 16 },
};
const maxSampleBody = limits.sample + 2 + 8 * limits.ranges + tagSize * Math.ceil(limits.sample / chunkSize);

/** Size of a record's header by its first bytes; 0 where no record begins like this. */
export function headerSizeOf(probe: Uint8Array, at: number): number {
  const type = probe[at];
  if (type === recordType.sample) {
    const size = probe[at + 3] as number;
    return size >= sampleHeaderMin && size <= sampleHeaderMax && size % 4 === 0 ? size : 0;
  }
  return type !== undefined && bodyLimits[type] !== undefined ? recordHeaderSize : 0;
}

function checkCrc(cursor: Cursor, size: number): void {
  if (cursor.u32('CRC') !== crc32(cursor.bytes, 0, size - 4)) {
    cursor.fail('the check sum of a record header is wrong: damage', 'C-REC-2');
  }
}

/** Reads the header of a record that is no sample; `bytes` begins with it. */
export function readRecordHeader(bytes: Uint8Array, offset: number): RecordHeader {
  const cursor: Cursor = new Cursor(bytes, 'C-REC-1', offset);
  const type = cursor.u8('record type');
  const allowed = bodyLimits[type];
  if (allowed === undefined) cursor.fail(`record of unknown type ${type}`);
  cursor.zeros(3, 'bytes behind the record type', 'C-OVR-4');
  const bodySize = cursor.u32('body length');
  const number = cursor.u32('record number');
  checkCrc(cursor, recordHeaderSize);
  if (bodySize < allowed.min || bodySize > allowed.max) cursor.fail(`record of type ${type} with ${bodySize} bytes`, 'C-LIM-1');
  return { type, headerSize: recordHeaderSize, bodySize, number };
}

const allFlags = 0x7f;

export function readSampleHeader(bytes: Uint8Array, offset: number, tracks: readonly Track[]): SampleHeader {
  const cursor: Cursor = new Cursor(bytes, 'C-REC-3', offset);
  const type = cursor.u8('record type');
  const flags = cursor.u8('flags');
  if ((flags & ~allFlags) !== 0) cursor.fail('unknown flags');
  const track = tracks[cursor.u8('track number')];
  if (track === undefined) cursor.fail('sample of a track that does not exist');
  const headerSize = cursor.u8('header length');
  const expected =
    sampleHeaderMin + ((flags & sampleFlag.composition) !== 0 ? 4 : 0) + ((flags & sampleFlag.duration) !== 0 ? 4 : 0);
  if (headerSize !== expected) cursor.fail('header length that its flags do not give');
  const bodySize = cursor.u32('body length');
  const number = cursor.u32('record number');
  const dts = cursor.i64('decoding time');
  const composition = (flags & sampleFlag.composition) !== 0 ? cursor.i32('composition offset') : 0;
  const duration = (flags & sampleFlag.duration) !== 0 ? cursor.u32('duration') : track.defaultDuration;
  checkCrc(cursor, headerSize);
  if (bodySize > maxSampleBody) cursor.fail('sample beyond its limit', 'C-LIM-1');
  if ((flags & sampleFlag.composition) !== 0 && composition === 0) cursor.fail('composition offset of zero');
  if ((flags & sampleFlag.duration) !== 0 && duration === track.defaultDuration) cursor.fail('duration that is the default');
  if (((flags & sampleFlag.ranges) !== 0) !== (track.protection === protection.light)) {
    cursor.fail('range table where none belongs, or the reverse', 'C-REC-4');
  }
  const pts = dts + BigInt(composition);
  if (pts > maxI64 || pts < minI64) cursor.fail('presentation time beyond 64 bits', 'C-MAN-5');
  return { type, headerSize, bodySize, number, flags, track, dts, pts, duration };
}

export interface Range {
  offset: number;
  size: number;
}

/** Where the parts of a sample body stand. */
export interface SampleLayout {
  /** Size of the range table, which stands first. */
  tableSize: number;
  sampleSize: number;
  chunks: number;
  ranges: readonly Range[];
  protectedSize: number;
}

export function rangeTableSize(count: number): number {
  return 2 + 8 * count;
}

function readRanges(cursor: Cursor): Range[] {
  const count = cursor.u16('number of ranges');
  if (count > limits.ranges) cursor.fail('too many ranges', 'C-LIM-1');
  const ranges: Range[] = [];
  let end = -1;
  for (let i = 0; i < count; i++) {
    const range = { offset: cursor.u32('offset of a range'), size: cursor.u32('size of a range') };
    if (range.size === 0) cursor.fail('empty range');
    if (range.offset <= end) cursor.fail('ranges that touch or are not in order');
    end = range.offset + range.size;
    ranges.push(range);
  }
  return ranges;
}

function strongLayout(cursor: Cursor, bodySize: number): SampleLayout {
  const chunks = Math.ceil(bodySize / (chunkSize + tagSize));
  const sampleSize = bodySize - tagSize * chunks;
  if (sampleSize < 0 || Math.ceil(sampleSize / chunkSize) !== chunks) cursor.fail('body length that no sample gives', 'C-REC-5');
  return {
    tableSize: 0,
    sampleSize,
    chunks,
    ranges: sampleSize === 0 ? [] : [{ offset: 0, size: sampleSize }],
    protectedSize: sampleSize,
  };
}

/** `start` holds the body, or as much of it as a range table can take. */
export function sampleLayout(header: SampleHeader, start: Uint8Array, offset: number): SampleLayout {
  const cursor: Cursor = new Cursor(start, 'C-REC-4', offset);
  let layout: SampleLayout;
  if (header.track.protection === protection.strong) {
    layout = strongLayout(cursor, header.bodySize);
  } else if (header.track.protection === protection.none) {
    layout = { tableSize: 0, sampleSize: header.bodySize, chunks: 0, ranges: [], protectedSize: 0 };
  } else {
    const ranges = readRanges(cursor);
    const protectedSize = ranges.reduce((sum, range) => sum + range.size, 0);
    const chunks = Math.ceil(protectedSize / chunkSize);
    const tableSize = rangeTableSize(ranges.length);
    const sampleSize = header.bodySize - tableSize - tagSize * chunks;
    const last = ranges[ranges.length - 1];
    if (sampleSize < (last === undefined ? 0 : last.offset + last.size)) cursor.fail('ranges beyond the sample');
    layout = { tableSize, sampleSize, chunks, ranges, protectedSize };
  }
  if (layout.sampleSize > limits.sample) cursor.fail('sample beyond its limit', 'C-LIM-1');
  return layout;
}
