/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { FormatError } from '../src/bytes/errors.js';
import { concat, hex } from '../src/bytes/octets.js';
import { MemorySource } from '../src/bytes/source.js';
import type { ContentKeys } from '../src/container/keys.js';
import { UndecryptableError } from '../src/container/samples.js';
import { sha256Now } from '../src/crypto/hash.js';
import { useCrypto } from '../src/crypto/platform.js';
import { openAttachment, openCase } from '../src/package/contents.js';
import { parseJson } from '../src/package/json.js';
import { openPackage, unlockPackage } from '../src/package/opening.js';
import { SourceReader, mayShow } from '../src/package/reading.js';
import type { PackageReport } from '../src/package/report.js';
import { type PackageOptions, verifyPackage } from '../src/package/verify.js';
import { certificatesOf } from '../src/x509/pem.js';
import { openFramePool } from './node_pool.js';
import { kitOfPackage } from './kit_report.js';
import { vectorPath } from './vectors.js';

useCrypto(webcrypto as unknown as Crypto);

const now = 1_800_000_000_000_000_000n;
const password = 'package password';

function options(): PackageOptions {
  const anchors = { certificates: certificatesOf(readFileSync(vectorPath('keys/ca.pem'))) };
  const stampAnchors = { certificates: certificatesOf(readFileSync(vectorPath('keys/tsa-ca.pem'))) };
  return { trust: { anchors, stampAnchors, now } };
}

function pathOf(name: string): string {
  return vectorPath(`packages/${name}.svmx`);
}

function vector(name: string): Uint8Array {
  return new Uint8Array(readFileSync(pathOf(name)));
}

function verify(bytes: Uint8Array, more: Partial<PackageOptions> = {}): Promise<PackageReport> {
  return verifyPackage(new MemorySource(bytes), { ...options(), ...more });
}

/** Every byte when SVMS_THOROUGH is set; otherwise some, others each second. */
const isThorough = process.env['SVMS_THOROUGH'] !== undefined;
const stride = isThorough ? 1 : 23;
const firstByte = isThorough ? 0 : Math.floor(Date.now() / 1000) % stride;

for (const name of ['good-whole', 'good-links', 'good-sealed-mixed', 'good-late-within', 'good-tokens']) {
  test(`altered bytes of package ${name} are noticed`, async () => {
    const good = vector(name);
    const whole = await verify(good);
    const newest = whole.links[whole.links.length - 1];
    assert.ok(newest !== undefined);
    const isSeveral = whole.links.length > 1;
    for (let at = firstByte; at < good.length; at += stride) {
      const bad = good.slice();
      bad[at] = (bad[at] as number) ^ (1 << at % 8);
      const { outcome, reason } = await verify(bad);
      // A newest link that no tail ends any more was interrupted; one of an unknown algorithm is not trusted.
      const allowed = at >= newest.offset && isSeveral
        ? ['not_authentic', 'malformed', 'unsupported', 'incomplete', 'untrusted']
        : ['not_authentic', 'malformed', 'unsupported', 'untrusted'];
      assert.ok(allowed.includes(outcome), `byte ${at}: ${outcome} ${reason}`);
    }
  });
}

test('a package that is cut anywhere is never authentic, and never false behind its first link', async () => {
  const good = vector('good-links');
  const { links } = await verify(good);
  const ends = links.map((_, i) => links[i + 1]?.offset ?? good.length);
  for (let size = firstByte; size < good.length; size += stride) {
    const { outcome, reason } = await verify(good.subarray(0, size));
    if (size < (ends[0] as number)) assert.equal(outcome, 'malformed', `cut at ${size}: ${reason}`);
    else assert.equal(outcome, ends.includes(size) ? 'authentic' : 'incomplete', `cut at ${size}: ${reason}`);
  }
});

test('a wrong password opens nothing, and says so', async () => {
  const source = new MemorySource(vector('good-sealed-mixed'));
  const opened = await openPackage(source);
  const wrong = await unlockPackage(opened, { password: 'not this one' });
  assert.equal(wrong?.state, 'wrong_key');
  const report = await verifyPackage(source, { ...options(), credentials: { password: 'not this one' } });
  assert.equal(report.outcome, 'undecryptable');
  assert.equal(report.access.state, 'wrong_key');
  assert.equal(report.links[0]?.verdict, 'authentic');
  assert.equal(await openCase(opened, null), null);
});

async function keysOf(name: string): Promise<{ reader: SourceReader; keys: ContentKeys | null }> {
  const opened = await openPackage(new MemorySource(vector(name)));
  const unlocked = await unlockPackage(opened, { password });
  const keys = unlocked?.state === 'opened' ? unlocked.keys : null;
  return { reader: await SourceReader.open(opened, 0, keys), keys };
}

async function samplesOf(name: string): Promise<string[]> {
  const { reader } = await keysOf(name);
  const found: string[] = [];
  for await (const listed of reader.segments()) {
    const segment = await reader.read(listed);
    assert.ok(mayShow(segment, true, []));
    let count = 0;
    for await (const sample of segment.samples()) {
      found.push(`${sample.segment} ${sample.track.number} ${sample.dts} ${sample.utc} ${hex(sha256Now(sample.data))}`);
      count++;
    }
    assert.equal(count, segment.manifest.entries.reduce((sum, entry) => sum + entry.leaves, 0));
  }
  return found;
}

test('samples of strong, light and clear tracks are read, sealed or not', async () => {
  const sealed = await samplesOf('good-sealed-mixed');
  assert.ok(sealed.length > 0);
  assert.deepEqual(await samplesOf('good-unsealed-secrets'), sealed);
});

