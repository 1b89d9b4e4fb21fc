/* SPDX-License-Identifier: Apache-2.0 */
import { ed25519 } from '@noble/curves/ed25519.js';
import type { Octets } from '../bytes/octets.js';
import type { HashName } from './hash.js';
import { subtle } from './platform.js';

export type Curve = 'P-256' | 'P-384' | 'P-521';

/** What a SubjectPublicKeyInfo holds. `raw` is the bare key of Ed25519 and X25519. */
export type PublicKey =
  | { kind: 'ec'; curve: Curve; spki: Octets }
  | { kind: 'rsa'; bits: number; spki: Octets }
  | { kind: 'ed25519'; raw: Octets; spki: Octets }
  | { kind: 'other'; spki: Octets };

/** How something is signed. ECDSA signatures are r ‖ s. */
export type Scheme =
  | { kind: 'ecdsa'; hash: HashName }
  | { kind: 'rsa-pkcs1'; hash: HashName }
  | { kind: 'rsa-pss'; hash: HashName; saltLength: number }
  | { kind: 'ed25519' };

const curveOrders: Record<Curve, bigint> = {
  'P-256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  'P-384': BigInt(
    '0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  ),
  'P-521': BigInt(
    '0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  ),
};

export const curveBytes: Record<Curve, number> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 };

function numberOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** Are r and s in range, and s in the lower half of it (C-ALG-3)? */
export function isLowS(curve: Curve, signature: Uint8Array): boolean {
  const size = curveBytes[curve];
  if (signature.length !== 2 * size) return false;
  const order = curveOrders[curve];
  const r = numberOf(signature.subarray(0, size));
  const s = numberOf(signature.subarray(size));
  return r > 0n && r < order && s > 0n && s <= order / 2n;
}

type Importable = RsaHashedImportParams | EcKeyImportParams | Algorithm;

function importParameters(key: PublicKey, scheme: Scheme): Importable | null {
  if (key.kind === 'ec' && scheme.kind === 'ecdsa') return { name: 'ECDSA', namedCurve: key.curve };
  if (key.kind === 'rsa' && scheme.kind === 'rsa-pkcs1') return { name: 'RSASSA-PKCS1-v1_5', hash: scheme.hash };
  if (key.kind === 'rsa' && scheme.kind === 'rsa-pss') return { name: 'RSA-PSS', hash: scheme.hash };
  if (key.kind === 'ed25519' && scheme.kind === 'ed25519') return { name: 'Ed25519' };
  return null;
}

type VerifyParameters = Algorithm & { hash?: HashName; saltLength?: number };

function verifyParameters(scheme: Scheme): VerifyParameters {
  switch (scheme.kind) {
    case 'ecdsa':
      return { name: 'ECDSA', hash: scheme.hash };
    case 'rsa-pkcs1':
      return { name: 'RSASSA-PKCS1-v1_5' };
    case 'rsa-pss':
      return { name: 'RSA-PSS', saltLength: scheme.saltLength };
    case 'ed25519':
      return { name: 'Ed25519' };
  }
}

/** Verifies signatures of one key in one scheme. */
export class SignatureVerifier {
  private constructor(
    private readonly scheme: Scheme,
    private readonly key: CryptoKey | Octets,
  ) {}

  /** Null where the key cannot sign in this scheme, or is no valid key. */
  static async of(key: PublicKey, scheme: Scheme): Promise<SignatureVerifier | null> {
    const parameters = importParameters(key, scheme);
    if (parameters === null) return null;
    try {
      return new SignatureVerifier(scheme, await subtle().importKey('spki', key.spki, parameters, false, ['verify']));
    } catch (error) {
      // Browsers older than 2025 do not know Ed25519.
      if (key.kind === 'ed25519' && !isBadKey(error)) return new SignatureVerifier(scheme, key.raw);
      return null;
    }
  }

  async verify(signature: Octets, data: Octets): Promise<boolean> {
    if (this.key instanceof Uint8Array) {
      try {
        return ed25519.verify(signature, data, this.key, { zip215: false });
      } catch {
        return false;
      }
    }
    return subtle().verify(verifyParameters(this.scheme), this.key, signature, data);
  }
}

function isBadKey(error: unknown): boolean {
  return error instanceof Error && error.name === 'DataError';
}
