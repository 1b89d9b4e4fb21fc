/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { limits } from './format.js';
import { type Json, type JsonObject, parseJson } from './json.js';

export interface DerivationOrigin {
  source: number;
  track: number | null;
  firstSegment: number;
  lastSegment: number;
  firstManifest: string;
  lastManifest: string;
  time: bigint | null;
}

export interface Derivation {
  method: string;
  tool: string | null;
  from: DerivationOrigin[];
}

export interface CaseDevice {
  deviceId: string;
  recordingId: string;
  name: string | null;
  place: string | null;
  remark: string | null;
  sources: number[];
}

export interface CaseTrack {
  number: number;
  kind: string;
  codec: string;
  included: boolean;
}

export interface CaseVerification {
  verdict: string;
  identity: string;
  signer: string | null;
  attested: bigint | null;
  checked: bigint;
  reason: string | null;
  unverifiedCount: bigint;
  unverified: { segment: bigint | null; time: bigint | null; offset: bigint | null; reason: string }[];
}

export interface CaseSource {
  number: number;
  containerId: string;
  header: string;
  sequence: bigint;
  from: bigint | null;
  to: bigint | null;
  firstSegment: bigint | null;
  lastSegment: bigint | null;
  firstUtc: bigint | null;
  lastUtc: bigint | null;
  tracks: CaseTrack[];
  verification: CaseVerification;
}

export interface CaseAttachment {
  number: number;
  name: string;
  mediaType: string | null;
  size: bigint;
  sha256: string;
  description: string | null;
  derivation: Derivation | null;
}

export interface CasePresentation {
  name: string;
  mediaType: string | null;
  size: bigint;
  sha256: string;
  tracks: { track: number; presentationTrack: number }[];
  derivation: Derivation | null;
}

/** What the exporter says (section 6). Texts are plain text and nothing else. */
export interface Case {
  case: string | null;
  operator: string | null;
  reason: string | null;
  comment: string | null;
  created: bigint;
  profile: string | null;
  auditReference: string | null;
  reexport: boolean;
  formats: string[];
  devices: CaseDevice[];
  sources: CaseSource[];
  attachments: CaseAttachment[];
  presentation: CasePresentation | null;
}

const rule = 'E-CAS';
const mostNumber = 2n ** 63n - 1n;

function fail(where: string, what: string): never {
  throw new FormatError(rule, `case: ${where} ${what}`);
}

type Read<T> = (value: Json, where: string) => T;

const text: Read<string> = (value, where) => (typeof value === 'string' ? value : fail(where, 'is no text'));
const flag: Read<boolean> = (value, where) => (typeof value === 'boolean' ? value : fail(where, 'is neither true nor false'));

const whole: Read<bigint> = (value, where) => {
  if (typeof value !== 'bigint' || value < 0n || value > mostNumber) fail(where, 'is no number from 0 to 2^63 - 1');
  return value;
};

/** Numbers of things of which there are few. */
const count: Read<number> = (value, where) => {
  const number = whole(value, where);
  if (number > BigInt(Number.MAX_SAFE_INTEGER)) fail(where, 'is too large a number');
  return Number(number);
};

function orNull<T>(read: Read<T>): Read<T | null> {
  return (value, where) => (value === null ? null : read(value, where));
}

function hexOf(bytes: number): Read<string> {
  const pattern = new RegExp(`^[0-9a-f]{${2 * bytes}}$`);
  return (value, where) => {
    const digits = text(value, where);
    return pattern.test(digits) ? digits : fail(where, `is not ${bytes} bytes in lower-case hexadecimal`);
  };
}

function listOf<T>(read: Read<T>, most: number): Read<T[]> {
  return (value, where) => {
    if (!Array.isArray(value)) fail(where, 'is no array');
    if (value.length > most) fail(where, 'has too many items');
    return value.map((item, i) => read(item, `${where}[${i}]`));
  };
}

/** Things that have a `number` stand in the order of these numbers, from 0. */
function numbered<T extends { number: number }>(read: Read<T>, most: number): Read<T[]> {
  const list = listOf(read, most);
  return (value, where) => {
    const items = list(value, where);
    items.forEach((item, i) => item.number === i || fail(where, 'is not in the order of its numbers'));
    return items;
  };
}

const timePattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/;
const firstYear = 1678;
const lastYear = 2261;

const time: Read<bigint> = (value, where) => {
  const match = timePattern.exec(text(value, where));
  if (match === null) fail(where, 'is no time');
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!isReal || year < firstYear || year > lastYear) fail(where, 'is a time that cannot be');
  return BigInt(date.getTime()) * 1_000_000n + BigInt((match[7] ?? '').padEnd(9, '0'));
};

/** Hands out the members of an object, of which each that has a meaning must be there. */
class Members {
  constructor(
    private readonly members: JsonObject,
    private readonly where: string,
  ) {}

  static of(value: Json, where: string): Members {
    return value instanceof Map ? new Members(value, where) : fail(where, 'is no object');
  }

  get<T>(name: string, read: Read<T>): T {
    const value = this.members.get(name);
    if (value === undefined) fail(`${this.where}.${name}`, 'is missing');
    return read(value, `${this.where}.${name}`);
  }

  optional<T>(name: string, read: Read<T>, otherwise: T): T {
    return this.members.has(name) ? this.get(name, read) : otherwise;
  }
}