test('samples are found by time', async () => {
  const { reader } = await keysOf('good-sealed-mixed');
  const all = [];
  for await (const listed of reader.segments()) all.push(listed);
  for (const listed of all) {
    assert.equal((await reader.locate(listed.firstUtc))?.number, listed.number);
    assert.equal((await reader.locate(listed.lastUtc - 1n))?.number, listed.number);
  }
  assert.equal(await reader.locate(now), null);
});

test('without the password nothing of a sealed body is read', async () => {
  const opened = await openPackage(new MemorySource(vector('good-sealed-mixed')));
  const reader = await SourceReader.open(opened, 0, null);
  const listed = await reader.locate(0n);
  assert.ok(listed !== null);
  await assert.rejects(reader.read(listed), UndecryptableError);
});

test('removed tracks are not there, the others are', async () => {
  const { reader } = await keysOf('good-without-0');
  assert.deepEqual([...reader.info.removed], [0]);
  const listed = await reader.locate(0n);
  assert.ok(listed !== null);
  const segment = await reader.read(listed);
  assert.ok(!segment.tracks.has(0) && segment.tracks.size > 0);
  for await (const sample of segment.samples()) assert.notEqual(sample.track.number, 0);
});

test('an altered segment is not read', async () => {
  const opened = await openPackage(new MemorySource(vector('bad-body-sample')));
  const reader = await SourceReader.open(opened, 0, null);
  const verdicts: boolean[] = [];
  for await (const listed of reader.segments()) {
    verdicts.push(await reader.read(listed).then(() => true, (error: unknown) => {
      assert.ok(error instanceof FormatError);
      return false;
    }));
  }
  assert.deepEqual(verdicts.slice(0, 2), [true, false]);
});

test('attachments are read as they were put in', async () => {
  for (const name of ['good-attachments', 'good-attachments-sealed']) {
    const opened = await openPackage(new MemorySource(vector(name)));
    const unlocked = await unlockPackage(opened, { password });
    const keys = unlocked?.state === 'opened' ? unlocked.keys : null;
    const stated = await openCase(opened, keys);
    assert.ok(stated !== null && stated.attachments.length > 0);
    for (const attachment of stated.attachments) {
      const body = await openAttachment(opened, attachment.number, keys);
      assert.ok(body !== null);
      assert.equal(BigInt(body.size), attachment.size);
      assert.equal(hex(sha256Now(await body.read(0, body.size))), attachment.sha256);
    }
  }
});

test('verification is cancelled, and tells how far it is', async () => {
  const bytes = vector('good-recording');
  const told: number[] = [];
  await verify(bytes, { progress: (done, of) => told.push(done / of) });
  assert.ok(told.length > 3 && told.every((part, i) => part >= (told[i - 1] ?? 0)) && told[told.length - 1] === 1);
  const controller = new AbortController();
  const stop = new Error('stop');
  const cancelled = verify(bytes, { signal: controller.signal, progress: () => controller.abort(stop) });
  await assert.rejects(cancelled, (error: unknown) => error === stop);
});

test('workers find what one thread finds', async () => {
  for (const name of ['good-recording', 'good-sealed-mixed', 'bad-body-sample', 'bad-secret-wrong', 'good-without-0']) {
    const credentials = { credentials: { password } };
    const here = await verify(vector(name), credentials);
    const { pool, close } = openFramePool(pathOf(name), 2);
    const there = await verify(vector(name), { ...credentials, checker: pool.check, width: 8 });
    await close();
    assert.deepEqual(kitOfPackage(there), kitOfPackage(here));
    assert.equal(there.reason, here.reason);
  }
});

test('a head that is expected is found, or not', async () => {
  const bytes = vector('good-links');
  const { links, receipt } = await verify(bytes);
  assert.ok(receipt !== null);
  assert.deepEqual((await verify(bytes, { expectedHead: receipt })).expectedHead, { found: true, linksSince: 0, isForged: false });
  const older = await verify(bytes, { expectedHead: links[0]?.head ?? receipt });
  assert.equal(older.expectedHead?.linksSince, links.length - 1);
  assert.equal((await verify(bytes, { expectedHead: new Uint8Array(32) })).outcome, 'not_authentic');
});

test('foreign bytes behind a package forbid re-export', async () => {
  const report = await verify(concat(vector('good-whole'), Uint8Array.of(1, 2, 3)));
  assert.equal(report.outcome, 'not_authentic');
  assert.equal(report.reexport, false);
  const zeros = await verify(concat(vector('good-whole'), new Uint8Array(100_000)));
  assert.equal(zeros.outcome, 'incomplete');
  assert.equal(zeros.reexport, true);
});

test('JSON is read strictly, and in bounded time and memory', () => {
  const parse = (text: string): unknown => parseJson(new TextEncoder().encode(text));
  assert.deepEqual(parse(' {"a":[1,-2,"\\u00e4\\ud83d\\ude00",null,true]} '), new Map([['a', [1n, -2n, 'ä😀', null, true]]]));
  const refused = [
    '', '{', '{"a":1,}', '[1,]', '{"a":1 "b":2}', '{"a":1,"a":2}', '01', '1.', '+1', '"\t"', '"\\x"', '"\\ud800"', '"\\u0000"', 'nul', '1 1',
    "{'a':1}", '\ufeff{}', '18446744073709551616', '1e40', '['.repeat(33) + ']'.repeat(33), '['.repeat(1_000_000), `[${'1,'.repeat(600_000)}1]`,
  ];
  for (const text of refused) assert.throws(() => parse(text), FormatError, text.slice(0, 20));
  assert.ok(parse('{"__proto__":{"a":1}}') instanceof Map);
});
