/* SPDX-License-Identifier: Apache-2.0 */
import type { AlgorithmIdentifier, SubjectPublicKeyInfo } from '@peculiar/asn1-x509';
import type { Octets } from '../bytes/octets.js';
import type { HashName } from '../crypto/hash.js';
import type { Curve, PublicKey, Scheme } from '../crypto/signature.js';
import { type DerValue, derChildren, derOf, derTag } from './der.js';

const curves: Record<string, Curve> = {
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
};

const hashes: Record<string, HashName> = {
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
};

const simpleSchemes: Record<string, Scheme> = {
  '1.2.840.10045.4.3.2': { kind: 'ecdsa', hash: 'SHA-256' },
  '1.2.840.10045.4.3.3': { kind: 'ecdsa', hash: 'SHA-384' },
  '1.2.840.10045.4.3.4': { kind: 'ecdsa', hash: 'SHA-512' },
  '1.2.840.113549.1.1.11': { kind: 'rsa-pkcs1', hash: 'SHA-256' },
  '1.2.840.113549.1.1.12': { kind: 'rsa-pkcs1', hash: 'SHA-384' },
  '1.2.840.113549.1.1.13': { kind: 'rsa-pkcs1', hash: 'SHA-512' },
  '1.3.101.112': { kind: 'ed25519' },
};

export const oidRsa = '1.2.840.113549.1.1.1';
const oidPss = '1.2.840.113549.1.1.10';
const oidMgf1 = '1.2.840.113549.1.1.8';
const oidEc = '1.2.840.10045.2.1';
const oidEd25519 = '1.3.101.112';

export const hashSizes: Record<HashName, number> = { 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 };

export function hashOf(algorithm: AlgorithmIdentifier): HashName | null {
  return hashes[algorithm.algorithm] ?? null;
}

/** Object identifier from its DER content; only for short arcs. */
function oidText(content: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const first = arcs[0] ?? 0;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - 40 * top, ...arcs.slice(1)].join('.');
}

function algorithmOf(value: DerValue): { oid: string; parameters: DerValue | undefined } {
  const [identifier, parameters] = derChildren(value);
  return { oid: identifier === undefined ? '' : oidText(identifier.content), parameters };
}

/** RSASSA-PSS-params with one digest for both uses; the salt has its length (C-VER-10). */
function pssScheme(parameters: Uint8Array): Scheme | null {
  let hash: HashName | undefined;
  let maskHash: HashName | undefined;
  let saltLength = 20;
  for (const field of derChildren(derOf(parameters, derTag.sequence))) {
    const inner = derChildren(field)[0];
    if (inner === undefined) return null;
    if (field.tag === 0xa0) {
      hash = hashes[algorithmOf(inner).oid];
    } else if (field.tag === 0xa1) {
      const mask = algorithmOf(inner);
      if (mask.oid !== oidMgf1 || mask.parameters === undefined) return null;
      maskHash = hashes[algorithmOf(mask.parameters).oid];
    } else if (field.tag === 0xa2) {
      if (inner.content.length !== 1) return null;
      saltLength = inner.content[0] as number;
    } else if (field.tag !== 0xa3 || inner.content.length !== 1 || inner.content[0] !== 1) {
      return null;
    }
  }
  if (hash === undefined || hash !== maskHash || saltLength !== hashSizes[hash]) return null;
  return { kind: 'rsa-pss', hash, saltLength };
}

/** How a certificate, list or token is signed; null for what is not known or too weak. */
export function schemeOf(algorithm: AlgorithmIdentifier): Scheme | null {
  if (algorithm.algorithm !== oidPss) return simpleSchemes[algorithm.algorithm] ?? null;
  if (algorithm.parameters === null || algorithm.parameters === undefined) return null;
  return pssScheme(new Uint8Array(algorithm.parameters));
}

function rsaBits(key: ArrayBuffer): number {
  const modulus = derChildren(derOf(new Uint8Array(key), derTag.sequence))[0];
  if (modulus === undefined || modulus.tag !== derTag.integer) return 0;
  const from = modulus.content[0] === 0 ? 1 : 0;
  const first = modulus.content[from];
  if (first === undefined) return 0;
  return 8 * (modulus.content.length - from) - (Math.clz32(first) - 24);
}

export function publicKeyOf(info: SubjectPublicKeyInfo, spki: Octets): PublicKey {
  const parameters = info.algorithm.parameters;
  switch (info.algorithm.algorithm) {
    case oidRsa:
      return { kind: 'rsa', bits: rsaBits(info.subjectPublicKey), spki };
    case oidEd25519:
      return { kind: 'ed25519', raw: new Uint8Array(info.subjectPublicKey), spki };
    case oidEc: {
      if (parameters === null || parameters === undefined) return { kind: 'other', spki };
      const curve = curves[curveOid(parameters)];
      return curve === undefined ? { kind: 'other', spki } : { kind: 'ec', curve, spki };
    }
    default:
      return { kind: 'other', spki };
  }
}

function curveOid(parameters: ArrayBuffer): string {
  const value = derOf(new Uint8Array(parameters));
  return value.tag === derTag.oid ? oidText(value.content) : '';
}
