/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError, TruncatedError, UnsupportedError } from '../bytes/errors.js';
import { type Octets, concat, copyOf, equal, isZero } from '../bytes/octets.js';
import { type Source, startOfTrailingZeros } from '../bytes/source.js';
import { algorithm as algorithms } from '../container/format.js';
import { ObjectSigner, type ObjectPrefix, readChain, readPrefix } from '../container/objects.js';
import { sha256, sha256Now } from '../crypto/hash.js';
import type { Certificate } from '../x509/certificate.js';
import { roles } from '../x509/roles.js';
import { limits, linkHeaderSize, linkTailSize, linkType, policyBit, tailSearch } from './format.js';
import type { PackageHeader } from './header.js';

/** What link 0 says besides what every link says. */
export interface FirstLink {
  directoryOffset: number;
  directoryHash: Octets;
  frames: number;
  sources: number;
  attachments: number;
  presentationHash: Octets;
  presentationSize: number;
}

/** A link as it stands in the file, with its tail. */
export interface RawLink {
  offset: number;
  /** Behind its tail. */
  end: number;
  object: Octets;
  chain: Octets;
  signature: Octets;
  token: Octets;
  /** SHA-256 of the whole link (E-LNK-2). */
  head: Octets;
  /** Head that the tail says. */
  statedHead: Octets;
  /** Are the bytes zero that must be? */
  isReservedZero: boolean;
}

/** A link whose rules hold. */
export interface Link {
  prefix: ObjectPrefix;
  number: number;
  policy: number;
  utc: bigint;
  before: number;
  /** SHA-256 of the slot, or the head of the link before. */
  binding: Octets;
  first: FirstLink | null;
  note: string;
  chain: Certificate[];
  /** False where the algorithm is not known. */
  isVerified: boolean;
}

/** Where the links stand: as found from the end backwards. */
export interface LinkPlaces {
  /** From link 0 to the newest; empty where the offsets do not lead back to link 0. */
  links: RawLink[];
  /** The newest link that was found. */
  newest: RawLink;
  /** Behind the last whole tail. */
  end: number;
  /** Why what stands behind the last whole tail is no link that was being written; null where it may be one. */
  foreign: string | null;
}

const linkMark = 'SVXL';
const tailMark = 'SVXLTAIL';
const markBytes = Uint8Array.from(linkMark, (letter) => letter.charCodeAt(0));
const tailMarkBytes = Uint8Array.from(tailMark, (letter) => letter.charCodeAt(0));

interface LinkSizes {
  object: number;
  chain: number;
  signature: number;
  token: number;
}

function readSizes(bytes: Uint8Array, offset: number): LinkSizes {
  const cursor: Cursor = new Cursor(bytes, 'E-LNK-5', offset);
  cursor.literal(linkMark, 'mark of a link');
  const sizes = { object: cursor.u32('size'), chain: cursor.u32('size'), signature: cursor.u32('size'), token: cursor.u32('size') };
  if (sizes.object > limits.linkObject || sizes.chain > limits.linkChain) cursor.fail('link beyond its limits', 'E-OVR-5');
  if (sizes.signature > limits.linkSignature || sizes.token > limits.linkToken) cursor.fail('link beyond its limits', 'E-OVR-5');
  return sizes;
}

/** Reads the link at `offset`, whose tail stands at `tailAt`; throws where they do not belong together. */
async function readRawLink(source: Source, offset: number, tailAt: number): Promise<RawLink> {
  const sizes = readSizes(await source.read(offset, linkHeaderSize), offset);
  const size = linkHeaderSize + sizes.object + sizes.chain + sizes.signature + sizes.token;
  if (offset + size !== tailAt) throw new FormatError('E-LNK-5', 'link that does not end where its tail begins', offset);
  const bytes = await source.read(offset, size + linkTailSize);
  if (bytes.length < size + linkTailSize) throw new TruncatedError('E-LNK-5', 'link that is not whole', offset);
  const whole = bytes.subarray(0, size);
  const cursor: Cursor = new Cursor(bytes, 'E-LNK-5', offset);
  cursor.slice(linkHeaderSize);
  const [object, chain, signature, token] = [sizes.object, sizes.chain, sizes.signature, sizes.token].map((part) => copyOf(cursor.slice(part))) as [Octets, Octets, Octets, Octets];
  if (cursor.size64('offset of the link') !== offset) cursor.fail('tail that names another link');
  const statedHead = copyOf(cursor.slice(32, 'head'));
  cursor.literal(tailMark, 'mark of a tail');
  const isReservedZero = isZero(whole, linkHeaderSize - 4, linkHeaderSize);
  return { offset, end: offset + bytes.length, object, chain, signature, token, head: sha256Now(whole), statedHead, isReservedZero };
}

function offsetOfTail(bytes: Uint8Array, at: number): number {
  const offset = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at);
  return offset > BigInt(Number.MAX_SAFE_INTEGER) ? -1 : Number(offset);
}

