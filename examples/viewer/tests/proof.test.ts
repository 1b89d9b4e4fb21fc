/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { MemorySource } from '../src/bytes/source.js';
import { useCrypto } from '../src/crypto/platform.js';
import { type ProofReport, verifyProof } from '../src/package/proof.js';
import { certificatesOf } from '../src/x509/pem.js';
import { vectorPath } from './vectors.js';

useCrypto(webcrypto as unknown as Crypto);

const now = 1_800_000_000_000_000_000n;

function file(name: string): Uint8Array {
  return new Uint8Array(readFileSync(vectorPath(`packages/${name}`)));
}

function verify(proof: Uint8Array, film: Uint8Array | null): Promise<ProofReport> {
  const trust = { anchors: { certificates: certificatesOf(readFileSync(vectorPath('keys/ca.pem'))) }, stampAnchors: { certificates: [] }, now };
  return verifyProof(new MemorySource(proof), film === null ? null : new MemorySource(film), { trust });
}

const isThorough = process.env['SVMS_THOROUGH'] !== undefined;
const stride = isThorough ? 1 : 17;
const firstByte = isThorough ? 0 : Math.floor(Date.now() / 1000) % stride;

test('a film of which any byte was altered is not the one that was signed', async () => {
  const proof = file('good-proof-two-tracks.proof');
  const good = file('good-proof-two-tracks.mp4');
  assert.equal((await verify(proof, good)).verdict, 'authentic');
  for (let at = firstByte; at < good.length; at += stride) {
    const bad = good.slice();
    bad[at] = (bad[at] as number) ^ (1 << at % 8);
    const report = await verify(proof, bad);
    assert.equal(report.presentation, 'differs');
    assert.ok(report.verdict === 'incomplete' || report.verdict === 'not_authentic', `byte ${at}: ${report.verdict}`);
  }
});

test('a proof of which any byte was altered proves nothing', async () => {
  const good = file('good-proof-two-tracks.proof');
  const film = file('good-proof-two-tracks.mp4');
  for (let at = firstByte; at < good.length; at += stride) {
    const bad = good.slice();
    bad[at] = (bad[at] as number) ^ (1 << at % 8);
    const { verdict } = await verify(bad, film);
    assert.ok(['not_authentic', 'malformed', 'unsupported'].includes(verdict), `byte ${at}: ${verdict}`);
  }
});

test('a film that is cut anywhere is no film', async () => {
  const proof = file('good-proof-two-tracks.proof');
  const good = file('good-proof-two-tracks.mp4');
  for (let size = firstByte; size < good.length; size += stride) {
    const report = await verify(proof, good.subarray(0, size));
    assert.equal(report.verdict, 'not_authentic', `cut at ${size}`);
  }
});

test('a proof without its file is incomplete', async () => {
  const report = await verify(file('good-proof-film.proof'), null);
  assert.equal(report.verdict, 'incomplete');
  assert.equal(report.evidence.outcome, 'authentic');
  assert.equal(report.presentation, null);
});
