/* SPDX-License-Identifier: Apache-2.0 */
import type { Cursor } from '../bytes/cursor.js';
import { FormatError, UnsupportedError } from '../bytes/errors.js';
import { Cursor as ByteCursor } from '../bytes/cursor.js';
import { type Octets, copyOf, equal } from '../bytes/octets.js';
import { SignatureVerifier, type PublicKey, type Scheme, isLowS } from '../crypto/signature.js';
import { type Certificate, parseCertificate } from '../x509/certificate.js';
import { algorithm, limits } from './format.js';

/** The prefix of a signed object (section 4). */
export interface ObjectPrefix {
  type: number;
  role: number;
  suite: number;
  algorithm: number;
  length: number;
  certificateHash: Octets;
}

export function readPrefix(cursor: Cursor, type: number): ObjectPrefix {
  const offset = cursor.offset;
  cursor.literal('SVMO', 'object prefix', 'C-OBJ-1');
  if (cursor.u8('object type') !== type) throw new FormatError('C-OBJ-1', 'object of another type', offset);
  if (cursor.u8('object version') !== 1) throw new FormatError('C-OBJ-1', 'object of another version', offset);
  const role = cursor.u8('role');
  cursor.zeros(1, 'byte behind the role', 'C-OVR-4');
  return {
    type,
    role,
    suite: cursor.u16('suite'),
    algorithm: cursor.u16('signature algorithm'),
    length: cursor.u32('object length'),
    certificateHash: copyOf(cursor.slice(32, 'certificate hash')),
  };
}

/** Reads the prefix of an object whose signer must be the one of `like` (C-OBJ-2). */
export function readPrefixLike(cursor: Cursor, type: number, size: number, like: ObjectPrefix): void {
  const offset = cursor.offset;
  const prefix = readPrefix(cursor, type);
  if (prefix.length !== size) throw new FormatError('C-OBJ-1', 'object of another length', offset);
  if (
    prefix.role !== like.role ||
    prefix.suite !== like.suite ||
    prefix.algorithm !== like.algorithm ||
    !equal(prefix.certificateHash, like.certificateHash)
  ) {
    throw new FormatError('C-OBJ-2', 'object of another signer', offset);
  }
}

export function requireKnownAlgorithm(number: number, offset: number): void {
  if (number < algorithm.none || number > algorithm.rsaPss) {
    throw new UnsupportedError('C-ALG-2', `signature algorithm ${number} is not known`, offset);
  }
}

/** Certificates as C-HDR-8 stores them. */
export function readChain(bytes: Uint8Array, base: number): Certificate[] {
  const cursor = new ByteCursor(bytes, 'C-HDR-8', base);
  if (bytes.length > limits.chainBytes) cursor.fail('certificate chain is too long', 'C-LIM-1');
  const chain: Certificate[] = [];
  while (cursor.remaining > 0) {
    if (chain.length === limits.chainCertificates) cursor.fail('too many certificates', 'C-LIM-1');
    chain.push(parseCertificate(cursor.slice(cursor.u32('length of a certificate'), 'certificate')));
  }
  if (chain.length === 0) cursor.fail('certificate chain without certificates');
  return chain;
}

const schemes: Record<number, { scheme: Scheme; fits: (key: PublicKey) => boolean }> = {
  [algorithm.p256]: {
    scheme: { kind: 'ecdsa', hash: 'SHA-256' },
    fits: (key) => key.kind === 'ec' && key.curve === 'P-256',
  },
  [algorithm.p384]: {
    scheme: { kind: 'ecdsa', hash: 'SHA-384' },
    fits: (key) => key.kind === 'ec' && key.curve === 'P-384',
  },
  [algorithm.ed25519]: { scheme: { kind: 'ed25519' }, fits: (key) => key.kind === 'ed25519' },
  [algorithm.rsaPss]: {
    scheme: { kind: 'rsa-pss', hash: 'SHA-256', saltLength: 32 },
    fits: (key) => key.kind === 'rsa' && key.bits >= 2048 && key.bits <= 8192,
  },
};

/** Verifies raw signatures of one signer of signed objects. */
export class ObjectSigner {
  private constructor(
    readonly algorithm: number,
    readonly key: PublicKey,
    private readonly verifier: SignatureVerifier,
  ) {}

  /** Null where the algorithm does not belong to the signer's key (C-ALG-3). */
  static async of(number: number, key: PublicKey): Promise<ObjectSigner | null> {
    const known = schemes[number];
    if (known === undefined || !known.fits(key)) return null;
    const verifier = await SignatureVerifier.of(key, known.scheme);
    return verifier === null ? null : new ObjectSigner(number, key, verifier);
  }

  async verify(signature: Uint8Array, object: Octets): Promise<boolean> {
    if (this.key.kind === 'ec' && !isLowS(this.key.curve, signature)) return false;
    if (this.key.kind === 'ed25519' && signature.length !== 64) return false;
    if (this.key.kind === 'rsa' && signature.length !== Math.ceil(this.key.bits / 8)) return false;
    return this.verifier.verify(copyOf(signature), object);
  }
}
