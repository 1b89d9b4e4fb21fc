/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError, TruncatedError, UnsupportedError } from '../bytes/errors.js';
import { type Octets, copyOf, equal, isZero } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import { sha256Now } from '../crypto/hash.js';
import type { Certificate } from '../x509/certificate.js';
import { roles } from '../x509/roles.js';
import { type Description, isDescriptionSize, readDescription } from './description.js';
import { algorithm, limits, objectType, prefixSize, protection, tagSize } from './format.js';
import { type ObjectPrefix, readChain, readPrefix, requireKnownAlgorithm } from './objects.js';

export interface Track {
  number: number;
  kind: number;
  protection: number;
  /** Four characters where they are printable, otherwise 0x and eight digits. */
  codec: string;
  timebase: { numerator: number; denominator: number };
  defaultDuration: number;
  width: number;
  height: number;
  sampleRate: number;
  channels: number;
  configuration: Octets;
}

export interface PreviousContainer {
  containerId: Octets;
  /** Null where the container had no complete segment. */
  segment: number | null;
  hash: Octets;
  state: number;
}

/** What stands first and is read before the signature (C-OBJ-3). */
export interface HeaderStart {
  raw: Octets;
  hash: Octets;
  minor: number;
  compatible: number;
  critical: { deferred: boolean; late: boolean; batch: boolean };
  prefix: ObjectPrefix;
  isSigned: boolean;
  chain: Certificate[];
}

export interface Header extends HeaderStart {
  containerId: Octets;
  recordingId: Octets;
  sequence: bigint;
  deviceId: Octets;
  createdUtc: bigint;
  baseUtc: bigint;
  origin: number;
  captureSource: number;
  tracks: Track[];
  keys: { check: Octets; slotSize: number } | null;
  sealedDescription: Octets | null;
  description: Description | null;
  previous: PreviousContainer | null;
  segmentNanoseconds: bigint;
  segmentBytes: bigint;
  signatureInterval: number;
  software: string | null;
}

const magic = Uint8Array.of(0x8a, 0x53, 0x56, 0x4d, 0x0d, 0x0a, 0x1a, 0x0a);
const fixedSize = 24 + prefixSize;
const firstOptionalTag = 0x8000;
const lastTag = 11;
const chainTag = 1;
const trackTag = 5;

const criticalBit = { deferred: 1, late: 2, batch: 4 } as const;
const knownCritical = 7;

interface Field {
  tag: number;
  value: Cursor;
}

/** Does a file begin like a container? */
export function isContainer(start: Uint8Array): boolean {
  return equal(start.subarray(0, magic.length), magic);
}

/** Reads the bytes of the header, as many as it says, within its limit. */
export async function readHeaderBytes(source: Source): Promise<Octets> {
  const start = await source.read(0, fixedSize);
  const known = Math.min(start.length, magic.length);
  if (!equal(start.subarray(0, known), magic.subarray(0, known))) {
    throw new FormatError('C-HDR-1', 'the file is no container', 0);
  }
  if (start.length < fixedSize) throw new TruncatedError('C-VER-8', 'the file stops within the header', 0);
  const major = start[8] as number;
  if (major !== 1) throw new UnsupportedError('C-HDR-2', `major version ${major}`, 8);
  const size = new DataView(start.buffer).getUint32(20);
  if (size < fixedSize || size > limits.header) throw new FormatError('C-HDR-3', `header of ${size} bytes`, 20);
  const raw = await source.read(0, size);
  if (raw.length < size) throw new TruncatedError('C-VER-8', 'the file stops within the header', 0);
  return raw;
}

function checkSigner(prefix: ObjectPrefix, critical: number): boolean {
  const fail = (rule: string, what: string): never => {
    throw new FormatError(rule, what, 24);
  };
  if (prefix.suite !== 1) throw new UnsupportedError('C-ALG-1', `suite ${prefix.suite}`, 32);
  requireKnownAlgorithm(prefix.algorithm, 34);
  if (prefix.role === roles.none) {
    if (prefix.algorithm !== algorithm.none || !isZero(prefix.certificateHash)) fail('C-OBJ-2', 'unsigned, yet with a signer');
    if (critical !== 0) fail('C-HDR-5', 'unsigned, with critical bits of signatures');
    return false;
  }
  if (prefix.role !== roles.camera && prefix.role !== roles.recorder) fail('C-ALG-4', 'signer in a role that signs no container');
  if (prefix.algorithm === algorithm.none) fail('C-OBJ-2', 'signed without an algorithm');
  return true;
}

