/* SPDX-License-Identifier: Apache-2.0 */
/* A record of a recorder on a camera's signature: CS-REC-1 of signedvideo.md, and nothing else. */
import { FormatError } from '../bytes/errors.js';
import { type Json, type JsonBounds, type JsonObject, parseJson } from '../package/json.js';
import type { Identity } from '../x509/trust.js';
import { type CameraFormat, type CameraReason, type CameraVerdict, cameraFormats, cameraReasons, cameraVerdicts } from './model.js';

export interface CameraRecord {
  track: number;
  verdict: CameraVerdict;
  reasons: CameraReason[];
  trusted: boolean;
  identity: Identity;
  key: string | null;
  subject: string | null;
  format: CameraFormat | null;
  counter: number;
  firstFrame: number;
  frames: number;
  missing: number;
  changed: number;
  inserted: number;
  missingGroups: number;
  from: bigint | null;
  to: bigint | null;
}

const rule = 'CS-REC-1';
const maxRecord = 65_536;
const maxRemarks = 256;
const maxSubject = 255;
const below32 = 2n ** 32n - 1n;
const below53 = 2n ** 53n - 1n;
/** The record, its remarks, and one remark. */
const bounds: JsonBounds = { rule, limitRule: rule, what: 'a record', values: 2_048, depth: 3 };

const identities: readonly Identity[] = [
  'trusted', 'unsigned', 'no_anchor', 'unknown_issuer', 'wrong_role', 'expired_now', 'expired_then', 'not_yet_valid', 'bad_chain', 'revoked', 'future',
];

const members: ReadonlySet<string> = new Set([
  'track', 'verdict', 'reasons', 'trusted', 'identity', 'key', 'subject', 'format', 'counter', 'first_frame', 'frames', 'missing', 'changed', 'inserted',
  'missing_gops', 'from', 'to', 'remarks', 'remarks_left_out',
]);
const membersOfRemark: ReadonlySet<string> = new Set(['frame', 'verdict', 'nal_units']);
/** Of frames; a GOP is neither repeated nor moved. */
const verdictsOfFrames: ReadonlySet<string> = new Set([...cameraVerdicts, 'repeated', 'moved']);

const unprintable = /[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/u;
const timePattern = /^(?:0|-?[1-9][0-9]{0,18})$/;
const keyPattern = /^[0-9a-f]{64}$/;

function fail(name: string, what: string): never {
  throw new FormatError(rule, `a record whose "${name}" ${what}`);
}

function get(object: JsonObject, name: string): Json {
  const value = object.get(name);
  return value === undefined ? fail(name, 'is missing') : value;
}

function onlyKnown(object: JsonObject, known: ReadonlySet<string>): void {
  // Names of strangers stand in no message.
  for (const name of object.keys()) if (!known.has(name)) throw new FormatError(rule, 'a record with a member that is not known');
}

function textOf(object: JsonObject, name: string): string {
  const value = get(object, name);
  return typeof value === 'string' ? value : fail(name, 'is no text');
}

function numberOf(object: JsonObject, name: string, most: bigint): number {
  const value = get(object, name);
  if (typeof value !== 'bigint' || value < 0n || value > most) fail(name, 'is no number that it may be');
  return Number(value);
}

function oneOf<T extends string>(all: readonly T[], text: string, name: string): T {
  return all.find((one) => one === text) ?? fail(name, 'is none of the words that it may be');
}

function listOf(object: JsonObject, name: string, most: number): Json[] {
  const value = get(object, name);
  if (!Array.isArray(value)) fail(name, 'is no array');
  if (value.length > most) fail(name, 'has too many items');
  return value;
}

function reasonsOf(object: JsonObject): CameraReason[] {
  const found = listOf(object, 'reasons', cameraReasons.length).map((item) => (typeof item === 'string' ? oneOf(cameraReasons, item, 'reasons') : fail('reasons', 'has an item that is no text')));
  if (new Set(found).size !== found.length) fail('reasons', 'names one twice');
  return found;
}

function timeOf(object: JsonObject, name: string): bigint | null {
  if (!object.has(name)) return null;
  const text = textOf(object, name);
  if (!timePattern.test(text)) fail(name, 'is no time');
  const time = BigInt(text);
  // The least number stands for no time at all.
  if (time <= -(2n ** 63n) || time >= 2n ** 63n) fail(name, 'is beyond 64 bits');
  return time;
}

function keyOf(object: JsonObject): string | null {
  if (!object.has('key')) return null;
  const digits = textOf(object, 'key');
  return keyPattern.test(digits) ? digits : fail('key', 'is not 32 bytes in lower-case hexadecimal');
}

function subjectOf(object: JsonObject): string | null {
  if (!object.has('subject')) return null;
  const subject = textOf(object, 'subject');
  if (new TextEncoder().encode(subject).length > maxSubject) fail('subject', 'is too long');
  return unprintable.test(subject) ? fail('subject', 'cannot be printed') : subject;
}

/** Records that are older than the member lack it. */
function formatOf(object: JsonObject): CameraFormat | null {
  return object.has('format') ? oneOf(cameraFormats, textOf(object, 'format'), 'format') : null;
}

function checkRemarks(object: JsonObject): void {
  const remarks = listOf(object, 'remarks', maxRemarks);
  for (const remark of remarks) {
    if (!(remark instanceof Map)) fail('remarks', 'has an item that is no object');
    onlyKnown(remark, membersOfRemark);
    numberOf(remark, 'frame', below53);
    numberOf(remark, 'nal_units', below53);
    if (!verdictsOfFrames.has(textOf(remark, 'verdict'))) fail('remarks', 'has a verdict that is none');
  }
  if (!object.has('remarks_left_out')) return;
  if (numberOf(object, 'remarks_left_out', below32) === 0 || remarks.length < maxRemarks) fail('remarks_left_out', 'is there, and none is left out');
}

/** Throws FormatError for anything that is not a record as it must be. */
export function readCameraRecord(bytes: Uint8Array): CameraRecord {
  if (bytes.length > maxRecord) throw new FormatError(rule, 'a record of more than 64 KiB');
  const object = parseJson(bytes, bounds);
  if (!(object instanceof Map)) throw new FormatError(rule, 'a record that is no object');
  onlyKnown(object, members);
  const trusted = get(object, 'trusted');
  if (typeof trusted !== 'boolean') fail('trusted', 'is neither true nor false');
  const identity = oneOf(identities, textOf(object, 'identity'), 'identity');
  if (trusted !== (identity === 'trusted')) fail('trusted', 'is not what the identity says');
  checkRemarks(object);
  return {
    track: numberOf(object, 'track', below32),
    verdict: oneOf(cameraVerdicts, textOf(object, 'verdict'), 'verdict'),
    reasons: reasonsOf(object),
    trusted,
    identity,
    key: keyOf(object),
    subject: subjectOf(object),
    format: formatOf(object),
    counter: numberOf(object, 'counter', below32),
    firstFrame: numberOf(object, 'first_frame', below53),
    frames: numberOf(object, 'frames', below53),
    missing: numberOf(object, 'missing', below53),
    changed: numberOf(object, 'changed', below53),
    inserted: numberOf(object, 'inserted', below53),
    missingGroups: numberOf(object, 'missing_gops', below32),
    from: timeOf(object, 'from'),
    to: timeOf(object, 'to'),
  };
}
