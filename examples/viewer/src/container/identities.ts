/* SPDX-License-Identifier: Apache-2.0 */
import { x25519 } from '@noble/curves/ed25519.js';
import { FormatError } from '../bytes/errors.js';
import { type Octets, concat, copyOf, hex, isZero } from '../bytes/octets.js';
import { sha256Now } from '../crypto/hash.js';
import { type KemKey, kemP256, kemX25519 } from '../crypto/hpke.js';
import { subtle } from '../crypto/platform.js';
import { derChildren, derOf, derTag } from '../x509/der.js';
import { parsePem } from '../x509/pem.js';

/** A private key that may open a stanza. The key id is a hint only (C-ACC-7). */
export type Identity =
  | { kind: 'x25519' | 'p256'; keyId: Octets; kem: KemKey }
  | { kind: 'rsa'; keyId: Octets; modulusSize: number; decrypt(sealed: Octets): Promise<Octets | null> };

export interface KeyEncryptionKey {
  keyId: Octets;
  key: Octets;
}

const keyIdSize = 16;
/** Contents of object identifiers. */
const oid = { x25519: '2b656e', ec: '2a8648ce3d0201', rsa: '2a864886f70d010101', p256: '2a8648ce3d030107' } as const;
const x25519SpkiStart = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00);

function keyIdOf(spki: Uint8Array): Octets {
  return sha256Now(spki).slice(0, keyIdSize);
}

function x25519Identity(scalar: Octets): Identity {
  const publicBytes = x25519.getPublicKey(scalar) as Octets;
  const kem: KemKey = {
    kemId: kemX25519,
    publicBytes,
    agree: (ephemeral) => {
      try {
        const shared = x25519.getSharedSecret(scalar, ephemeral) as Octets;
        return Promise.resolve(isZero(shared) ? null : shared);
      } catch {
        return Promise.resolve(null);
      }
    },
  };
  return { kind: 'x25519', keyId: keyIdOf(concat(x25519SpkiStart, publicBytes)), kem };
}

/** The public half of an imported private key. */
async function publicOf(key: CryptoKey, parameters: EcKeyImportParams | RsaHashedImportParams, usages: KeyUsage[]): Promise<CryptoKey> {
  const { kty, crv, x, y, n, e } = await subtle().exportKey('jwk', key);
  const jwk: JsonWebKey = kty === 'EC' ? { kty, crv: crv ?? '', x: x ?? '', y: y ?? '' } : { kty: kty ?? '', n: n ?? '', e: e ?? '' };
  return subtle().importKey('jwk', jwk, parameters, true, usages);
}

async function p256Identity(pkcs8: Octets): Promise<Identity> {
  const parameters = { name: 'ECDH', namedCurve: 'P-256' };
  const key = await subtle().importKey('pkcs8', pkcs8, parameters, true, ['deriveBits']);
  const publicKey = await publicOf(key, parameters, []);
  const kem: KemKey = {
    kemId: kemP256,
    publicBytes: new Uint8Array(await subtle().exportKey('raw', publicKey)),
    agree: async (ephemeral) => {
      try {
        const other = await subtle().importKey('raw', ephemeral, parameters, false, []);
        return new Uint8Array(await subtle().deriveBits({ name: 'ECDH', public: other }, key, 256));
      } catch {
        return null;
      }
    },
  };
  return { kind: 'p256', keyId: keyIdOf(new Uint8Array(await subtle().exportKey('spki', publicKey))), kem };
}

async function rsaIdentity(pkcs8: Octets): Promise<Identity> {
  const parameters = { name: 'RSA-OAEP', hash: 'SHA-256' };
  const key = await subtle().importKey('pkcs8', pkcs8, parameters, true, ['decrypt']);
  const publicKey = await publicOf(key, parameters, ['encrypt']);
  return {
    kind: 'rsa',
    keyId: keyIdOf(new Uint8Array(await subtle().exportKey('spki', publicKey))),
    modulusSize: Math.ceil((key.algorithm as RsaKeyAlgorithm).modulusLength / 8),
    decrypt: async (sealed) => {
      try {
        return new Uint8Array(await subtle().decrypt({ name: 'RSA-OAEP' }, key, sealed));
      } catch (error) {
        if (error instanceof Error && error.name === 'OperationError') return null;
        throw error;
      }
    },
  };
}

async function identityOf(pkcs8: Octets): Promise<Identity> {
  const [, algorithm, key] = derChildren(derOf(pkcs8, derTag.sequence));
  if (algorithm === undefined || key === undefined) throw new FormatError('PKCS #8', 'no private key');
  const [type, parameters] = derChildren(algorithm);
  const name = hex(type?.content ?? new Uint8Array(0));
  if (name === oid.x25519) return x25519Identity(copyOf(derOf(key.content, derTag.octetString).content));
  if (name === oid.ec && hex(parameters?.content ?? new Uint8Array(0)) === oid.p256) return p256Identity(pkcs8);
  if (name === oid.rsa) return rsaIdentity(pkcs8);
  throw new FormatError('PKCS #8', 'private key of a kind that opens nothing');
}

/** Private keys of a PEM file that is not protected by a password of its own. */
export async function identitiesOf(pem: string): Promise<Identity[]> {
  const keys = parsePem(pem).filter((block) => block.label === 'PRIVATE KEY');
  if (keys.length === 0) throw new FormatError('PKCS #8', 'a file without a private key');
  return Promise.all(keys.map((block) => identityOf(block.bytes)));
}

/** Key-encryption keys of a file: 16 bytes of key id, then the key. */
export function keyEncryptionKeysOf(pem: string): KeyEncryptionKey[] {
  return parsePem(pem)
    .filter((block) => block.label === 'SVMS KEY-ENCRYPTION KEY' && block.bytes.length === keyIdSize + 32)
    .map((block) => ({ keyId: block.bytes.slice(0, keyIdSize), key: block.bytes.slice(keyIdSize) }));
}