const origin: Read<DerivationOrigin> = (value, where) => {
  const members = Members.of(value, where);
  return {
    source: members.get('source', count),
    track: members.get('track', orNull(count)),
    firstSegment: members.get('first_segment', count),
    lastSegment: members.get('last_segment', count),
    firstManifest: members.get('first_manifest', hexOf(32)),
    lastManifest: members.get('last_manifest', hexOf(32)),
    time: members.optional('time', orNull(time), null),
  };
};

const derivation: Read<Derivation> = (value, where) => {
  const members = Members.of(value, where);
  return {
    method: members.get('method', text),
    tool: members.get('tool', orNull(text)),
    from: members.get('from', listOf(origin, limits.origins)),
  };
};

const device: Read<CaseDevice> = (value, where) => {
  const members = Members.of(value, where);
  return {
    deviceId: members.get('device_id', hexOf(16)),
    recordingId: members.get('recording_id', hexOf(16)),
    name: members.get('name', orNull(text)),
    place: members.get('place', orNull(text)),
    remark: members.get('remark', orNull(text)),
    sources: members.get('sources', listOf(count, limits.sources)),
  };
};

const kinds: readonly string[] = ['video', 'audio', 'metadata'];

const track: Read<CaseTrack> = (value, where) => {
  const members = Members.of(value, where);
  const kind = members.get('kind', text);
  if (!kinds.includes(kind)) fail(`${where}.kind`, 'is none of a track');
  return { number: members.get('number', count), kind, codec: members.get('codec', text), included: members.get('included', flag) };
};

const unverified: Read<CaseVerification['unverified'][number]> = (value, where) => {
  const members = Members.of(value, where);
  return {
    segment: members.get('segment', orNull(whole)),
    time: members.get('time', orNull(time)),
    offset: members.get('offset', orNull(whole)),
    reason: members.get('reason', text),
  };
};

const verification: Read<CaseVerification> = (value, where) => {
  const members = Members.of(value, where);
  return {
    verdict: members.get('verdict', text),
    identity: members.get('identity', text),
    signer: members.get('signer', orNull(text)),
    attested: members.get('attested', orNull(time)),
    checked: members.get('checked', time),
    reason: members.get('reason', orNull(text)),
    unverifiedCount: members.get('unverified_count', whole),
    unverified: members.get('unverified', listOf(unverified, limits.unverified)),
  };
};

const source: Read<CaseSource> = (value, where) => {
  const members = Members.of(value, where);
  const read = {
    number: members.get('number', count),
    containerId: members.get('container_id', hexOf(16)),
    header: members.get('header', hexOf(32)),
    sequence: members.get('sequence', whole),
    from: members.get('from', orNull(time)),
    to: members.get('to', orNull(time)),
    firstSegment: members.get('first_segment', orNull(whole)),
    lastSegment: members.get('last_segment', orNull(whole)),
    firstUtc: members.get('first_utc', orNull(time)),
    lastUtc: members.get('last_utc', orNull(time)),
    tracks: members.get('tracks', numbered(track, 32)),
    verification: members.get('verification', verification),
  };
  if ((read.firstSegment === null) !== (read.lastSegment === null)) fail(where, 'names only one of first and last segment');
  return read;
};

const maxName = 255;
/** Separators of paths, and control and bidirectional control characters (E-CAS-4). */
const refusedInNames = /[/\\\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

const fileName: Read<string> = (value, where) => {
  const name = text(value, where);
  const size = new TextEncoder().encode(name).length;
  if (size < 1 || size > maxName || refusedInNames.test(name) || name === '.' || name === '..') fail(where, 'is no name of a file');
  return name;
};

const attachment: Read<CaseAttachment> = (value, where) => {
  const members = Members.of(value, where);
  return {
    number: members.get('number', count),
    name: members.get('name', fileName),
    mediaType: members.get('media_type', orNull(text)),
    size: members.get('size', whole),
    sha256: members.get('sha256', hexOf(32)),
    description: members.get('description', orNull(text)),
    derivation: members.get('derivation', orNull(derivation)),
  };
};

const presentedTrack: Read<CasePresentation['tracks'][number]> = (value, where) => {
  const members = Members.of(value, where);
  return { track: members.get('track', count), presentationTrack: members.get('presentation_track', count) };
};

const presentation: Read<CasePresentation> = (value, where) => {
  const members = Members.of(value, where);
  return {
    name: members.get('name', fileName),
    mediaType: members.get('media_type', orNull(text)),
    size: members.get('size', whole),
    sha256: members.get('sha256', hexOf(32)),
    tracks: members.get('tracks', listOf(presentedTrack, 32)),
    derivation: members.get('derivation', orNull(derivation)),
  };
};

/** Parses the case and checks its form (section 6); that it agrees with the frames is another matter. */
export function readCase(bytes: Uint8Array): Case {
  const members = Members.of(parseJson(bytes), 'the document');
  if (members.get('format', text) !== 'svms-case') fail('format', 'is not "svms-case"');
  if (members.get('version', whole) !== 1n) fail('version', 'is not 1');
  return {
    case: members.get('case', orNull(text)),
    operator: members.get('operator', orNull(text)),
    reason: members.get('reason', orNull(text)),
    comment: members.get('comment', orNull(text)),
    created: members.get('created', time),
    profile: members.get('profile', orNull(text)),
    auditReference: members.get('audit_reference', orNull(text)),
    reexport: members.get('reexport', flag),
    formats: members.get('formats', listOf(text, limits.caseValues)),
    devices: members.get('devices', listOf(device, limits.sources)),
    sources: members.get('sources', numbered(source, limits.sources)),
    attachments: members.get('attachments', numbered(attachment, limits.attachments)),
    presentation: members.get('presentation', orNull(presentation)),
  };
}