/** Places that are tried for a tail; more marks than that are not written by anybody. */
const maxTailTrials = 4096;

/** The last whole tail (E-LNK-5); null where there is none. */
async function lastWholeLink(source: Source, zerosFrom: number, least: number): Promise<RawLink | null> {
  const start = Math.max(least, zerosFrom - tailSearch);
  const bytes = await source.read(start, zerosFrom - start);
  let trials = 0;
  for (let at = bytes.length - tailMarkBytes.length; at >= linkTailSize - tailMarkBytes.length; at--) {
    if (bytes[at] !== tailMarkBytes[0] || !equal(bytes.subarray(at, at + tailMarkBytes.length), tailMarkBytes)) continue;
    const tailAt = at + tailMarkBytes.length - linkTailSize;
    const offset = offsetOfTail(bytes, tailAt);
    if (offset < least || offset >= start + tailAt || ++trials > maxTailTrials) continue;
    try {
      return await readRawLink(source, offset, start + tailAt);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
  return null;
}

const blockSize = 512;

/** Why what stands behind the last whole tail cannot be a link that was being written (E-LNK-5). */
async function foreignBehind(source: Source, end: number, zerosFrom: number): Promise<string | null> {
  if (end >= source.size || end >= zerosFrom) return null;
  const start = await source.read(end, Math.min(markBytes.length + 2 * blockSize, zerosFrom - end));
  let same = 0;
  while (same < markBytes.length && same < start.length && start[same] === markBytes[same]) same++;
  if (same === markBytes.length || same === start.length) return null;
  const nextBlock = (Math.floor((end + same) / blockSize) + 1) * blockSize;
  const mustBeZero = Math.min(nextBlock - end, start.length);
  return isZero(start, same, mustBeZero) ? null : 'bytes behind the last link that belong to nothing';
}

function beforeOf(object: Octets, offset: number): { type: number; before: number } {
  const cursor: Cursor = new Cursor(object, 'E-LNK-4', offset + linkHeaderSize);
  const type = cursor.bytes[4] ?? 0;
  cursor.slice(48 + 16 + 32 + 4 + 4 + 8 + 8, 'object of a link');
  return { type, before: cursor.size64('offset of the link before') };
}

/** Follows the links back from the newest; nothing that they say is believed yet. */
async function backFrom(source: Source, newest: RawLink, least: number): Promise<RawLink[]> {
  const found: RawLink[] = [newest];
  for (let link = newest; found.length <= limits.links; ) {
    const { type, before } = beforeOf(link.object, link.offset);
    if (type === linkType.first) return found.reverse();
    if (type !== linkType.later || before < least || before >= link.offset) break;
    link = await readRawLink(source, before, link.offset - linkTailSize);
    found.push(link);
  }
  throw new FormatError('E-LNK-4', 'links that do not lead back to link 0', newest.offset);
}

/** Finds the links of a package. Throws where there is none (E-VER-1). */
export async function findLinks(source: Source, header: PackageHeader): Promise<LinkPlaces> {
  const zerosFrom = await startOfTrailingZeros(source);
  const newest = await lastWholeLink(source, zerosFrom, header.firstFrame);
  if (newest === null) throw new TruncatedError('E-OVR-1', 'nobody has signed the file: there is no link', source.size);
  const foreign = await foreignBehind(source, newest.end, zerosFrom);
  try {
    return { links: await backFrom(source, newest, header.firstFrame), newest, end: newest.end, foreign };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { links: [], newest, end: newest.end, foreign };
  }
}

function readNote(cursor: Cursor, size: number): string {
  const bytes = cursor.slice(size, 'note');
  if (size > limits.linkNote) cursor.fail('note that is too long', 'E-OVR-5');
  try {
    const note = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (note.includes('\0')) cursor.fail('note with U+0000');
    return note;
  } catch (error) {
    if (error instanceof FormatError) throw error;
    return cursor.fail('note that is not UTF-8');
  }
}

function readFirst(cursor: Cursor, isProof: boolean): FirstLink {
  const directoryOffset = cursor.size64('offset of the directory');
  const directoryHash = copyOf(cursor.slice(32, 'hash of the directory'));
  const frames = cursor.size64('number of frames');
  const sources = cursor.u32('number of sources');
  const attachments = cursor.u32('number of attachments');
  if (frames > limits.frames || sources > limits.sources || attachments > limits.attachments) cursor.fail('more than there may be', 'E-OVR-5');
  const presentationHash = copyOf(cursor.slice(32, 'hash of the presentation'));
  const presentationSize = cursor.size64('size of the presentation');
  if (!isProof && (presentationSize !== 0 || !isZero(presentationHash))) cursor.fail('presentation of a package');
  return { directoryOffset, directoryHash, frames, sources, attachments, presentationHash, presentationSize };
}

/** Where in the chain of links something stands, and what must fit it. */
export interface LinkPosition {
  header: PackageHeader;
  number: number;
  /** The link before, whose rules hold. */
  before: { raw: RawLink; link: Link } | null;
  /** SHA-256 of the slot, or zeros. */
  slotHash: Octets;
}

function checkSigner(prefix: ObjectPrefix, number: number, offset: number): void {
  const fail = (rule: string, what: string): never => {
    throw new FormatError(rule, what, offset);
  };
  if (prefix.suite !== 1) {
    if (number === 0) throw new UnsupportedError('E-VER-1', `suite ${prefix.suite}`, offset);
    fail('C-ALG-1', `suite ${prefix.suite}`);
  }
  const { role } = prefix;
  if (role !== roles.exporter && (role !== roles.custodian || number === 0)) fail('E-LNK-1', 'link in a role that signs none');
  if (prefix.algorithm === algorithms.none) fail('C-OBJ-2', 'link without a signature');
  if (number === 0 && prefix.algorithm > algorithms.rsaPss) throw new UnsupportedError('E-VER-1', `signature algorithm ${prefix.algorithm}`, offset);
}

async function checkSignature(raw: RawLink, prefix: ObjectPrefix, chain: readonly Certificate[]): Promise<boolean> {
  if (prefix.algorithm > algorithms.rsaPss) return false;
  const signer = await ObjectSigner.of(prefix.algorithm, (chain[0] as Certificate).publicKey);
  if (signer === null) throw new FormatError('C-ALG-3', 'the algorithm does not belong to the key of the signer', raw.offset);
  if (!(await signer.verify(raw.signature, raw.object))) throw new FormatError('C-OBJ-3', 'the signature of a link is wrong', raw.offset);
  return true;
}

function checkPlace(raw: RawLink, link: Link, stated: { id: Uint8Array; hash: Uint8Array; offset: number }, place: LinkPosition): void {
  const fail = (rule: string, what: string): never => {
    throw new FormatError(rule, what, raw.offset);
  };
  const { header, before, number } = place;
  if (!equal(stated.id, header.id) || !equal(stated.hash, header.hash)) fail('E-LNK-4', 'link of another package');
  if (link.number !== number) fail('E-LNK-4', `link ${link.number} where ${number} belongs`);
  if (stated.offset !== raw.offset) fail('E-LNK-4', 'link that was signed for another place');
  if (link.before !== (before?.raw.offset ?? 0)) fail('E-LNK-4', 'link that names another link before it');
  if (!equal(link.binding, before?.raw.head ?? place.slotHash)) fail('E-LNK-4', number === 0 ? 'link for another slot' : 'link for another link before it');
  if ((link.policy & ~policyBit.noReexport) !== 0) fail('E-OVR-4', 'unknown policy');
  if (before !== null && (before.link.policy & ~link.policy) !== 0) fail('E-LNK-4', 'link that allows what was forbidden');
}

/** Checks everything about a link but whether its signer is trusted (E-LNK-1 to E-LNK-4); the signature before what it says. */
export async function checkLink(raw: RawLink, place: LinkPosition): Promise<Link> {
  if (!equal(raw.head, raw.statedHead)) throw new FormatError('E-LNK-2', 'the head in the tail is not that of the link', raw.offset);
  if (!raw.isReservedZero) throw new FormatError('E-OVR-4', 'reserved bytes of a link', raw.offset);
  const cursor: Cursor = new Cursor(raw.object, 'E-LNK-4', raw.offset + linkHeaderSize);
  const prefix = readPrefix(cursor, place.number === 0 ? linkType.first : linkType.later);
  if (prefix.length !== raw.object.length) cursor.fail('object of another length', 'C-OBJ-1');
  checkSigner(prefix, place.number, raw.offset);
  const chain = readChain(raw.chain, raw.offset + linkHeaderSize + raw.object.length);
  if (!equal((chain[0] as Certificate).fingerprint, prefix.certificateHash)) cursor.fail('hash of another certificate', 'C-OBJ-2');
  const isVerified = await checkSignature(raw, prefix, chain);
  const id = cursor.slice(16, 'package id');
  const hash = cursor.slice(32, 'h');
  const number = cursor.u32('number of the link');
  const policy = cursor.u32('policy');
  const utc = cursor.i64('UTC');
  const offset = cursor.size64('offset of the link');
  const before = cursor.size64('offset of the link before');
  const binding = copyOf(cursor.slice(32, 'hash'));
  const first = place.number === 0 ? readFirst(cursor, place.header.isProof) : null;
  const noteSize = cursor.u16('length of the note');
  cursor.zeros(2, 'bytes behind the length of the note');
  const note = readNote(cursor, noteSize);
  cursor.end('object of a link');
  const link = { prefix, number, policy, utc, before, binding, first, note, chain, isVerified };
  checkPlace(raw, link, { id, hash, offset }, place);
  return link;
}

/** What a token of a link is about (E-LNK-3). */
export function imprintOf(raw: RawLink): Promise<Octets> {
  return sha256(concat(raw.object, raw.signature));
}
