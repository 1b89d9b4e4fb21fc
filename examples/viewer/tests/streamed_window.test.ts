/* SPDX-License-Identifier: Apache-2.0 */
/* What is read forwards with some of it kept, and memory that is used again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteStream, FilledMemory } from '../src/bytes/byte_stream.js';
import type { Octets } from '../src/bytes/octets.js';
import { LentMemory, Scratch } from '../src/bytes/scratch.js';
import { MemorySource, type Source, available } from '../src/bytes/source.js';
import { StreamedWindow, pieceSize, piecesKept } from '../src/bytes/streamed_window.js';
import { Distribution, jobsInRun } from '../src/container/job_queue.js';
import { endOfStreamedRun } from '../src/bytes/streamed_source.js';

const size = 20 * pieceSize + 12_345;

function byteAt(i: number): number {
  return (i * 2_654_435_761) >>> 24;
}

function requireSame(bytes: Uint8Array, offset: number, length: number): void {
  assert.equal(bytes.length, available(size, offset, length));
  for (let i = 0; i < bytes.length; i += i % 4096 === 0 ? 1 : 61) assert.equal(bytes[i], byteAt(offset + i), `byte ${offset + i}`);
}

/** Takes memory away from whoever still looks at it, as a browser does. */
class OneStream implements ByteStream {
  isClosed = false;
  given = 0;

  constructor(private at: number) {}

  async fill(memory: Octets, from: number, _least: number, to: number): Promise<FilledMemory> {
    await Promise.resolve();
    if (this.isClosed) throw new Error('closed');
    const mine = structuredClone(memory, { transfer: [memory.buffer] });
    for (let i = from; i < to; i++) mine[i] = byteAt(this.at++);
    this.given += to - from;
    return { memory: mine, end: to };
  }

  close(): void {
    this.isClosed = true;
  }
}

class StreamedFile implements Source {
  readonly size = size;
  readonly opened: OneStream[] = [];
  readonly apart: { offset: number; length: number }[] = [];

  read(offset: number, length: number): Promise<Octets> {
    this.apart.push({ offset, length });
    const bytes = new Uint8Array(available(size, offset, length));
    for (let i = 0; i < bytes.length; i++) bytes[i] = byteAt(offset + i);
    return Promise.resolve(bytes);
  }

  streamFrom(offset: number): ByteStream {
    const stream = new OneStream(offset);
    this.opened.push(stream);
    return stream;
  }
}

/** As frames of a package are read: header, what stands behind the body, then the body. */
async function readFrames(source: StreamedWindow, from: number, body: number, end: number): Promise<void> {
  for (let at = from; at + body + 300 < end; at += body + 300) {
    requireSame(await source.read(at, 100), at, 100);
    requireSame(await source.read(at + 100 + body, 200), at + 100 + body, 200);
    for (let done = 0; done < body; ) {
      const lent = await source.lend(at + 100 + done, Math.min(40_000, body - done), body - done);
      requireSame(lent, at + 100 + done, lent.length);
      done += lent.length;
    }
  }
}

test('frames whose ends are read before their bodies take one stream, and each byte once', async () => {
  for (const body of [200_000, pieceSize, 3 * pieceSize + 11]) {
    const file = new StreamedFile();
    await readFrames(new StreamedWindow(file), 1000, body, size);
    // The first header lies far from anything that was read.
    const far = file.apart.filter(({ length }) => length > 200);
    assert.deepEqual(far, []);
    assert.equal(file.opened.length, 1, `body of ${body}`);
    assert.ok((file.opened[0]?.given ?? 0) <= size);
  }
});

test('pieces in any order are those of the file, and what is read is kept', async () => {
  const source = new StreamedWindow(new StreamedFile());
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const kept: { offset: number; bytes: Octets; length: number }[] = [];
  for (let i = 0; i < 40; i++) {
    const offset = random(size);
    const length = random(i % 4 === 0 ? 3 * pieceSize : 60_000);
    kept.push({ offset, length, bytes: await source.read(offset, length) });
    const lent = await source.lend(offset, length, length);
    requireSame(lent, offset, length);
  }
  for (const { offset, bytes, length } of kept) requireSame(bytes, offset, length);
});

