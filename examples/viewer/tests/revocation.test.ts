/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { useCrypto } from '../src/crypto/platform.js';
import { verifyContainer } from '../src/container/verify.js';
import { MemorySource } from '../src/bytes/source.js';
import { type Certificate, parseCertificate } from '../src/x509/certificate.js';
import { type RevocationList, Revocations, revocationListsOf } from '../src/x509/crl.js';
import { certificatesOf } from '../src/x509/pem.js';
import { vectorPath } from './vectors.js';

useCrypto(webcrypto as unknown as Crypto);

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const day = 86_400_000_000_000n;

function certificate(name: string): Certificate {
  return certificatesOf(readFileSync(vectorPath(`keys/${name}.pem`)))[0] as Certificate;
}

/** A list by the openssl program in the name of a CA of the vectors, with lines of its database. */
function makeList(authority: string, lines: readonly string[], digest = 'sha256'): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'svms-crl-'));
  const database = join(folder, 'index.txt');
  writeFileSync(database, lines.map((line) => `${line}\n`).join(''));
  const config = join(folder, 'ca.cnf');
  const ca = vectorPath(`keys/${authority}`);
  writeFileSync(
    config,
    `[ca]\ndefault_ca=one\n[one]\ndatabase=${database}\ncertificate=${ca}.pem\nprivate_key=${ca}.key.pem\ndefault_md=${digest}\ndefault_crl_days=30\n`,
  );
  const made = spawnSync('openssl', ['ca', '-config', config, '-gencrl']);
  rmSync(folder, { recursive: true });
  assert.equal(made.status, 0, made.stderr.toString());
  return new Uint8Array(made.stdout);
}

function revokedLine(name: string, date: string): string {
  const { serial } = certificate(name);
  return `R\t21191231000000Z\t${date}Z\t${serial.toUpperCase()}\tunknown\t/CN=${name}`;
}

async function verdict(lists: readonly RevocationList[], now: bigint): Promise<{ outcome: string; identity: string | undefined; revocation: string | undefined }> {
  const bytes = new Uint8Array(readFileSync(vectorPath('good-signed-ed25519.svms')));
  const trust = {
    anchors: { certificates: [certificate('ca')] },
    stampAnchors: { certificates: [] },
    revocationLists: lists,
    now,
    acceptClaimedTime: true,
  };
  const report = await verifyContainer(new MemorySource(bytes), { trust });
  return { outcome: report.outcome, identity: report.signer?.identity, revocation: report.signer?.revocation };
}

test('revocation lists', { skip: hasOpenssl ? false : 'the program openssl is not there' }, async () => {
  // A minute ahead: lists that are made below must not be of the future.
  const now = BigInt(Date.now() + 60_000) * 1_000_000n;
  const other = revocationListsOf(makeList('ca', [revokedLine('p256', '240101000000')]));
  assert.deepEqual(await verdict([], now), { outcome: 'authentic', identity: 'trusted', revocation: 'not_checked' });
  assert.deepEqual(await verdict(other, now), { outcome: 'authentic', identity: 'trusted', revocation: 'good' });
  assert.equal((await verdict(other, now + 60n * day)).revocation, 'stale');
  const named = revocationListsOf(makeList('ca', [revokedLine('ed25519', '240101000000')]));
  assert.deepEqual(await verdict(named, now), { outcome: 'untrusted', identity: 'revoked', revocation: 'revoked' });
  assert.equal((await verdict([...other, ...named], now + 60n * day)).outcome, 'untrusted');
  assert.throws(() => revocationListsOf(makeList('ca', [], 'sha1')), /weak/);
});

test('a list in the name of an authority whose key does not verify it', { skip: hasOpenssl ? false : 'the program openssl is not there' }, async () => {
  const [list] = revocationListsOf(makeList('ca', [revokedLine('ed25519', '240101000000')]));
  assert.ok(list !== undefined);
  const forged = { ...list, tbs: list.tbs.slice() };
  forged.tbs[forged.tbs.length - 1] = (forged.tbs[forged.tbs.length - 1] as number) ^ 1;
  const revocations = new Revocations([forged], BigInt(Date.now()) * 1_000_000n);
  assert.equal((await revocations.of(certificate('ed25519'), certificate('ca'))).state, 'not_checked');
  assert.equal(revocations.refused.size, 1);
});

test('a certificate with a byte behind it is none', () => {
  const { der } = certificate('ed25519');
  const longer = new Uint8Array(der.length + 1);
  longer.set(der);
  assert.throws(() => parseCertificate(longer));
});
