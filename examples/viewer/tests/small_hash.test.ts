/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { hex } from '../src/bytes/octets.js';
import { smallSha256 } from '../src/crypto/small_sha256.js';

test('small hashes are those of Node.js, for every length', () => {
  const bytes = Uint8Array.from({ length: 2000 }, (_, i) => (i * 73 + (i >> 3)) & 0xff);
  for (let size = 0; size <= bytes.length; size++) {
    const some = bytes.subarray(size % 7, size % 7 + size);
    assert.equal(hex(smallSha256(some)), createHash('sha256').update(some).digest('hex'), `${some.length} bytes`);
  }
});

test('each of many blocks counts', () => {
  const bytes = new Uint8Array(300_000).map((_, i) => i >> 5);
  assert.equal(hex(smallSha256(bytes)), createHash('sha256').update(bytes).digest('hex'));
});
