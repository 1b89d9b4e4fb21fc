/* SPDX-License-Identifier: Apache-2.0 */
/* Attachments: the same findings in one job, in two, and over ports; progress, precedence, abort, workers that die. */
import assert from 'node:assert/strict';
import { createHash, webcrypto } from 'node:crypto';
import { after, test } from 'node:test';
import { type Octets, concat } from '../src/bytes/octets.js';
import { MemorySource, type Source } from '../src/bytes/source.js';
import type { Port } from '../src/container/check_pool.js';
import { ContentKeys } from '../src/container/keys.js';
import { AeadKey, nonceSize } from '../src/crypto/aead.js';
import { hkdfExpand, hkdfExtract } from '../src/crypto/kdf.js';
import { useCrypto } from '../src/crypto/platform.js';
import { type AttachmentPlace, bodyKey, checkAttachments } from '../src/package/attachments.js';
import type { FrameEntry } from '../src/package/directory.js';
import { frameFlag, frameHeaderSize, frameKind, sealedChunk } from '../src/package/format.js';
import { maxWatched } from '../src/package/frames.js';
import { FramePool, serveFrames } from '../src/package/frame_pool.js';
import type { AttachmentReport } from '../src/package/report.js';
import { channel } from './session_platform.js';

useCrypto(webcrypto as unknown as Crypto);

const sha256 = (bytes: Uint8Array): Octets => new Uint8Array(createHash('sha256').update(bytes).digest());
const hexOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function bytesOf(size: number, seed: number): Octets {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 13) + seed) & 0xff;
  return bytes;
}

function headerOf(number: number, flags: number, size: number): Octets {
  const header = new Uint8Array(frameHeaderSize);
  const view = new DataView(header.buffer);
  header[0] = frameKind.attachment;
  header[1] = flags;
  view.setBigUint64(16, BigInt(size));
  view.setBigUint64(24, BigInt(number));
  return header;
}

async function sealed(plain: Octets, key: Octets, header: Octets): Promise<Octets> {
  const aead = await AeadKey.of(key);
  const chunks: Octets[] = [];
  for (let at = 0; at < plain.length; at += sealedChunk) {
    const nonce = new Uint8Array(nonceSize);
    new DataView(nonce.buffer).setBigUint64(4, BigInt(at / sealedChunk));
    chunks.push(await aead.seal(nonce, plain.slice(at, at + sealedChunk), header));
  }
  return concat(...chunks);
}

/** Frames of attachments, one behind the other, as a package holds them. */
async function placeOf(contents: readonly Octets[], keys: ContentKeys | null): Promise<AttachmentPlace & { bytes: Octets }> {
  const pieces: Octets[] = [new Uint8Array(1000)];
  const entries: FrameEntry[] = [];
  let offset = 1000;
  for (const [number, content] of contents.entries()) {
    const isSealed = keys !== null && content.length > 0;
    const flags = isSealed ? frameFlag.sealed : 0;
    const chunks = Math.ceil(content.length / sealedChunk);
    const header = headerOf(number, flags, content.length + (isSealed ? 16 * chunks : 0));
    const entry: FrameEntry = {
      index: number + 1, offset, end: 0, kind: frameKind.attachment, flags, number, origin: 0, firstUtc: 0n, lastUtc: 0n, digest: new Uint8Array(32),
    };
    const body = isSealed ? await sealed(content, bodyKey(entry, keys) as Octets, header) : content;
    const frame = concat(header, body);
    entry.digest = sha256(frame);
    offset += frame.length;
    entry.end = offset;
    entries.push(entry);
    pieces.push(frame);
  }
  const bytes = concat(...pieces);
  return { bytes, source: new MemorySource(bytes), isSealed: keys !== null, keys, entries };
}

const opened: { close(): void }[] = [];
after(() => opened.forEach((one) => one.close()));

/** Workers of this thread, to whose ports everything is cloned. */
function workers(count: number, sourceOf: (worker: number) => Source): { pool: FramePool<null>; kill: ((reason: string) => void)[] } {
  const channels = Array.from({ length: count }, () => channel());
  opened.push(...channels);
  const kill: ((reason: string) => void)[] = [];
  const ends = channels.map(({ ends: [near, far] }, i): Port => {
    serveFrames<null>(far, () => sourceOf(i));
    return { ...near, failed: (handler) => void (kill[i] = handler) };
  });
  return { pool: new FramePool(ends, null), kill };
}

/** A source that counts its reads. */
class CountedSource implements Source {
  readonly size: number;
  reads = 0;

  constructor(private readonly inner: Source, private readonly onRead: () => void = () => undefined) {
    this.size = inner.size;
  }

  async read(offset: number, length: number): Promise<Octets> {
    this.reads++;
    this.onRead();
    await new Promise((resolve) => setImmediate(resolve));
    return this.inner.read(offset, length);
  }
}

function keysOf(seed: number): ContentKeys {
  const [key, id, hash] = [bytesOf(32, seed), bytesOf(16, 1), bytesOf(32, 2)];
  return ContentKeys.of(key, id, hash, hkdfExpand(hkdfExtract(id, key), 'svms1 key check', 32)) as ContentKeys;
}

