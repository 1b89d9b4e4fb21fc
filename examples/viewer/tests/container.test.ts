/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { Cursor } from '../src/bytes/cursor.js';
import { FormatError } from '../src/bytes/errors.js';
import { MemorySource } from '../src/bytes/source.js';
import { useCrypto } from '../src/crypto/platform.js';
import { openContainer } from '../src/container/opening.js';
import type { ContainerReport } from '../src/container/report.js';
import { type VerifyOptions, verifyContainer } from '../src/container/verify.js';
import { certificatesOf } from '../src/x509/pem.js';
import { vectorPath } from './vectors.js';

useCrypto(webcrypto as unknown as Crypto);

const now = 1_800_000_000_000_000_000n;

function options(): VerifyOptions {
  const anchors = { certificates: certificatesOf(readFileSync(vectorPath('keys/ca.pem'))) };
  const stampAnchors = { certificates: certificatesOf(readFileSync(vectorPath('keys/tsa-ca.pem'))) };
  return { trust: { anchors, stampAnchors, now } };
}

function vector(name: string): Uint8Array {
  return new Uint8Array(readFileSync(vectorPath(`${name}.svms`)));
}

function verify(bytes: Uint8Array): Promise<ContainerReport> {
  return verifyContainer(new MemorySource(bytes), options());
}

test('a cursor never leaves its bytes', () => {
  const cursor = new Cursor(Uint8Array.of(1, 2, 3), 'test', 100);
  assert.equal(cursor.u16(), 0x0102);
  assert.throws(() => cursor.u16(), (error: unknown) => error instanceof FormatError && error.offset === 102);
  assert.equal(cursor.u8(), 3);
  assert.throws(() => cursor.slice(1), FormatError);
  assert.throws(() => cursor.slice(-1), FormatError);
  cursor.end('test');
});

/** Every byte when SVMS_THOROUGH is set, which takes minutes; otherwise some, others each second. */
const isThorough = process.env['SVMS_THOROUGH'] !== undefined;
const stride = isThorough ? 1 : 11;
const firstByte = isThorough ? 0 : Math.floor(Date.now() / 1000) % stride;

/** Vectors of which bytes are altered, one at a time; in the access block that is damage only. */
const flipped = ['good-late-mixed', 'good-deferred', 'good-trailer', 'good-evidence', 'worked-example'];

for (const name of flipped) {
  test(`altered bytes of ${name} are noticed`, async () => {
    const good = vector(name);
    const opened = await openContainer(new MemorySource(good));
    for (let at = firstByte; at < good.length; at += stride) {
      const bad = good.slice();
      bad[at] = (bad[at] as number) ^ (1 << at % 8);
      const { outcome } = await verify(bad);
      const isInSlots = at >= opened.opening.length && at < opened.firstRecord;
      const allowed = isInSlots ? ['incomplete'] : ['not_authentic', 'malformed', 'unsupported'];
      assert.ok(allowed.includes(outcome), `byte ${at}: ${outcome}`);
    }
  });
}

for (const name of ['good-late', 'good-trailer-three', 'worked-example']) {
  test(`${name}, cut anywhere, is never authentic and never false`, async () => {
    const good = vector(name);
    for (let size = firstByte; size < good.length; size += stride) {
      const { outcome, reason } = await verify(good.subarray(0, size));
      // A file that ends between a tail and a trailer is whole.
      if (outcome === 'authentic') assert.ok(name.startsWith('good-trailer'), `cut at ${size}`);
      else assert.ok(outcome === 'malformed' || outcome === 'incomplete', `cut at ${size}: ${outcome} ${reason}`);
    }
  });
}

