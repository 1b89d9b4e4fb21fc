/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Octets, ascii, concat, crc32, i64, u16, u32, u64 } from '../src/bytes/octets.js';
import { MemorySource, type Source } from '../src/bytes/source.js';
import { endBodySize } from '../src/container/end_record.js';
import { headerHashPart, recordHeaderSize, recordType } from '../src/container/format.js';
import { openContainer } from '../src/container/opening.js';
import { sha256Now } from '../src/crypto/hash.js';
import { type ContainerTable, readContainerTable } from '../src/evidence/container_table.js';
import { vector } from './session_platform.js';

class Counting implements Source {
  readonly size: number;
  reads = 0;

  constructor(private readonly source: Source) {
    this.size = source.size;
  }

  read(offset: number, length: number): Promise<Octets> {
    this.reads++;
    return this.source.read(offset, length);
  }
}

async function tableOf(bytes: Uint8Array): Promise<{ table: ContainerTable; reads: number }> {
  const source = new Counting(new MemorySource(bytes));
  const opened = await openContainer(source);
  const before = source.reads;
  return { table: await readContainerTable(opened, source), reads: source.reads - before };
}

/** An index record of 256 entries, each of which leads to the same record. */
function repeating(level: number, at: number, child: { offset: number; hash: Octets }, headerHash: Uint8Array, number: number): Octets {
  const entry = concat(u64(0), u64(child.offset), i64(0n), i64(1n), u32(1), u32(0), child.hash);
  const body = concat(
    ascii('SVMSINDX'), headerHash.subarray(0, headerHashPart), Uint8Array.of(level, 0), u16(256), u32(0), u64(at), u64(0), ...Array.from({ length: 256 }, () => entry),
  );
  const fields = concat(Uint8Array.of(recordType.index, 0, 0, 0), u32(body.length), u32(number));
  return concat(fields, u32(crc32(fields, 0, fields.length)), body);
}

const endFields = { offset: 120, rootOffset: 128, rootHash: 168 };

/** A container whose index names its segments many millions of times. */
async function swollen(bytes: Uint8Array, levels: number): Promise<Uint8Array> {
  const { header } = await openContainer(new MemorySource(bytes));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const end = Number(view.getBigUint64(bytes.length - 16));
  const body = end + recordHeaderSize;
  const root = Number(view.getBigUint64(body + endFields.rootOffset));
  let child = { offset: root, hash: bytes.slice(body + endFields.rootHash, body + endFields.rootHash + 32) };
  let file: Octets = concat(bytes.subarray(0, end));
  for (let level = 1; level <= levels; level++) {
    const record = repeating(level, file.length, child, header.hash, view.getUint32(root + 8));
    child = { offset: file.length, hash: sha256Now(record) };
    file = concat(file, record);
  }
  const tail = concat(bytes.subarray(end));
  const tailView = new DataView(tail.buffer);
  tailView.setBigUint64(recordHeaderSize + endFields.offset, BigInt(file.length));
  tailView.setBigUint64(recordHeaderSize + endFields.rootOffset, BigInt(child.offset));
  tail.set(child.hash, recordHeaderSize + endFields.rootHash);
  tailView.setBigUint64(tail.length - 16, BigInt(file.length));
  return concat(file, tail);
}

test('an index that names the same segments again and again is not followed', async () => {
  const bytes = vector('good-unsigned.svms');
  const plain = await tableOf(bytes);
  assert.ok(plain.table.table.numbers.length > 0);
  const honest = await swollen(bytes, 0);
  assert.deepEqual((await tableOf(honest)).table.table, plain.table.table);
  const { table, reads } = await tableOf(await swollen(bytes, 3));
  assert.deepEqual([...table.table.numbers], [...plain.table.table.numbers]);
  assert.ok(reads < 100, `${reads} reads`);
  assert.equal(endBodySize, 224);
});

test('rows of an index and rows that were skimmed are the same', async () => {
  const names = ['good-gaps.svms', 'good-late.svms', 'good-reference.svms'];
  for (const name of names) {
    const bytes = vector(name);
    const indexed = await tableOf(bytes);
    // Without its last record, the tail, there is no index to begin from.
    const skimmed = await tableOf(bytes.subarray(0, bytes.length - 32));
    assert.deepEqual(skimmed.table.table, indexed.table.table, name);
    assert.deepEqual(skimmed.table.offsets, indexed.table.offsets, name);
    assert.ok(indexed.table.hashOf(0) !== null && skimmed.table.hashOf(0) === null, name);
  }
});
