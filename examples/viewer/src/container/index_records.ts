/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { type Octets, ascii, concat, copyOf, crc32, equal, i64, u16, u32, u64 } from '../bytes/octets.js';
import { sha256Now } from '../crypto/hash.js';
import { hashSize, headerHashPart, limits, recordHeaderSize, recordType } from './format.js';

export interface IndexEntry {
  firstSegment: number;
  /** Of the segment start at level 0, of the index record above. */
  offset: number;
  firstUtc: bigint;
  lastUtc: bigint;
  segments: number;
  hash: Octets;
}

export interface IndexRecord {
  level: number;
  offset: number;
  checkpoint: number;
  entries: IndexEntry[];
}

const mark = 'SVMSINDX';

function recordHeaderBytes(type: number, bodySize: number, number: number): Octets {
  const fields = concat(Uint8Array.of(type, 0, 0, 0), u32(bodySize), u32(number));
  return concat(fields, u32(crc32(fields, 0, fields.length)));
}

function indexRecordBytes(headerHash: Octets, record: IndexRecord, number: number): Octets {
  const body = [
    ascii(mark),
    headerHash.subarray(0, headerHashPart),
    Uint8Array.of(record.level, 0),
    u16(record.entries.length),
    u32(0),
    u64(record.offset),
    u64(record.checkpoint),
  ];
  for (const entry of record.entries) {
    body.push(u64(entry.firstSegment), u64(entry.offset), i64(entry.firstUtc), i64(entry.lastUtc), u32(entry.segments), u32(0), entry.hash);
  }
  const bytes = concat(...body);
  return concat(recordHeaderBytes(recordType.index, bytes.length, number), bytes);
}

/** An index record as a cache for finding segments; whoever believes it must have its hash (C-IDX-4). */
export function readIndexRecord(record: Uint8Array, offset: number, headerHash: Octets): IndexRecord {
  const cursor: Cursor = new Cursor(record, 'C-IDX-1', offset);
  cursor.slice(recordHeaderSize);
  cursor.literal(mark, 'mark of an index record');
  if (!equal(cursor.slice(headerHashPart, 'h'), headerHash.subarray(0, headerHashPart))) cursor.fail('index record of another container');
  const level = cursor.u8('level');
  cursor.zeros(1, 'byte behind the level');
  const count = cursor.u16('number of entries');
  cursor.zeros(4, 'bytes behind the number of entries');
  if (count === 0 || count > limits.indexEntries) cursor.fail('index record with too many entries or none', 'C-LIM-1');
  if (cursor.size64('offset of the record') !== offset) cursor.fail('index record that stands elsewhere');
  const checkpoint = cursor.size64('offset of the checkpoint before');
  const entries: IndexEntry[] = [];
  for (let i = 0; i < count; i++) {
    const firstSegment = cursor.u64('segment number');
    if (firstSegment >= BigInt(limits.segments)) cursor.fail('too many segments', 'C-LIM-1');
    const entry = {
      firstSegment: Number(firstSegment),
      offset: cursor.size64('offset'),
      firstUtc: cursor.i64('first UTC'),
      lastUtc: cursor.i64('last UTC'),
      segments: cursor.u32('number of segments'),
    };
    cursor.zeros(4, 'bytes of an entry');
    entries.push({ ...entry, hash: copyOf(cursor.slice(hashSize, 'hash')) });
  }
  cursor.end('index record');
  return { level, offset, checkpoint, entries };
}

export interface BuiltRecord {
  offset: number;
  bytes: Octets;
  hash: Octets;
}

/** Builds the index that a container with these segments must have (section 11). */
export class IndexBuilder {
  private readonly levels: IndexEntry[][] = [];
  private readonly checkpoints: { level: number; offset: number }[] = [];

  constructor(private readonly headerHash: Octets) {}

  private level(number: number): IndexEntry[] {
    while (this.levels.length <= number) this.levels.push([]);
    return this.levels[number] as IndexEntry[];
  }

  addSegment(entry: IndexEntry): void {
    this.level(0).push(entry);
  }

  /** What a segment start must name as the newest checkpoint. */
  get newestCheckpoint(): number {
    return this.checkpoints[this.checkpoints.length - 1]?.offset ?? 0;
  }

  private write(level: number, offset: number, checkpoint: number, number: number): BuiltRecord {
    const entries = this.level(level);
    const bytes = indexRecordBytes(this.headerHash, { level, offset, checkpoint, entries }, number);
    const hash = sha256Now(bytes);
    const first = entries[0] as IndexEntry;
    this.level(level + 1).push({
      firstSegment: first.firstSegment,
      offset,
      firstUtc: first.firstUtc,
      lastUtc: entries.reduce((latest, entry) => (entry.lastUtc > latest ? entry.lastUtc : latest), first.lastUtc),
      segments: entries.reduce((sum, entry) => sum + entry.segments, 0),
      hash,
    });
    this.levels[level] = [];
    return { offset, bytes, hash };
  }

  private writeFull(offset: number, isCheckpoint: boolean): BuiltRecord[] {
    const written: BuiltRecord[] = [];
    let at = offset;
    for (let level = 0; level < this.levels.length; level++) {
      if (this.level(level).length < limits.indexEntries) continue;
      if (isCheckpoint) {
        while ((this.checkpoints[this.checkpoints.length - 1]?.level ?? level) < level) this.checkpoints.pop();
      }
      const number = isCheckpoint ? written.length + 1 : 0;
      const record = this.write(level, at, isCheckpoint ? this.newestCheckpoint : 0, number);
      if (isCheckpoint) this.checkpoints.push({ level, offset: at });
      written.push(record);
      at += record.bytes.length;
    }
    return written;
  }

  /** Records that must stand directly behind the segment start that ends at `offset` (C-IDX-2). */
  atSegmentStart(offset: number): BuiltRecord[] {
    return this.writeFull(offset, true);
  }

  /** Records that must stand at `offset` when the container is closed, and the root (C-IDX-3). */
  close(offset: number): { records: BuiltRecord[]; root: { offset: number; hash: Octets } | null } {
    const records = this.writeFull(offset, false);
    let at = records.reduce((sum, record) => sum + record.bytes.length, offset);
    for (let level = 0; level < this.levels.length; level++) {
      const entries = this.level(level);
      if (entries.length === 0) continue;
      const isTopmost = this.levels.slice(level + 1).every((above) => above.length === 0);
      if (isTopmost && level > 0 && entries.length === 1) {
        const only = entries[0] as IndexEntry;
        return { records, root: { offset: only.offset, hash: only.hash } };
      }
      const record = this.write(level, at, 0, 0);
      records.push(record);
      at += record.bytes.length;
      if (isTopmost) return { records, root: { offset: record.offset, hash: record.hash } };
    }
    return { records, root: null };
  }
}
