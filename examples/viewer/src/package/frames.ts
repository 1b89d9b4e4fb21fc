/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError, TruncatedError } from '../bytes/errors.js';
import { type Octets, concat, copyOf, equal } from '../bytes/octets.js';
import { MemorySource, PartSource, type Source } from '../bytes/source.js';
import { RunningSha256, sha256 } from '../crypto/hash.js';
import type { FrameEntry } from './directory.js';
import { frameFlag, frameHeaderSize, frameKind, limits, noNumber } from './format.js';
import { SealedSource, openedSize } from './keys.js';

/** A frame whose header fits its directory entry and whose digest is right; B may be large. */
export interface Frame {
  entry: FrameEntry;
  header: Octets;
  a: Octets;
  c: Octets;
  /** Part B as it is stored. What its digest covers was read once, and is kept, where it is small. */
  b: Source;
  /** Offset of part B in the file. */
  offsetB: number;
}

/** What the frame header's rules depend on besides the frame. */
export interface FrameRules {
  isSealed: boolean;
}

interface Sizes {
  a: number;
  b: number;
  c: number;
}

/** Parts that a frame of a kind has. */
const parts: Record<number, { a: boolean; b: boolean; c: boolean }> = {
  [frameKind.source]: { a: false, b: false, c: true },
  [frameKind.segment]: { a: true, b: true, c: true },
  [frameKind.manifest]: { a: false, b: false, c: true },
  [frameKind.record]: { a: false, b: false, c: true },
  [frameKind.end]: { a: false, b: false, c: true },
  [frameKind.fragment]: { a: false, b: true, c: false },
  [frameKind.attachment]: { a: false, b: true, c: false },
  [frameKind.case]: { a: false, b: true, c: false },
  [frameKind.leaves]: { a: true, b: true, c: true },
};
const alwaysSealed: readonly number[] = [frameKind.fragment, frameKind.attachment, frameKind.case];

function readSizes(header: Octets, entry: FrameEntry): Sizes {
  const cursor: Cursor = new Cursor(header, 'E-FRM-1', entry.offset);
  const kind = cursor.u8('kind');
  const flags = cursor.u8('flags');
  cursor.zeros(2, 'bytes behind the flags');
  const a = cursor.u32('size of part A');
  const c = cursor.u32('size of part C');
  cursor.zeros(4, 'bytes behind the sizes');
  const b = cursor.size64('size of part B');
  const number = cursor.u64('number');
  const origin = cursor.size64('origin');
  const stated = entry.number === null ? noNumber : BigInt(entry.number);
  if (kind !== entry.kind || flags !== entry.flags || number !== stated || origin !== entry.origin) {
    cursor.fail('frame that its directory describes in another way', 'E-DIR-3');
  }
  if (a > limits.partA || b > limits.partB || c > limits.partC) cursor.fail('frame beyond its limits', 'E-OVR-5');
  if (frameHeaderSize + a + b + c !== entry.end - entry.offset) cursor.fail('frame whose parts do not fill it', 'E-OVR-1');
  return { a, b, c };
}

function checkParts(entry: FrameEntry, sizes: Sizes, rules: FrameRules): void {
  const fail = (rule: string, what: string): never => {
    throw new FormatError(rule, what, entry.offset);
  };
  const has = parts[entry.kind] ?? fail('E-FRM-1', 'frame of unknown kind');
  if ((!has.a && sizes.a > 0) || (!has.b && sizes.b > 0) || (!has.c && sizes.c > 0)) fail('E-FRM-1', 'frame with a part that its kind does not have');
  const mayLackB = entry.kind === frameKind.attachment;
  if ((has.b && sizes.b === 0 && !mayLackB) || (has.c && sizes.c === 0)) fail('E-FRM-1', 'frame without a part that its kind has');
  const isSealed = (entry.flags & frameFlag.sealed) !== 0;
  if (isSealed && !rules.isSealed) fail('E-FRM-5', 'sealed body in an unsealed package');
  if (isSealed && openedSize(sizes.b) === null) fail('E-FRM-4', 'sealed body of a size that no body has');
  if (isSealed && sizes.b === 0) fail('E-FRM-4', 'empty body that is called sealed');
  if (rules.isSealed && !isSealed && sizes.b > 0 && alwaysSealed.includes(entry.kind)) fail('E-FRM-5', 'clear body in a sealed package');
  const opened = isSealed ? (openedSize(sizes.b) ?? 0) : sizes.b;
  if (entry.kind === frameKind.case && opened > limits.caseBytes) fail('E-OVR-5', 'case that is too large');
}

/** Frames up to this size are read at once; while somebody watches, those up to the other. */
const maxInMemory = 64 << 20;
export const maxWatched = 32 << 20;
/** Large frames are read and hashed in pieces of this size. */
const framePiece = 8 << 20;
/** What bodies hold, likewise: whole sealed chunks, all opened at once, which takes several times their memory. */
const bodyPiece = 2 << 20;
/** Up to this size the browser's own digest, which takes no pieces, is worth the memory. */
const maxAtOnce = 16 << 20;

/** Told how much of how much was hashed; what it returns is waited for, and what it throws ends the reading. */
export type OnRead = (done: number, of: number) => void | Promise<void>;

function requireDigest(digest: Uint8Array, entry: FrameEntry): void {
  if (!equal(digest, entry.digest)) throw new FormatError('E-DIR-2', 'frame whose digest is wrong', entry.offset);
}

async function readExactly(source: Source, offset: number, size: number): Promise<Octets> {
  const bytes = await source.read(offset, size);
  if (bytes.length < size) throw new TruncatedError('E-OVR-1', 'the file became shorter', offset);
  return bytes;
}

