/* SPDX-License-Identifier: Apache-2.0 */
/* A source that is read forwards, into memory that is used again and again. */
import assert from 'node:assert/strict';
import { Blob } from 'node:buffer';
import { test } from 'node:test';
import { BlobStream, type ByteStream, type FilledMemory } from '../src/bytes/byte_stream.js';
import type { Octets } from '../src/bytes/octets.js';
import { type Source, available } from '../src/bytes/source.js';
import { StreamedSource, chunkSize, roomSize } from '../src/bytes/streamed_source.js';
import { Turns } from '../src/container/job_queue.js';
import { Window } from '../src/container/window.js';

const size = 5 * chunkSize + 12_345;
const file = new Uint8Array(size);
for (let i = 0; i < size; i++) file[i] = (i >> (8 * (i & 3))) & 0xff;

/** Gives as little as it may, and takes the memory away from whoever still looks at it, as a browser does. */
class MeagreStream implements ByteStream {
  isClosed = false;

  constructor(private at: number) {}

  async fill(memory: Octets, from: number, least: number, to: number): Promise<FilledMemory> {
    await Promise.resolve();
    if (this.isClosed) throw new Error('closed');
    const mine = structuredClone(memory, { transfer: [memory.buffer] });
    const length = Math.min(to - from, least, available(size, this.at, to - from));
    mine.set(file.subarray(this.at, this.at + length), from);
    this.at += length;
    return { memory: mine, end: from + length };
  }

  close(): void {
    this.isClosed = true;
  }
}

class FileOfStreams implements Source {
  readonly size = size;
  readonly opened: { offset: number; stream: MeagreStream }[] = [];

  read(): Promise<Octets> {
    throw new Error('it is read as a stream');
  }

  streamFrom(offset: number): ByteStream {
    const stream = new MeagreStream(offset);
    this.opened.push({ offset, stream });
    return stream;
  }
}

function requireSame(bytes: Uint8Array, offset: number, length: number): void {
  assert.ok(Buffer.from(bytes).equals(Buffer.from(file.subarray(offset, offset + length))), `${length} bytes at ${offset}`);
}

test('whoever goes forwards is lent the bytes of the file, by one stream', async () => {
  const whole = new FileOfStreams();
  const source = new StreamedSource(whole);
  let at = 0;
  for (let i = 0; at < size; i++) {
    const least = [33, 41_700, roomSize + 7, 1, chunkSize + roomSize + 5][i % 5] as number;
    const lent = await source.lend(at, least, 300_000);
    assert.ok(lent.length >= available(size, at, least) && lent.length <= Math.max(least, 300_000), `${lent.length} for ${least}`);
    requireSame(lent, at, lent.length);
    // As a window does: from the last byte of what was used on.
    at += Math.max(1, available(size, at, least) - 1);
    if (at === size - 1) break;
  }
  assert.equal(whole.opened.length, 1);
});

test('pieces in any order are those of the file, and what is read is kept', async () => {
  const whole = new FileOfStreams();
  const source = new StreamedSource(whole);
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const kept: { offset: number; bytes: Octets }[] = [];
  for (let i = 0; i < 40; i++) {
    const offset = random(size);
    const length = random(i % 4 === 0 ? 2 * chunkSize : 60_000);
    kept.push({ offset, bytes: await source.read(offset, length) });
    requireSame(await source.lend(offset, length, length), offset, available(size, offset, length));
  }
  for (const { offset, bytes } of kept) requireSame(bytes, offset, bytes.length);
  assert.ok(whole.opened.slice(0, -1).every(({ stream }) => stream.isClosed), 'one stream is open at a time');
});

test('what was lent is taken back with what follows, and never becomes other bytes', async () => {
  const source = new StreamedSource(new FileOfStreams());
  let before = await source.lend(0, 1000, chunkSize);
  for (let at = before.length; at < 4 * chunkSize; ) {
    const lent = await source.lend(at, 1000, chunkSize);
    if (before.length > 0) requireSame(before, at - before.length, before.length);
    before = lent;
    at += lent.length;
  }
  const first = await source.lend(0, 1000, chunkSize);
  await source.lend(first.length, chunkSize, chunkSize);
  assert.equal(first.length, 0);
});

test('a window over what is lent hands out the bytes of the file, and the byte in front', async () => {
  const window = new Window(new StreamedSource(new FileOfStreams()), size);
  for (let at = 1; at < size; at += 41_700) {
    const { memory, from, to } = window.held(at, 41_700) ?? (await window.piece(at, 41_700));
    requireSame(memory.subarray(from - 1, to), at - 1, available(size, at, 41_700) + 1);
  }
});

test('what could not be read is told, and read anew when it is asked for again', async () => {
  const whole = new FileOfStreams();
  const source = new StreamedSource(whole);
  await source.lend(0, 10, 10);
  whole.opened[0]?.stream.close();
  await assert.rejects(source.read(0, size), /closed/);
  requireSame(await source.read(5, chunkSize), 5, chunkSize);
  assert.equal(whole.opened.length, 2);
});

test('a Blob is read to its end, and one that ends before is called unreadable', async () => {
  const stream = BlobStream.open(new Blob([file]) as unknown as globalThis.Blob);
  assert.ok(stream !== null);
  let memory: Octets = new Uint8Array(chunkSize + 3);
  let at = 0;
  while (at < size) {
    const filled = await stream.fill(memory, 3, 1000, memory.length);
    requireSame(filled.memory.subarray(3, filled.end), at, filled.end - 3);
    at += filled.end - 3;
    memory = filled.memory;
  }
  assert.equal(at, size);
  stream.close();
  const short = new Blob([file.subarray(0, 100)]);
  const lying = { size: 200, stream: () => short.stream() };
  const shortened = BlobStream.open(lying as unknown as globalThis.Blob);
  await assert.rejects(async () => {
    await shortened?.fill(new Uint8Array(200), 0, 200, 200);
  }, { name: 'NotReadableError' });
});

test('where streams fill no memory that they are given, there is none', () => {
  const old = { size: 1, stream: () => ({ getReader: () => { throw new TypeError('not a byte stream'); } }) };
  assert.equal(BlobStream.open(old as unknown as globalThis.Blob), null);
});

test('one after the other reads, and the next begins when the one before has read enough', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
  const first = turns.take(async (hasRead) => {
    await pause();
    order.push('first has read');
    hasRead();
    await pause();
    await pause();
    order.push('first ends');
  });
  const second = turns.take(() => {
    order.push('second reads');
    return Promise.reject(new Error('cannot be read'));
  });
  const third = turns.take(() => Promise.resolve(void order.push('third reads')));
  await assert.rejects(second, /cannot be read/);
  await Promise.all([first, third]);
  assert.deepEqual(order, ['first has read', 'second reads', 'third reads', 'first ends']);
});
