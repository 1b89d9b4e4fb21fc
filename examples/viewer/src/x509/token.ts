/* SPDX-License-Identifier: Apache-2.0 */
import { AsnConvert } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { FormatError, reasonOf } from '../bytes/errors.js';
import { type Octets, concat, copyOf, equal, hex } from '../bytes/octets.js';
import { type HashName, digest } from '../crypto/hash.js';
import { subtle } from '../crypto/platform.js';
import type { Scheme } from '../crypto/signature.js';
import { hashOf, oidRsa, schemeOf } from './algorithms.js';
import { type Certificate, parseCertificate, verifyWithKey } from './certificate.js';
import { type DerValue, assertDer, derChildren, derOf, derTag } from './der.js';
import { isForTimeStamping } from './roles.js';

/** A time stamp that holds in itself; whether its authority is trusted is another matter. */
export interface TimeStamp {
  genTime: bigint;
  /** The authority's certificate, then the others that the token holds. */
  chain: Certificate[];
}

const maxTokenSize = 1_048_576;
const maxCertificates = 16;

/** Contents of object identifiers, in hexadecimal. */
const oid = {
  signedData: '2a864886f70d010702',
  tstInfo: '2a864886f70d0109100104',
  contentType: '2a864886f70d010903',
  messageDigest: '2a864886f70d010904',
  signingCertificate: '2a864886f70d010910020c',
  signingCertificateV2: '2a864886f70d010910022f',
} as const;

const contextTag = (number: number): number => 0xa0 | number;

function fail(what: string): never {
  throw new FormatError('C-VER-10', what);
}

function expect(value: DerValue | undefined, tag: number, what: string): DerValue {
  if (value === undefined || value.tag !== tag) fail(`token: ${what} is missing or of another type`);
  return value;
}

function smallInteger(value: DerValue | undefined, what: string): number {
  const { content } = expect(value, derTag.integer, what);
  return content.length === 1 ? (content[0] as number) : -1;
}

function algorithm(value: DerValue): AlgorithmIdentifier {
  return AsnConvert.parse(copyOf(value.raw), AlgorithmIdentifier);
}

interface SignedData {
  content: Octets;
  certificates: Certificate[];
  signer: DerValue[];
}

function signedDataOf(bytes: Uint8Array): SignedData {
  const [type, wrapped] = derChildren(derOf(bytes, derTag.sequence));
  if (hex(expect(type, derTag.oid, 'content type').content) !== oid.signedData) fail('token that is no signed data');
  const [inner] = derChildren(expect(wrapped, contextTag(0), 'content'));
  const fields = derChildren(expect(inner, derTag.sequence, 'signed data'));
  if (smallInteger(fields[0], 'version') !== 3) fail('token of another version');
  const [contentType, content] = derChildren(expect(fields[2], derTag.sequence, 'encapsulated content'));
  if (hex(expect(contentType, derTag.oid, 'content type').content) !== oid.tstInfo) fail('token without TSTInfo');
  const octets = derChildren(expect(content, contextTag(0), 'TSTInfo'))[0];
  const rest = fields.slice(3);
  const certificates = rest[0]?.tag === contextTag(0) ? derChildren(rest.shift() as DerValue) : [];
  if (certificates.length > maxCertificates) fail('token with too many certificates');
  if (rest[0]?.tag === contextTag(1)) rest.shift();
  const signers = derChildren(expect(rest[0], derTag.set, 'signers'));
  if (signers.length !== 1 || rest.length !== 1) fail('token without exactly one signer');
  return {
    content: copyOf(expect(octets, derTag.octetString, 'TSTInfo').content),
    certificates: certificates.map((one) => parseCertificate(one.raw)),
    signer: derChildren(expect(signers[0], derTag.sequence, 'signer')),
  };
}

function signerOf(identifier: DerValue | undefined, certificates: readonly Certificate[]): Certificate {
  if (identifier?.tag === derTag.sequence) {
    const [issuer, serial] = derChildren(identifier);
    const found = certificates.find(
      (one) => equal(one.issuer, issuer?.raw ?? one.der) && one.serial === hex(serial?.content ?? one.der),
    );
    if (found !== undefined) return found;
  }
  fail('token without its signer\'s certificate');
}

/** Values of the signed attributes by type; each type once, with one value. */
function attributesOf(value: DerValue): Map<string, DerValue> {
  const attributes = new Map<string, DerValue>();
  for (const attribute of derChildren(value)) {
    const [type, values] = derChildren(attribute);
    const key = hex(expect(type, derTag.oid, 'attribute').content);
    const single = derChildren(expect(values, derTag.set, 'values of an attribute'));
    if (attributes.has(key)) fail('token with an attribute twice');
    if (single.length === 1) attributes.set(key, single[0] as DerValue);
  }
  return attributes;
}