/** What stands from `from` to `end`, piece by piece; the next is read while one is looked at. */
async function* piecesOf(source: Source, from: number, end: number, size: number): AsyncGenerator<Octets> {
  const read = (at: number): Promise<Octets> => {
    const piece = readExactly(source, at, Math.min(size, end - at));
    // Whoever comes to it gets the error; who stops before does not.
    piece.catch(() => undefined);
    return piece;
  };
  let next = from < end ? read(from) : null;
  for (let at = from; next !== null; ) {
    const piece: Octets = await next;
    at += piece.length;
    next = at < end ? read(at) : null;
    yield piece;
  }
}

/** Segments' bodies are covered by what the recorder signed, where it is in the clear (E-DIR-2). */
function isBodyDigested(entry: FrameEntry): boolean {
  return entry.kind !== frameKind.segment || (entry.flags & (frameFlag.sealed | frameFlag.unverified)) !== 0;
}

/**
 * Reads a frame, and checks its header, its entry and its digest (E-FRM-1, E-DIR-2, E-DIR-3) before any of
 * it is used.
 */
export async function readFrame(source: Source, entry: FrameEntry, rules: FrameRules, onRead?: OnRead): Promise<Frame> {
  const size = entry.end - entry.offset;
  if (isBodyDigested(entry) && size <= (onRead === undefined ? maxInMemory : maxWatched)) return readSmallFrame(await readExactly(source, entry.offset, size), entry, rules);
  const { header, sizes } = await readStart(source, entry, rules);
  if (isBodyDigested(entry)) return readLargeFrame(source, entry, { header, sizes }, onRead);
  const offsetA = entry.offset + frameHeaderSize;
  const offsetB = offsetA + sizes.a;
  const a = copyOf(await readExactly(source, offsetA, sizes.a));
  const c = copyOf(await readExactly(source, offsetB + sizes.b, sizes.c));
  requireDigest(await sha256(concat(header, a, c)), entry);
  return { entry, header, a, b: new PartSource(source, offsetB, sizes.b), c, offsetB };
}

interface FrameStart {
  header: Octets;
  sizes: Sizes;
}

async function readStart(source: Source, entry: FrameEntry, rules: FrameRules): Promise<FrameStart> {
  const header = copyOf(await readExactly(source, entry.offset, frameHeaderSize));
  const sizes = readSizes(header, entry);
  checkParts(entry, sizes, rules);
  return { header, sizes };
}

async function readSmallFrame(whole: Octets, entry: FrameEntry, rules: FrameRules): Promise<Frame> {
  const header = copyOf(whole.subarray(0, frameHeaderSize));
  const sizes = readSizes(header, entry);
  checkParts(entry, sizes, rules);
  requireDigest(await sha256(whole), entry);
  const startB = frameHeaderSize + sizes.a;
  const startC = startB + sizes.b;
  return {
    entry,
    header,
    a: copyOf(whole.subarray(frameHeaderSize, startB)),
    b: new MemorySource(whole.subarray(startB, startC)),
    c: copyOf(whole.subarray(startC)),
    offsetB: entry.offset + startB,
  };
}

/** What is read of a large body later is sealed (and so checked once more) or compared with hashes that were signed. */
async function readLargeFrame(source: Source, entry: FrameEntry, { header, sizes }: FrameStart, onRead?: OnRead): Promise<Frame> {
  const offsetB = entry.offset + frameHeaderSize + sizes.a;
  const a = copyOf(await readExactly(source, entry.offset + frameHeaderSize, sizes.a));
  const digest = new RunningSha256().update(header).update(a);
  let done = 0;
  for await (const piece of piecesOf(source, offsetB, offsetB + sizes.b, framePiece)) {
    digest.update(piece);
    done += piece.length;
    await onRead?.(done, sizes.b);
  }
  const c = copyOf(await readExactly(source, offsetB + sizes.b, sizes.c));
  requireDigest(digest.update(c).peek(), entry);
  return { entry, header, a, b: new PartSource(source, offsetB, sizes.b), c, offsetB };
}

/**
 * What part B of an attachment holds, before anybody compared the frame with its digest: whoever asks has
 * that done beside, and believes nothing before.
 */
export async function undigestedBody(source: Source, entry: FrameEntry, rules: FrameRules, key: Octets | null): Promise<Source | null> {
  const { header, sizes } = await readStart(source, entry, rules);
  const offsetB = entry.offset + frameHeaderSize + sizes.a;
  const none = new Uint8Array(0);
  return bodyOf({ entry, header, a: none, c: none, b: new PartSource(source, offsetB, sizes.b), offsetB }, key);
}

/** Size of what part B holds. */
export function bodySize(frame: Frame): number {
  return (frame.entry.flags & frameFlag.sealed) === 0 ? frame.b.size : (openedSize(frame.b.size) ?? 0);
}

/** What part B holds; null where it is sealed and there is no key. */
export function bodyOf(frame: Frame, key: Octets | null): Source | null {
  const { entry, header, b, offsetB } = frame;
  if ((entry.flags & frameFlag.sealed) === 0) return b;
  return key === null ? null : new SealedSource(b, key, header, entry.number ?? -1, offsetB);
}

/** SHA-256 of all that a source holds. */
export async function digestOf(body: Source, onRead?: OnRead): Promise<Octets> {
  const { size } = body;
  if (size <= maxAtOnce) {
    const digest = await sha256(await readExactly(body, 0, size));
    await onRead?.(size, size);
    return digest;
  }
  const digest = new RunningSha256();
  let done = 0;
  for await (const piece of piecesOf(body, 0, size, bodyPiece)) {
    digest.update(piece);
    done += piece.length;
    await onRead?.(done, size);
  }
  return digest.peek();
}
