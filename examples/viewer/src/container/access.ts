/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError } from '../bytes/errors.js';
import { type Octets, ascii, concat, copyOf, equal, equalSecret, isZero, u16 } from '../bytes/octets.js';
import { AeadKey, nonceSize, unwrapAesKey } from '../crypto/aead.js';
import { sha256Now } from '../crypto/hash.js';
import { hpkeOpen } from '../crypto/hpke.js';
import { hmacSha256, scryptKey } from '../crypto/kdf.js';
import type { Certificate } from '../x509/certificate.js';
import { roles } from '../x509/roles.js';
import { limits, objectType } from './format.js';
import type { Identity, KeyEncryptionKey } from './identities.js';
import { ContentKeys } from './keys.js';
import { ObjectSigner, readChain, readPrefix } from './objects.js';

export const stanzaType = { password: 1, x25519: 2, p256: 3, rsa: 4, kek: 5, xWing: 6 } as const;

export interface Stanza {
  type: number;
  body: Octets;
}

/** A slot of the access block whose digest and rules hold. */
export interface Slot {
  revision: bigint;
  stanzas: Stanza[];
  /** What the HMAC covers, and the HMAC. */
  covered: Octets;
  mac: Octets;
  /** Chain of the key officer who signed the recipients. */
  officer: Certificate[] | null;
}

export type SlotState =
  | { state: 'empty' }
  | { state: 'damaged'; reason: string }
  | { state: 'valid'; slot: Slot };

/** What a slot belongs to: a container, or an evidence package. */
export interface SlotOwner {
  /** Container id or package id. */
  id: Octets;
  headerHash: Octets;
}

const bodySizes: Record<number, readonly number[]> = {
  [stanzaType.password]: [68],
  [stanzaType.x25519]: [96],
  [stanzaType.p256]: [129],
  [stanzaType.rsa]: [272, 400, 528],
  [stanzaType.kek]: [56],
  [stanzaType.xWing]: [1184],
};
const minCost = 10;
const maxCost = 18;

function checkPasswordStanza(cursor: Cursor, body: Uint8Array): void {
  const cost = body[16] as number;
  if (cost < minCost || cost > maxCost) cursor.fail(`password stanza of cost ${cost}`);
  if (!isZero(body, 17, 20)) cursor.fail('reserved bytes of a password stanza');
}

function readStanzas(bytes: Uint8Array, count: number, base: number): Stanza[] {
  const cursor: Cursor = new Cursor(bytes, 'C-ACC-5', base);
  if (count > limits.stanzas) cursor.fail('too many stanzas', 'C-LIM-1');
  const stanzas: Stanza[] = [];
  for (let i = 0; i < count; i++) {
    const type = cursor.u16('type of a stanza');
    cursor.zeros(2, 'bytes behind the type of a stanza');
    const body = copyOf(cursor.slice(cursor.u32('length of a stanza'), 'stanza'));
    const sizes = bodySizes[type];
    if (sizes !== undefined && !sizes.includes(body.length)) cursor.fail(`stanza of type ${type} with ${body.length} bytes`);
    if (type === stanzaType.password) {
      checkPasswordStanza(cursor, body);
      if (stanzas.some((stanza) => stanza.type === type)) cursor.fail('two password stanzas');
    }
    stanzas.push({ type, body });
  }
  cursor.end('stanzas');
  return stanzas;
}

const officerObjectSize = 104;

/** Checks the officer part against the slot (C-ACC-4) and hands out the officer's chain. */
async function readOfficer(part: Uint8Array, base: number, revision: bigint, stanzas: Uint8Array, owner: SlotOwner): Promise<Certificate[]> {
  const cursor: Cursor = new Cursor(part, 'C-ACC-4', base);
  const chainSize = cursor.u32('length of the chain');
  const chain = readChain(cursor.slice(chainSize, 'chain'), base + 4);
  const leaf = chain[0] as Certificate;
  if (cursor.u32('length of the object') !== officerObjectSize) cursor.fail('object of another length');
  const objectOffset = cursor.offset;
  const object = copyOf(cursor.slice(officerObjectSize, 'object'));
  const algorithm = cursor.u16('signature algorithm');
  const size = cursor.u16('signature length');
  if (size > limits.signature) cursor.fail('signature is too long', 'C-LIM-1');
  const signature = copyOf(cursor.slice(size, 'signature'));
  cursor.end('officer part');
  const inner: Cursor = new Cursor(object, 'C-ACC-4', objectOffset);
  const prefix = readPrefix(inner, objectType.accessChange);
  if (prefix.length !== officerObjectSize || prefix.role !== roles.officer || prefix.suite !== 1) inner.fail('prefix of another object');
  if (prefix.algorithm !== algorithm || !equal(prefix.certificateHash, leaf.fingerprint)) inner.fail('prefix of another signer');
  const signer = await ObjectSigner.of(algorithm, leaf.publicKey);
  if (signer === null || !(await signer.verify(signature, object))) inner.fail('the signature of the officer is wrong');
  if (!equal(inner.slice(16), owner.id)) inner.fail('signed for another container');
  if (inner.u64('revision') !== revision) inner.fail('signed for another revision');
  if (!equal(inner.slice(32), sha256Now(stanzas))) inner.fail('signed for other stanzas');
  return chain;
}

