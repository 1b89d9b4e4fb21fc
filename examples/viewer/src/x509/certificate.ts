/* SPDX-License-Identifier: Apache-2.0 */
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate as AsnCertificate,
  type Extension,
  KeyUsage,
  KeyUsageFlags,
  type TBSCertificate,
} from '@peculiar/asn1-x509';
import { FormatError, reasonOf } from '../bytes/errors.js';
import { type Octets, copyOf, equal, hex } from '../bytes/octets.js';
import { sha256Now } from '../crypto/hash.js';
import { type PublicKey, type Scheme, SignatureVerifier, curveBytes } from '../crypto/signature.js';
import { publicKeyOf, schemeOf } from './algorithms.js';
import { assertDer, derChildren, derOf, derTag, ecdsaFromDer } from './der.js';
import { nameText } from './name.js';

export interface Certificate {
  der: Octets;
  fingerprint: Octets;
  /** What the signature covers. */
  tbs: Octets;
  signature: Octets;
  scheme: Scheme | null;
  serial: string;
  issuer: Octets;
  subject: Octets;
  /** RFC 4514. */
  subjectText: string;
  issuerText: string;
  /** Nanoseconds since 1970. */
  notBefore: bigint;
  notAfter: bigint;
  publicKey: PublicKey;
  isCa: boolean;
  pathLength: number | null;
  keyUsage: { digitalSignature: boolean; certSign: boolean; crlSign: boolean } | null;
  /** Contents of the object identifiers, in hexadecimal; null without the extension. */
  extendedKeyUsage: { critical: boolean; purposes: string[] } | null;
  /** Critical extensions that this reader does not process. */
  unknownCritical: string[];
}

const oid = {
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
} as const;

const millisecond = 1_000_000n;

interface RawFields {
  tbs: Uint8Array;
  issuer: Uint8Array;
  subject: Uint8Array;
  serial: Uint8Array;
  spki: Uint8Array;
  innerAlgorithm: Uint8Array;
  outerAlgorithm: Uint8Array;
}

/** Names and keys as they are stored, which re-encoding might change. */
function rawFields(der: Uint8Array): RawFields {
  const outer = derChildren(derOf(der, derTag.sequence));
  const tbs = outer[0];
  const outerAlgorithm = outer[1];
  if (tbs === undefined || outerAlgorithm === undefined || outer.length !== 3) {
    throw new FormatError('X.509', 'certificate without its three parts');
  }
  const fields = derChildren(tbs);
  const from = fields[0]?.tag === 0xa0 ? 1 : 0;
  const [serial, innerAlgorithm, issuer, , subject, spki] = fields.slice(from);
  if (!serial || !innerAlgorithm || !issuer || !subject || !spki) {
    throw new FormatError('X.509', 'certificate with missing fields');
  }
  return {
    tbs: tbs.raw,
    issuer: issuer.raw,
    subject: subject.raw,
    serial: serial.content,
    spki: spki.raw,
    innerAlgorithm: innerAlgorithm.raw,
    outerAlgorithm: outerAlgorithm.raw,
  };
}

type Extensions = Pick<Certificate, 'isCa' | 'pathLength' | 'keyUsage' | 'extendedKeyUsage' | 'unknownCritical'>;

function purposesOf(value: ArrayBuffer): string[] {
  return derChildren(derOf(new Uint8Array(value), derTag.sequence)).map((purpose) => {
    if (purpose.tag !== derTag.oid) throw new FormatError('X.509', 'purpose that is no object identifier');
    return hex(purpose.content);
  });
}

function readExtension(extension: Extension, into: Extensions): void {
  const value = extension.extnValue.buffer as ArrayBuffer;
  switch (extension.extnID) {
    case oid.basicConstraints: {
      const constraints = AsnConvert.parse(value, BasicConstraints);
      into.isCa = constraints.cA;
      into.pathLength = constraints.pathLenConstraint ?? null;
      break;
    }
    case oid.keyUsage: {
      const flags = AsnConvert.parse(value, KeyUsage).toNumber();
      into.keyUsage = {
        digitalSignature: (flags & (KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation)) !== 0,
        certSign: (flags & KeyUsageFlags.keyCertSign) !== 0,
        crlSign: (flags & KeyUsageFlags.cRLSign) !== 0,
      };
      break;
    }
    case oid.extendedKeyUsage:
      into.extendedKeyUsage = { critical: extension.critical, purposes: purposesOf(value) };
      break;
    default:
      if (extension.critical) into.unknownCritical.push(extension.extnID);
  }
}

function readExtensions(tbs: TBSCertificate): Extensions {
  const found: Extensions = {
    isCa: false,
    pathLength: null,
    keyUsage: null,
    extendedKeyUsage: null,
    unknownCritical: [],
  };
  const seen = new Set<string>();
  for (const extension of tbs.extensions ?? []) {
    if (seen.has(extension.extnID)) throw new FormatError('X.509', `extension ${extension.extnID} twice`);
    seen.add(extension.extnID);
    readExtension(extension, found);
  }
  return found;
}

export function parseCertificate(bytes: Uint8Array): Certificate {
  try {
    assertDer(bytes);
    const der = copyOf(bytes);
    const parsed = AsnConvert.parse(der, AsnCertificate);
    const tbs = parsed.tbsCertificate;
    const raw = rawFields(der);
    const sameAlgorithm = equal(raw.innerAlgorithm, raw.outerAlgorithm);
    return {
      der,
      fingerprint: sha256Now(der),
      tbs: copyOf(raw.tbs),
      signature: new Uint8Array(parsed.signatureValue),
      scheme: sameAlgorithm ? schemeOf(parsed.signatureAlgorithm) : null,
      serial: hex(raw.serial),
      issuer: copyOf(raw.issuer),
      subject: copyOf(raw.subject),
      subjectText: nameText(raw.subject),
      issuerText: nameText(raw.issuer),
      notBefore: BigInt(tbs.validity.notBefore.getTime().getTime()) * millisecond,
      notAfter: BigInt(tbs.validity.notAfter.getTime().getTime()) * millisecond,
      publicKey: publicKeyOf(tbs.subjectPublicKeyInfo, copyOf(raw.spki)),
      ...readExtensions(tbs),
    };
  } catch (error) {
    throw error instanceof FormatError ? error : new FormatError('X.509', `no certificate: ${reasonOf(error)}`);
  }
}

/** Verifies what an X.509 or CMS signer signed, where ECDSA signatures are DER. */
export async function verifyWithKey(
  key: PublicKey,
  scheme: Scheme | null,
  signature: Octets,
  data: Octets,
): Promise<boolean> {
  if (scheme === null) return false;
  const verifier = await SignatureVerifier.of(key, scheme);
  if (verifier === null) return false;
  if (key.kind !== 'ec') return verifier.verify(signature, data);
  const fixed = ecdsaFromDer(signature, curveBytes[key.curve]);
  return fixed !== null && verifier.verify(fixed, data);
}

export function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return equal(certificate.issuer, issuer.subject);
}

export async function isSignedBy(certificate: Certificate, issuer: Certificate): Promise<boolean> {
  return verifyWithKey(issuer.publicKey, certificate.scheme, certificate.signature, certificate.tbs);
}

/** Does the validity span all of first to last? */
export function isValidAt(certificate: Certificate, moment: bigint): boolean {
  return certificate.notBefore <= moment && moment <= certificate.notAfter;
}
