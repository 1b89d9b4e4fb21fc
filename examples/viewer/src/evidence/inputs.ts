/* SPDX-License-Identifier: Apache-2.0 */
import { reasonOf } from '../bytes/errors.js';
import { equal, hex } from '../bytes/octets.js';
import type { Credentials } from '../container/access.js';
import { hashSize } from '../container/format.js';
import { identitiesOf, keyEncryptionKeysOf } from '../container/identities.js';
import type { Trust } from '../container/judgement.js';
import type { Certificate } from '../x509/certificate.js';
import { revocationListsOf } from '../x509/crl.js';
import { nameText } from '../x509/name.js';
import { certificatesOf, parsePem } from '../x509/pem.js';
import { readDigest } from './digest_text.js';
import { type KeyInput, ProblemError, type TrustInput, type TrustView } from './model.js';

const maxKeyFile = 1 << 20;

/** What was given to open something, read. */
export async function credentialsOf(given: KeyInput): Promise<Credentials> {
  const password = given.password === undefined ? {} : { password: given.password };
  if (given.keyFile === undefined) return password;
  if (given.keyFile.length > maxKeyFile) throw new ProblemError('key_unusable', 'the file is too large for a key');
  const text = new TextDecoder('latin1').decode(given.keyFile);
  try {
    const labels = parsePem(text).map((block) => block.label);
    const keys = keyEncryptionKeysOf(text);
    const identities = labels.includes('PRIVATE KEY') ? await identitiesOf(text) : [];
    if (keys.length === 0 && identities.length === 0) {
      const isProtected = labels.includes('ENCRYPTED PRIVATE KEY');
      const found = labels.length === 0 ? 'nothing' : labels.join(', ');
      throw new ProblemError('key_unusable', isProtected ? 'the private key is protected by a password of its own' : `a key was expected, ${found} is there`);
    }
    return { ...password, identities, keys };
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new ProblemError('key_unusable', reasonOf(error));
  }
}

function hashOf(text: string, what: string): Uint8Array {
  const read = readDigest(text);
  if (!read.ok) throw new ProblemError('trust_unusable', `${what} has ${2 * hashSize} hexadecimal digits`);
  return Uint8Array.from({ length: hashSize }, (_, i) => Number.parseInt(read.hex.slice(2 * i, 2 * i + 2), 16));
}

function expectedHeadOf(trust: TrustInput): Uint8Array | null {
  return trust.expectedHead === null || trust.expectedHead.trim() === '' ? null : hashOf(trust.expectedHead, 'a head');
}

/** All that `read` finds in files, of which each must hold something. */
function allOf<T>(files: readonly Uint8Array[], read: (file: Uint8Array) => T[], what: string): T[] {
  return files.flatMap((file) => {
    let found: T[];
    try {
      found = read(file);
    } catch (error) {
      throw new ProblemError('trust_unusable', reasonOf(error));
    }
    if (found.length === 0) throw new ProblemError('trust_unusable', `a file holds no ${what}`);
    return found;
  });
}

function mayVouch(certificate: Certificate): boolean {
  return certificate.isCa && certificate.keyUsage?.certSign !== false;
}

/**
 * The authority that a fingerprint means, among certificates that were carried or given; null where none has it.
 * A signer's own certificate is none: who only knows that one would trust it for every role and forever.
 */
function authorityOf(fingerprint: Uint8Array, known: readonly Certificate[]): Certificate | null {
  const named = known.find((certificate) => equal(certificate.fingerprint, fingerprint));
  if (named === undefined) return null;
  if (!mayVouch(named)) {
    throw new ProblemError('fingerprint_of_signer', `the fingerprint is that of "${named.subjectText}", who signs, and not of an authority: it was issued by "${named.issuerText}"`);
  }
  return named;
}

function subjectsOf(certificates: readonly Certificate[]): TrustView['anchors'] {
  return certificates.map(({ subjectText, fingerprint }) => ({ subject: subjectText, fingerprint: hex(fingerprint) }));
}

/** What a receiver trusts, and how the report says so. */
export interface ReadTrust {
  trust: Trust;
  view: TrustView;
  expectedHead: Uint8Array | null;
  /** Hexadecimal: no certificate has them. They trust nobody, and hinder nothing. */
  unknownFingerprints: string[];
}

/** Reads what a receiver trusts; `carried` are the certificates of all chains in the file. */
export function readTrust(given: TrustInput, carried: readonly Certificate[], now: bigint): ReadTrust {
  const authorities = allOf(given.authorities, certificatesOf, 'certificate');
  const stamps = allOf(given.timeAuthorities, certificatesOf, 'certificate');
  const revocationLists = allOf(given.revocationLists, revocationListsOf, 'revocation list');
  const expectedHead = expectedHeadOf(given);
  const fingerprints = given.fingerprints.filter((text) => text.trim() !== '').map((text) => hashOf(text, 'a fingerprint'));
  const anchors = [...authorities];
  const unknownFingerprints: string[] = [];
  for (const fingerprint of fingerprints) {
    const one = authorityOf(fingerprint, [...authorities, ...carried]);
    if (one === null) unknownFingerprints.push(hex(fingerprint));
    else if (!anchors.some((anchor) => equal(anchor.der, one.der))) anchors.push(one);
  }
  const view: TrustView = {
    anchors: subjectsOf(anchors),
    timeAuthorities: subjectsOf(stamps),
    revocationLists: revocationLists.map(({ issuer, thisUpdate }) => ({ issuer: nameText(issuer), thisUpdate })),
    fingerprints: fingerprints.map((one) => hex(one)),
    expectedHead: expectedHead === null ? null : hex(expectedHead),
  };
  const trust = { anchors: { certificates: anchors }, stampAnchors: { certificates: stamps }, revocationLists, now };
  return { trust, view, expectedHead, unknownFingerprints };
}