async function readWholeSlot(bytes: Octets, base: number, owner: SlotOwner): Promise<Slot> {
  const cursor: Cursor = new Cursor(bytes, 'C-ACC-1', base);
  cursor.literal('SVMA', 'mark of a slot');
  if (cursor.u8('version') !== 1) cursor.fail('slot of another version');
  cursor.zeros(3, 'bytes behind the version');
  if (!equal(cursor.slice(16, 'container id'), owner.id)) cursor.fail('slot of another container');
  const revision = cursor.u64('revision');
  if (revision === 0n) cursor.fail('revision of zero');
  const count = cursor.u32('number of stanzas');
  const stanzaBytes = cursor.slice(cursor.u32('bytes of the stanzas'), 'stanzas');
  const stanzas = readStanzas(stanzaBytes, count, base + 40);
  const officerSize = cursor.u32('length of the officer part');
  const officerOffset = cursor.offset;
  const officerPart = cursor.slice(officerSize, 'officer part');
  const covered = copyOf(bytes.subarray(0, cursor.position));
  const mac = copyOf(cursor.slice(32, 'HMAC'));
  const digest = sha256Now(bytes.subarray(0, cursor.position));
  if (!equal(cursor.slice(32, 'digest'), digest)) cursor.fail('slot whose digest is wrong');
  cursor.zeros(cursor.remaining, 'bytes behind the slot');
  const officer = officerSize === 0 ? null : await readOfficer(officerPart, officerOffset, revision, stanzaBytes, owner);
  return { revision, stanzas, covered, mac, officer };
}

/** Reads one slot: empty, valid, or damaged for a reason (C-ACC-1). */
export async function readSlot(bytes: Octets, base: number, owner: SlotOwner): Promise<SlotState> {
  if (isZero(bytes)) return { state: 'empty' };
  try {
    return { state: 'valid', slot: await readWholeSlot(bytes, base, owner) };
  } catch (error) {
    if (error instanceof FormatError) return { state: 'damaged', reason: error.message };
    throw error;
  }
}

/** The slot that counts: the higher revision, of equal ones the first (C-ACC-2). */
export function countingSlot(states: readonly SlotState[]): Slot | null {
  let best: Slot | null = null;
  for (const state of states) {
    if (state.state === 'valid' && (best === null || state.slot.revision > best.revision)) best = state.slot;
  }
  return best;
}

/** What is given to open something. */
export interface Credentials {
  password?: string;
  identities?: readonly Identity[];
  keys?: readonly KeyEncryptionKey[];
}

export type OpenResult =
  | { state: 'opened'; keys: ContentKeys }
  | { state: 'wrong_key'; reason: string };

const maxPassword = 1024;

function stanzaBinding(type: number, owner: SlotOwner): Octets {
  return sha256Now(concat(ascii('svms1 stanza'), u16(type), owner.headerHash));
}

function mayBeFor(body: Octets, keyId: Octets): boolean {
  const named = body.subarray(0, 16);
  return isZero(named) || equal(named, keyId);
}

async function openPassword(stanza: Stanza, password: string, owner: SlotOwner, progress?: (part: number) => void): Promise<Octets | null> {
  const bytes = new TextEncoder().encode(password);
  if (bytes.length === 0 || bytes.length > maxPassword) return null;
  const key = await scryptKey(bytes, stanza.body.subarray(0, 16), stanza.body[16] as number, progress);
  const aead = await AeadKey.of(key);
  return aead.open(new Uint8Array(nonceSize), stanza.body.slice(20), stanzaBinding(stanza.type, owner));
}

async function openIdentity(stanza: Stanza, identity: Identity, owner: SlotOwner): Promise<Octets | null> {
  const { body, type } = stanza;
  if (!mayBeFor(body, identity.keyId)) return null;
  const binding = stanzaBinding(type, owner);
  if (identity.kind === 'rsa') {
    if (type !== stanzaType.rsa || body.length !== 16 + identity.modulusSize) return null;
    const opened = await identity.decrypt(body.slice(16));
    if (opened === null || opened.length !== 64 || !equalSecret(opened.subarray(32), binding)) return null;
    return opened.slice(0, 32);
  }
  const wanted = identity.kind === 'x25519' ? stanzaType.x25519 : stanzaType.p256;
  if (type !== wanted) return null;
  const split = body.length - 48;
  return hpkeOpen(identity.kem, body.slice(16, split), ascii('svms1 wrap'), binding, body.slice(split));
}

async function* candidates(
  slot: Slot,
  given: Credentials,
  owner: SlotOwner,
  progress?: (part: number) => void,
): AsyncGenerator<Octets | null> {
  for (const stanza of slot.stanzas) {
    for (const identity of given.identities ?? []) yield openIdentity(stanza, identity, owner);
    if (stanza.type !== stanzaType.kek) continue;
    for (const kek of given.keys ?? []) {
      if (mayBeFor(stanza.body, kek.keyId)) yield unwrapAesKey(kek.key, stanza.body.slice(16));
    }
  }
  const locked = slot.stanzas.find((stanza) => stanza.type === stanzaType.password);
  if (locked !== undefined && given.password !== undefined) yield openPassword(locked, given.password, owner, progress);
}

/** Finds the content key with what is given, and checks key and slot (C-KEY-2, C-ACC-3). */
export async function openSlot(
  slot: Slot | null,
  given: Credentials,
  owner: SlotOwner,
  keyCheck: Octets,
  progress?: (part: number) => void,
): Promise<OpenResult> {
  if (slot === null) return { state: 'wrong_key', reason: 'there is no valid list of recipients' };
  for await (const contentKey of candidates(slot, given, owner, progress)) {
    if (contentKey === null) continue;
    const keys = ContentKeys.of(contentKey, owner.id, owner.headerHash, keyCheck);
    if (keys === null) continue;
    if (!equalSecret(hmacSha256(keys.accessKey(), slot.covered), slot.mac)) {
      return { state: 'wrong_key', reason: 'the list of recipients was not made by who has the key (C-ACC-3)' };
    }
    return { state: 'opened', keys };
  }
  return { state: 'wrong_key', reason: 'nothing that was given opens it' };
}