/** Does the ESSCertID, or ESSCertIDv2, that comes first name the signer's certificate? */
async function namesSigner(attributes: Map<string, DerValue>, signer: Certificate): Promise<boolean> {
  for (const type of [oid.signingCertificateV2, oid.signingCertificate]) {
    const attribute = attributes.get(type);
    if (attribute === undefined) continue;
    const ids = derChildren(attribute)[0];
    const first = ids === undefined ? undefined : derChildren(ids)[0];
    const fields = first === undefined ? [] : derChildren(first);
    let name: HashName | null | 'SHA-1' = type === oid.signingCertificate ? 'SHA-1' : 'SHA-256';
    if (type === oid.signingCertificateV2 && fields[0]?.tag === derTag.sequence) {
      name = hashOf(algorithm(fields.shift() as DerValue));
    }
    if (name === null || fields[0]?.tag !== derTag.octetString) return false;
    const hash = new Uint8Array(await subtle().digest(name, signer.der));
    if (!equal(hash, fields[0].content)) return false;
    const serial = fields[1] === undefined ? undefined : derChildren(fields[1])[1];
    if (serial !== undefined && hex(serial.content) !== signer.serial) return false;
  }
  return attributes.has(oid.signingCertificate) || attributes.has(oid.signingCertificateV2);
}

/** The scheme of a signature by RSA or ECDSA; `rsaEncryption` alone leaves the digest to the other field. */
function signatureScheme(value: DerValue, digestName: HashName): Scheme {
  const identifier = algorithm(value);
  const scheme: Scheme | null =
    identifier.algorithm === oidRsa ? { kind: 'rsa-pkcs1', hash: digestName } : schemeOf(identifier);
  if (scheme === null || scheme.kind === 'ed25519') fail('token that is signed in another way');
  return scheme;
}

async function checkSignature(data: SignedData): Promise<Certificate> {
  const [version, identifier, digestField, signedAttributes, signatureField, signature] = data.signer;
  const signer = signerOf(identifier, data.certificates);
  if (smallInteger(version, 'version of the signer') !== 1) fail('token whose signer has another version');
  const digestName = hashOf(algorithm(expect(digestField, derTag.sequence, 'digest')));
  if (digestName === null) fail('token with another digest');
  const raw = expect(signedAttributes, contextTag(0), 'signed attributes').raw;
  const attributes = attributesOf(signedAttributes as DerValue);
  const contentType = attributes.get(oid.contentType);
  if (contentType === undefined || hex(contentType.content) !== oid.tstInfo) fail('token that was signed as something else');
  const stated = attributes.get(oid.messageDigest);
  if (stated === undefined || !equal(stated.content, await digest(digestName, data.content))) {
    fail('token whose digest is wrong');
  }
  if (!(await namesSigner(attributes, signer))) fail('token that names another certificate');
  const scheme = signatureScheme(expect(signatureField, derTag.sequence, 'signature algorithm'), digestName);
  const bytes = copyOf(expect(signature, derTag.octetString, 'signature').content);
  // What is signed has the tag of a set in place of the implicit one.
  const signed = concat(Uint8Array.of(derTag.set), raw.subarray(1));
  if (!(await verifyWithKey(signer.publicKey, scheme, bytes, signed))) fail('token whose signature is wrong');
  return signer;
}

const generalizedTime = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d*[1-9]))?Z$/;

function genTimeOf(value: DerValue | undefined): bigint {
  const text = new TextDecoder('latin1').decode(expect(value, derTag.generalizedTime, 'genTime').content);
  const parts = generalizedTime.exec(text);
  if (parts === null) fail('token whose time cannot be read');
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    fail('token whose time cannot be');
  }
  const fraction = BigInt((parts[7] ?? '').slice(0, 9).padEnd(9, '0'));
  return BigInt(date.getTime()) * 1_000_000n + fraction;
}

const directoryName = contextTag(4);

/** Checks TSTInfo against what shall be stamped, and says when that was. */
function readTstInfo(content: Uint8Array, imprint: Uint8Array, signer: Certificate): bigint {
  const fields = derChildren(derOf(content, derTag.sequence));
  if (smallInteger(fields[0], 'version of TSTInfo') !== 1) fail('TSTInfo of another version');
  const [hash, stamped] = derChildren(expect(fields[2], derTag.sequence, 'message imprint'));
  if (hashOf(algorithm(expect(hash, derTag.sequence, 'hash of the imprint'))) !== 'SHA-256') fail('imprint by another hash');
  if (!equal(expect(stamped, derTag.octetString, 'imprint').content, imprint)) fail('token for something else');
  for (const field of fields.slice(5)) {
    if (field.tag === contextTag(0)) {
      const named = derChildren(field)[0];
      const name = named?.tag === directoryName ? derChildren(named)[0] : undefined;
      if (name === undefined || !equal(name.raw, signer.subject)) fail('token in the name of somebody else');
    } else if (field.tag === contextTag(1)) {
      if (derChildren(field).some((extension) => derChildren(extension)[1]?.tag === derTag.boolean)) {
        fail('TSTInfo with a critical extension');
      }
    }
  }
  return genTimeOf(fields[4]);
}

/** Reads an RFC 3161 token and checks all that needs no anchor (C-VER-10); otherwise says why it attests nothing. */
export async function readToken(bytes: Uint8Array, imprint: Uint8Array): Promise<TimeStamp> {
  if (bytes.length > maxTokenSize) fail('token that is too large');
  try {
    assertDer(bytes);
    const data = signedDataOf(bytes);
    const signer = await checkSignature(data);
    assertDer(data.content);
    const genTime = readTstInfo(data.content, imprint, signer);
    if (!isForTimeStamping(signer)) fail('certificate that is not one of a time stamp authority');
    return { genTime, chain: [signer, ...data.certificates.filter((one) => one !== signer)] };
  } catch (error) {
    throw error instanceof FormatError ? error : new FormatError('C-VER-10', `no token: ${reasonOf(error)}`);
  }
}