test('those who read at the same time in different places get what they asked for', async () => {
  const source = new StreamedWindow(new StreamedFile());
  const places = [0, 15 * pieceSize, 5, 9 * pieceSize + 77, size - 100_000];
  const all = await Promise.all(places.map((at) => source.read(at, 2 * pieceSize)));
  for (const [i, at] of places.entries()) requireSame(all[i] as Octets, at, 2 * pieceSize);
});

test('what was lent is taken back at last, and never becomes other bytes', async () => {
  const source = new StreamedWindow(new StreamedFile());
  const first = await source.lend(0, 1000, 1000);
  for (let at = 1000; at < size; at += pieceSize) {
    if (first.length > 0) requireSame(first, 0, first.length);
    await source.lend(at, 1000, 1000);
  }
  assert.equal(first.length, 0, `more than ${piecesKept} pieces later its memory is used again`);
});

test('what could not be read is told, and read anew when it is asked for again', async () => {
  const file = new StreamedFile();
  const source = new StreamedWindow(file);
  await source.lend(0, 10, 10);
  file.opened[0]?.close();
  await assert.rejects(source.read(0, 9 * pieceSize), /closed/);
  requireSame(await source.read(5, pieceSize), 5, pieceSize);
  assert.equal(file.opened.length, 2);
});

test('scratch memory holds what was asked for, is used again, and is given back where its user fails', async () => {
  const scratch = new Scratch();
  const source = new MemorySource(Uint8Array.from({ length: 3000 }, (_, i) => i & 0xff));
  const seen = new Set<ArrayBuffer>();
  for (const [offset, length] of [[0, 1000], [1500, 2000], [10, 5]] as const) {
    await scratch.with(source, offset, length, async (memory) => {
      assert.equal(memory.size, available(3000, offset, length));
      const lent = await memory.lend(0, memory.size, memory.size);
      assert.equal(lent[0], offset & 0xff);
      seen.add(lent.buffer);
    });
  }
  await assert.rejects(scratch.with(source, 0, 10, () => Promise.reject(new Error('no'))), /no/);
  await scratch.with(source, 0, 10, async (memory) => void seen.add((await memory.lend(0, 1, 1)).buffer));
  assert.equal(seen.size, 1);
  const both: ArrayBuffer[] = [];
  const buffer = async (memory: LentMemory): Promise<number> => both.push((await memory.lend(0, 1, 1)).buffer);
  await Promise.all([scratch.with(source, 0, 10, buffer), scratch.with(source, 0, 10, buffer)]);
  assert.notEqual(both[0], both[1], 'nobody shares it with another');
});

test('what is read of lent memory is a copy', async () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  const memory = new LentMemory(bytes);
  const copy = await memory.read(1, 9);
  bytes[1] = 9;
  assert.deepEqual([...copy], [2, 3, 4]);
  assert.deepEqual([...(await memory.lend(1, 1, 2))], [9, 3]);
});

test('workers go through long runs in turn, and through short ones towards the end', () => {
  const total = 1 << 30;
  const segment = 2 << 20;
  const workers = [0, 1, 2, 3].map(() => ({ waiting: new Map<number, number>(), isGone: false, done: 0 }));
  const distribution = new Distribution(workers, (at, count) => endOfStreamedRun(total, at, count));
  const runs: number[] = [];
  let last: unknown = null;
  for (let at = 0, id = 0; at < total; at += segment, id++) {
    const worker = distribution.pick(at);
    assert.ok(worker !== null);
    worker.done += segment;
    worker.waiting.set(id, at);
    if (worker !== last) runs.push(0);
    runs[runs.length - 1] = (runs[runs.length - 1] ?? 0) + segment;
    last = worker;
  }
  assert.ok(runs.length <= 30, `${runs.length} runs`);
  assert.ok((runs[0] as number) >= 90 << 20 && (runs[runs.length - 1] as number) <= 18 << 20);
  for (const { done } of workers) assert.ok(Math.abs(done - total / 4) <= 32 << 20, `${done} bytes`);
});

test('small segments do not all go to one worker', () => {
  const workers = [0, 1].map(() => ({ waiting: new Map<number, number>(), isGone: false }));
  const distribution = new Distribution(workers, (at) => at + (64 << 20));
  for (let i = 0; i < 4 * jobsInRun; i++) distribution.pick(i * 1000)?.waiting.set(i, i);
  assert.deepEqual(workers.map(({ waiting }) => waiting.size), [2 * jobsInRun, 2 * jobsInRun]);
  for (const worker of workers) worker.isGone = true;
  assert.equal(distribution.pick(0), null);
});