function readFixed(raw: Octets): Omit<HeaderStart, 'chain'> & { rest: Cursor } {
  const cursor: Cursor = new Cursor(raw, 'C-HDR-3', 0);
  cursor.slice(magic.length, 'magic');
  cursor.u8('major version');
  const minor = cursor.u8('minor version');
  cursor.zeros(2, 'bytes behind the version', 'C-OVR-4');
  const compatible = cursor.u32('compatible bits');
  const critical = cursor.u32('critical bits');
  if ((critical & ~knownCritical) !== 0) throw new UnsupportedError('C-HDR-5', 'unknown critical bits', 16);
  cursor.u32('header length');
  const prefix = readPrefix(cursor, objectType.header);
  if (prefix.length !== raw.length) throw new FormatError('C-HDR-3', 'lengths of the header differ', 36);
  const isSigned = checkSigner(prefix, critical);
  return {
    raw,
    hash: sha256Now(raw),
    minor,
    compatible,
    critical: {
      deferred: (critical & criticalBit.deferred) !== 0,
      late: (critical & criticalBit.late) !== 0,
      batch: (critical & criticalBit.batch) !== 0,
    },
    prefix,
    isSigned,
    rest: cursor,
  };
}

function readField(cursor: Cursor): Field {
  const tag = cursor.u16('tag');
  cursor.zeros(2, 'bytes behind a tag', 'C-OVR-4');
  const size = cursor.u32('length of a field');
  const offset = cursor.offset;
  return { tag, value: new Cursor(cursor.slice(size, `field ${tag}`), 'C-HDR-6', offset) };
}

function readFields(cursor: Cursor): Field[] {
  const fields: Field[] = [];
  let last = -1;
  while (cursor.remaining > 0) {
    const field = readField(cursor);
    const { tag } = field;
    if (tag < last || (tag === last && tag !== trackTag)) cursor.fail(`tag ${tag} is not in order`, 'C-HDR-6');
    if (tag < firstOptionalTag && (tag === 0 || tag > lastTag)) cursor.fail(`unknown tag ${tag}`, 'C-HDR-6');
    fields.push(field);
    last = tag;
  }
  return fields;
}

function cursorOf(fields: readonly Field[], tag: number, rule: string): Cursor | null {
  const field = fields.find((one) => one.tag === tag);
  return field === undefined ? null : new Cursor(field.value.bytes, rule, field.value.offset);
}

function required(fields: readonly Field[], tag: number, rule: string): Cursor {
  const cursor = cursorOf(fields, tag, rule);
  if (cursor === null) throw new FormatError('C-HDR-6', `field ${tag} is missing`, 0);
  return cursor;
}

/** Fixed fields and certificate chain: all that may be used before the signature holds (C-OBJ-3). */
export function readHeaderStart(raw: Octets): HeaderStart {
  const { rest, ...fixed } = readFixed(raw);
  const isChain = rest.remaining >= 2 && raw[rest.position] === 0 && raw[rest.position + 1] === chainTag;
  if (isChain !== fixed.isSigned) throw new FormatError('C-HDR-8', 'signed without a chain, or the reverse', fixedSize);
  if (!isChain) return { ...fixed, chain: [] };
  const { value } = readField(rest);
  const chain = readChain(value.bytes, value.offset);
  if (!equal((chain[0] as Certificate).fingerprint, fixed.prefix.certificateHash)) {
    throw new FormatError('C-OBJ-2', 'hash of another certificate', 40);
  }
  return { ...fixed, chain };
}

function codecName(code: number): string {
  const bytes = [code >>> 24, (code >>> 16) & 0xff, (code >>> 8) & 0xff, code & 0xff];
  if (bytes.every((byte) => byte >= 0x20 && byte <= 0x7e)) return String.fromCharCode(...bytes);
  return `0x${code.toString(16).padStart(8, '0')}`;
}

function readTrack(field: Field, number: number): Track {
  const cursor: Cursor = new Cursor(field.value.bytes, 'C-HDR-12', field.value.offset);
  if (cursor.u8('track number') !== number) cursor.fail('track numbers that do not count');
  const kind = cursor.u8('kind of track');
  if (kind < 1 || kind > 3) cursor.fail('track of unknown kind');
  const level = cursor.u8('protection');
  if (level > protection.none) cursor.fail('unknown protection');
  cursor.zeros(1, 'byte behind the protection', 'C-OVR-4');
  const codec = codecName(cursor.u32('codec'));
  const timebase = { numerator: cursor.u32('time base'), denominator: cursor.u32('time base') };
  if (timebase.numerator === 0 || timebase.denominator === 0) cursor.fail('time base of zero');
  const track = {
    number,
    kind,
    protection: level,
    codec,
    timebase,
    defaultDuration: cursor.u32('default duration'),
    width: cursor.u32('width'),
    height: cursor.u32('height'),
    sampleRate: cursor.u32('sample rate'),
    channels: cursor.u32('channels'),
  };
  if (cursor.remaining > limits.configuration) cursor.fail('codec configuration is too long', 'C-LIM-1');
  return { ...track, configuration: copyOf(cursor.slice(cursor.remaining)) };
}

function readTracks(fields: readonly Field[]): Track[] {
  const found = fields.filter((field) => field.tag === trackTag);
  if (found.length === 0) throw new FormatError('C-HDR-6', 'a header without tracks', 0);
  if (found.length > limits.tracks) throw new FormatError('C-LIM-1', 'too many tracks', 0);
  return found.map(readTrack);
}

