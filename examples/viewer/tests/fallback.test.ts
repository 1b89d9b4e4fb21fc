/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MemorySource } from '../src/bytes/source.js';
import { useCrypto } from '../src/crypto/platform.js';
import { verifyContainer } from '../src/container/verify.js';
import type { Anchors } from '../src/x509/path.js';
import { certificatesOf } from '../src/x509/pem.js';
import { vectorPath } from './vectors.js';

/** Web Cryptography of a browser that does not know Ed25519. */
function withoutEd25519(): Crypto {
  const real = webcrypto.subtle as unknown as SubtleCrypto;
  const subtle = new Proxy(real, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...words: readonly unknown[]): unknown => {
        const isAsked = name === 'importKey' && (words[2] as { name?: string }).name === 'Ed25519';
        if (isAsked) return Promise.reject(new DOMException('not known', 'NotSupportedError'));
        return Reflect.apply(member as (...all: readonly unknown[]) => unknown, target, words);
      };
    },
  });
  return { subtle } as unknown as Crypto;
}

function outcome(bytes: Uint8Array, anchors: Anchors): Promise<string> {
  const trust = { anchors, stampAnchors: { certificates: [] }, now: 1_800_000_000_000_000_000n };
  return verifyContainer(new MemorySource(bytes), { trust }).then((report) => report.outcome);
}

const ca = certificatesOf(readFileSync(vectorPath('keys/ca.pem')));
const vector = (name: string): Uint8Array => new Uint8Array(readFileSync(vectorPath(`${name}.svms`)));

test('Ed25519 where the browser does not know it', async () => {
  useCrypto(withoutEd25519());
  assert.equal(await outcome(vector('good-signed-ed25519'), { certificates: ca }), 'authentic');
  assert.equal(await outcome(vector('bad-signature-wrong'), { certificates: ca }), 'not_authentic');
  useCrypto(webcrypto as unknown as Crypto);
});

test('a fingerprint makes a certificate of the file trusted', async () => {
  useCrypto(webcrypto as unknown as Crypto);
  const leaf = certificatesOf(readFileSync(vectorPath('keys/ed25519.pem')))[0];
  assert.ok(leaf !== undefined);
  const bytes = vector('good-signed-ed25519');
  assert.equal(await outcome(bytes, { certificates: [], fingerprints: [leaf.fingerprint] }), 'authentic');
  assert.equal(await outcome(bytes, { certificates: [], fingerprints: [new Uint8Array(32)] }), 'untrusted');
});
