/* SPDX-License-Identifier: Apache-2.0 */
/* What is read together, how often, and that it is the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Octets } from '../src/bytes/octets.js';
import { ReadAheadSource, blockSize, runSize } from '../src/bytes/read_ahead.js';
import { type Source, available } from '../src/bytes/source.js';

/** A file of which each 32-bit word tells its own place. */
class CountingSource implements Source {
  readonly reads: { offset: number; size: number }[] = [];
  failures = 0;

  constructor(
    readonly size: number,
    /** What there is of it in truth. */
    public there = size,
  ) {}

  async read(offset: number, length: number): Promise<Octets> {
    await Promise.resolve();
    if (this.failures > 0) {
      this.failures--;
      throw new Error('cannot be read');
    }
    const size = available(this.there, offset, length);
    this.reads.push({ offset, size });
    return expected(offset, size);
  }

  get total(): number {
    return this.reads.reduce((sum, { size }) => sum + size, 0);
  }
}

function expected(offset: number, size: number): Octets {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = ((offset + i) >> (8 * ((offset + i) & 3))) & 0xff;
  return bytes;
}

function requireSame(bytes: Octets, offset: number, size: number): void {
  assert.ok(Buffer.from(bytes).equals(Buffer.from(expected(offset, size))), `${size} bytes at ${offset}`);
}

test('whoever goes through a run reads each byte of it once, and what reaches into the next no further than needed', async () => {
  const file = new CountingSource(2 * runSize);
  const source = new ReadAheadSource(file);
  const step = 1_900_001;
  let at = 0;
  for (; at < runSize; at += step) requireSame(await source.read(at, step), at, step);
  assert.equal(file.total, at);
  assert.equal(Math.max(...file.reads.map(({ offset, size }) => offset + size)), at);
});

test('the next block is read while the one before is used', async () => {
  const file = new CountingSource(runSize);
  const source = new ReadAheadSource(file);
  await source.read(100, 10);
  assert.deepEqual(file.reads.map(({ offset }) => offset), [0, blockSize]);
  await source.read(runSize - 10, 10);
  assert.ok(file.reads.every(({ offset }) => offset < runSize), 'nothing behind the end');
});

test('pieces in any order, of any size, are those of the file', async () => {
  const file = new CountingSource(runSize + 12_345_678);
  const source = new ReadAheadSource(file);
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const pieces = Array.from({ length: 60 }, (_, i) => ({ offset: random(file.size), size: i % 6 === 0 ? random(blockSize + 5_000_000) : random(300_000) }));
  await Promise.all(pieces.map(async ({ offset, size }) => requireSame(await source.read(offset, size), offset, available(file.size, offset, size))));
});

test('a file that became shorter gives what is there; what could not be read is tried again', async () => {
  const file = new CountingSource(2 * blockSize, blockSize + 1000);
  const source = new ReadAheadSource(file);
  requireSame(await source.read(blockSize - 500, 5000), blockSize - 500, 1500);
  const other = new CountingSource(blockSize);
  other.failures = 1;
  const again = new ReadAheadSource(other);
  await assert.rejects(again.read(0, 10), /cannot be read/);
  requireSame(await again.read(0, 10), 0, 10);
});