const keys = keysOf(5);
const small = bytesOf(70_000, 1);
const empty = new Uint8Array(0);
const large = bytesOf(maxWatched + 3_000_001, 2);

async function bothWays(place: AttachmentPlace): Promise<AttachmentReport[]> {
  const here = await checkAttachments(place, { progress: () => undefined });
  const { pool } = workers(2, () => place.source);
  const offsets: number[] = [];
  const there = await checkAttachments(place, { progress: (offset) => offsets.push(offset), checker: pool.checkAttachment });
  assert.deepEqual(there, here);
  assert.ok(offsets.every((offset, i) => offset > (offsets[i - 1] ?? 0)), 'progress never goes back');
  const last = offsets[offsets.length - 1] ?? 0;
  const end = place.entries[place.entries.length - 1]?.end ?? 0;
  assert.ok(last <= end && last > end - 2 * place.entries.length, 'all bytes of attachments count');
  return here;
}

test('attachments are hashed alike here and in workers, sealed or not', async () => {
  const contents = [small, empty, large];
  for (const given of [null, keys]) {
    const reports = await bothWays(await placeOf(contents, given));
    assert.deepEqual(reports, contents.map((content, number) => ({ number, verdict: 'authentic', reason: '', size: content.length, sha256: hexOf(content) })));
  }
});

test('without the key only frames are compared', async () => {
  const place = { ...(await placeOf([small, large], keys)), keys: null };
  const reports = await bothWays(place);
  assert.deepEqual(reports.map(({ verdict, size, sha256: digest }) => [verdict, size, digest]), Array(2).fill(['authentic', null, null]));
});

test('an altered byte, another key, another size: the frame speaks first', async () => {
  const good = await placeOf([small, large], keys);
  const bytes = good.bytes.slice();
  for (const entry of good.entries) bytes[entry.end - 20] = 255 - (bytes[entry.end - 20] ?? 0);
  for (const report of await bothWays({ ...good, source: new MemorySource(bytes) })) {
    assert.equal(report.verdict, 'not_authentic');
    assert.match(report.reason, /E-DIR-2/);
    assert.deepEqual([report.size, report.sha256], [null, null]);
  }
  for (const report of await bothWays({ ...good, keys: keysOf(6) })) assert.equal(report.verdict, 'undecryptable');
  for (const report of await bothWays({ ...good, source: new MemorySource(good.bytes.subarray(0, 1500)) })) assert.equal(report.verdict, 'not_authentic');
});

test('the two digests of a large attachment are made in two workers', async () => {
  const place = await placeOf([large], null);
  const sources: CountedSource[] = [];
  const { pool } = workers(2, () => {
    const source = new CountedSource(place.source);
    sources.push(source);
    return source;
  });
  await checkAttachments(place, { progress: () => undefined, checker: pool.checkAttachment });
  assert.equal(sources.length, 2);
  for (const { reads } of sources) assert.ok(reads >= 5, `${reads} reads`);
});

test('an abort ends it at once, and workers stop reading', async () => {
  const place = await placeOf([large, large], null);
  const stop = new AbortController();
  const sources: CountedSource[] = [];
  const { pool } = workers(1, () => {
    const source = new CountedSource(place.source);
    sources.push(source);
    return source;
  });
  const options = { progress: () => stop.abort(new Error('enough')), signal: stop.signal, checker: pool.checkAttachment };
  await assert.rejects(checkAttachments(place, options), /enough/);
  const before = sources[0]?.reads ?? 0;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok((sources[0]?.reads ?? 0) <= before + 3, 'it reads no further');
  await assert.rejects(checkAttachments(place, options), /enough/);
});

test('what has precedence holds workers up, and they go on behind it', async () => {
  const place = await placeOf([large], null);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let told = 0;
  const { pool } = workers(2, () => place.source);
  const checked = checkAttachments(place, {
    progress: () => told++,
    checker: (job, watch) => pool.checkAttachment(job, { ...watch, turn: () => held }),
  });
  while (told === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.ok(told > 0 && told <= 4, `${told} pieces while something else had precedence`);
  release();
  assert.equal((await checked)[0]?.sha256, hexOf(large));
});

test('what a worker leaves that dies, another does; without any, this thread', async () => {
  const place = await placeOf([large, small], keys);
  const { pool, kill } = workers(2, () => place.source);
  let dead = 0;
  const reports = await checkAttachments(place, {
    progress: () => {
      if (dead < 2) kill[dead++]?.('it died');
    },
    checker: pool.checkAttachment,
  });
  assert.equal(dead, 2);
  assert.deepEqual(reports.map((report) => report.sha256), [hexOf(large), hexOf(small)]);
});

test('a file that cannot be read is no verdict, and its error keeps its name', async () => {
  const place = await placeOf([large], null);
  const gone: Source = { size: place.source.size, read: () => Promise.reject(Object.assign(new Error('it is gone'), { name: 'NotReadableError' })) };
  const { pool } = workers(1, () => gone);
  await assert.rejects(pool.checkAttachment({ entry: place.entries[0] as FrameEntry, isSealed: false, key: null, part: 'frame' }, { progress: () => undefined }), { name: 'NotReadableError' });
  await assert.rejects(checkAttachments({ ...place, source: gone }, { progress: () => undefined, checker: pool.checkAttachment }), { name: 'NotReadableError' });
});