function readKeys(fields: readonly Field[], tracks: readonly Track[]): Header['keys'] {
  const cursor = cursorOf(fields, 6, 'C-HDR-15');
  if (cursor === null) {
    if (tracks.some((track) => track.protection !== protection.none)) {
      throw new FormatError('C-HDR-15', 'protected tracks without keys', 0);
    }
    return null;
  }
  const check = copyOf(cursor.slice(32, 'key check'));
  const slotSize = cursor.u32('slot size');
  cursor.end('field of keys');
  if (slotSize < limits.slotMin || slotSize > limits.slotMax || slotSize % limits.slotMin !== 0) {
    cursor.fail(`slot size ${slotSize}`);
  }
  return { check, slotSize };
}

function readDescriptions(fields: readonly Field[], hasKeys: boolean): Pick<Header, 'sealedDescription' | 'description'> {
  const sealed = cursorOf(fields, 7, 'C-HDR-16');
  const clear = cursorOf(fields, 8, 'C-HDR-16');
  if (sealed !== null) {
    if (!hasKeys) sealed.fail('sealed description without keys');
    if (!isDescriptionSize(sealed.remaining - tagSize)) sealed.fail('sealed description of a size that is not allowed');
  }
  if (clear !== null && hasKeys) clear.fail('clear description beside keys');
  return {
    sealedDescription: sealed === null ? null : copyOf(sealed.bytes),
    description: clear === null ? null : readDescription(clear.bytes, clear.offset),
  };
}

function readPrevious(fields: readonly Field[]): PreviousContainer | null {
  const cursor = cursorOf(fields, 9, 'C-HDR-17');
  if (cursor === null) return null;
  const containerId = copyOf(cursor.slice(16, 'container id'));
  const number = cursor.u64('segment number');
  const hash = copyOf(cursor.slice(32, 'hash'));
  const state = cursor.u8('state of the link');
  if (state < 1 || state > 4) cursor.fail('link in an unknown state');
  cursor.zeros(7, 'bytes behind the link');
  cursor.end('field of the link');
  if (number === 2n ** 64n - 1n) return { containerId, segment: null, hash, state };
  if (number >= BigInt(limits.segments)) cursor.fail('link to a segment that cannot be');
  return { containerId, segment: Number(number), hash, state };
}

function readTimes(cursor: Cursor): Pick<Header, 'createdUtc' | 'baseUtc' | 'origin' | 'captureSource'> {
  const createdUtc = cursor.i64('creation');
  const baseUtc = cursor.i64('origin of media time');
  const origin = cursor.u8('origin');
  if (origin < 1 || origin > 3) cursor.fail('unknown origin');
  const captureSource = cursor.u8('capture-time source');
  if (captureSource > 6) cursor.fail('unknown capture-time source');
  cursor.zeros(2, 'bytes behind the times');
  cursor.end('field of times');
  return { createdUtc, baseUtc, origin, captureSource };
}

function readLimits(
  cursor: Cursor,
  deferred: boolean,
): Pick<Header, 'segmentNanoseconds' | 'segmentBytes' | 'signatureInterval'> {
  const segmentNanoseconds = cursor.u64('segment duration');
  const segmentBytes = cursor.u64('segment size');
  const signatureInterval = cursor.u32('signature interval');
  cursor.zeros(4, 'bytes behind the interval');
  cursor.end('field of segment limits');
  const isAllowed = deferred ? signatureInterval >= 2 && signatureInterval <= 64 : signatureInterval === 1;
  if (!isAllowed) cursor.fail(`signature interval ${signatureInterval}`);
  return { segmentNanoseconds, segmentBytes, signatureInterval };
}

function readSoftware(fields: readonly Field[]): string | null {
  const cursor = cursorOf(fields, 11, 'C-HDR-6');
  if (cursor === null) return null;
  const name = cursor.ascii(cursor.remaining, 'writer software');
  if (!/^[\x20-\x7e]{1,64}$/.test(name)) cursor.fail('name of the software that is not allowed');
  return name;
}

/** All fields. To be called when the signature over `start.raw` holds. */
export function readHeaderFields(start: HeaderStart): Header {
  const fields = readFields(readFixed(start.raw).rest);
  const identity = required(fields, 2, 'C-HDR-9');
  const containerId = copyOf(identity.slice(16, 'container id'));
  const recordingId = copyOf(identity.slice(16, 'recording id'));
  const sequence = identity.u64('sequence number');
  identity.end('field of the identity');
  const device = required(fields, 3, 'C-HDR-10');
  const deviceId = copyOf(device.slice(16, 'device id'));
  device.end('field of the device');
  const tracks = readTracks(fields);
  const keys = readKeys(fields, tracks);
  return {
    ...start,
    containerId,
    recordingId,
    sequence,
    deviceId,
    ...readTimes(required(fields, 4, 'C-HDR-11')),
    tracks,
    keys,
    ...readDescriptions(fields, keys !== null),
    previous: readPrevious(fields),
    ...readLimits(required(fields, 10, 'C-HDR-18'), start.critical.deferred),
    software: readSoftware(fields),
  };
}
