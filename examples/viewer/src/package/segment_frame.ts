/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError } from '../bytes/errors.js';
import { type Octets, concat, copyOf } from '../bytes/octets.js';
import { Scratch } from '../bytes/scratch.js';
import { MemorySource, PartSource, type Source } from '../bytes/source.js';
import { protection, recordHeaderSize } from '../container/format.js';
import type { Track } from '../container/header.js';
import type { Manifest } from '../container/manifest.js';
import { readRecordHeader } from '../container/records.js';
import { type SecretSource, UndecryptableError, openAllSamples } from '../container/samples.js';
import {
  type ContainerContext, type Fault, type ManifestPiece, type SegmentInput, type SegmentPiece, checkSegment, faultOf, readManifestPiece,
} from '../container/segment.js';
import { tagSize } from '../crypto/aead.js';
import type { FrameEntry } from './directory.js';
import { frameFlag, secretSize } from './format.js';
import { type Frame, bodyOf, bodySize, readFrame } from './frames.js';
import { DisclosedSecrets, type FrameKeys, SealedSource, openPartA } from './keys.js';

/** What there is to know for checking a frame that holds a segment; it can be sent to a worker. */
export interface SegmentJob {
  entry: FrameEntry;
  /** Is the package sealed? */
  isSealed: boolean;
  removed: ReadonlySet<number>;
  /** Size of the container when it was exported. */
  containerSize: number;
  keys: FrameKeys | null;
  /** Are samples to be opened where there are secrets for them? */
  opensSamples: boolean;
}

/** What was found. */
export interface SegmentResult {
  /** A broken rule, of whatever is first. */
  fault: Fault | null;
  /** Something that is signed and does not open. */
  undecryptable: string | null;
  /** A part was not looked at, since it is sealed. */
  isClosed: boolean;
  /** The manifest, where it can be believed. */
  piece: ManifestPiece | null;
  /** Size of the manifest record and its own signature. */
  manifestSize: number;
  /** The records, where they were compared. */
  segment: SegmentPiece | null;
}

/** The manifest record is numbered behind all records, those that are missing included (C-REC-1, E-SRC-3). */
export function checkManifestNumber(c: Octets, piece: ManifestPiece): void {
  if (readRecordHeader(c, piece.offset).number !== piece.manifest.records) {
    throw new FormatError('C-REC-1', 'manifest record with another number', piece.offset);
  }
}

/** Reads manifest ‖ own signature of a frame, and compares it with the directory (E-DIR-3). */
export async function readCarriedManifest(context: ContainerContext, c: Octets, offset: number, entry: FrameEntry): Promise<ManifestPiece> {
  const piece = await readManifestPiece(context, c, offset);
  const { manifest } = piece;
  checkManifestNumber(c, piece);
  if (manifest.segment !== entry.number) throw new FormatError('E-DIR-3', `segment ${manifest.segment} in the frame of another`, entry.offset);
  if (manifest.firstUtc !== entry.firstUtc || manifest.lastUtc !== entry.lastUtc) {
    throw new FormatError('E-DIR-3', 'directory with other times than the manifest', entry.offset);
  }
  return piece;
}

/** Tracks of which part A gives the secrets, when it gives any (E-FRM-3). */
function tracksWithSecrets(manifest: Manifest, tracks: readonly Track[], removed: ReadonlySet<number>): number[] {
  return manifest.entries
    .map((entry) => entry.track)
    .filter((track) => tracks[track]?.protection !== protection.none && !removed.has(track));
}

function readSecrets(content: Octets, offset: number): { track: number; secret: Octets }[] {
  const cursor: Cursor = new Cursor(content, 'E-FRM-3', offset);
  const secrets: { track: number; secret: Octets }[] = [];
  while (cursor.remaining > 0) {
    const track = cursor.u8('track');
    secrets.push({ track, secret: copyOf(cursor.slice(secretSize - 1, 'secret')) });
  }
  return secrets;
}

/** Which secrets must be there; `some` are enough where the exporter could not have all. */
export interface WantedSecrets {
  tracks: readonly number[];
  some: boolean;
}

export function wantedSecrets(context: ContainerContext, manifest: Manifest, entry: FrameEntry, removed: ReadonlySet<number>): WantedSecrets {
  return { tracks: tracksWithSecrets(manifest, context.header.tracks, removed), some: (entry.flags & frameFlag.unverified) !== 0 };
}

/** Opens part A and checks which secrets it holds; null where it is sealed and there is no key, or where it does not open. */
export async function readPartA(frame: Frame, wanted: WantedSecrets, isSealed: boolean, keys: FrameKeys | null): Promise<DisclosedSecrets | null | 'locked'> {
  const { a, entry } = frame;
  if (a.length === 0) return new DisclosedSecrets([]);
  const size = isSealed ? a.length - tagSize : a.length;
  const count = size / secretSize;
  const fits = wanted.some ? count <= wanted.tracks.length : count === wanted.tracks.length;
  if (count < 1 || !Number.isInteger(count) || !fits) throw new FormatError('E-FRM-3', 'other secrets than those of the tracks', entry.offset);
  if (isSealed && keys === null) return 'locked';
  const content = isSealed ? await openPartA((keys as FrameKeys).secrets, a, frame.header) : a;
  if (content === null) return null;
  const secrets = readSecrets(content, entry.offset);
  let last = -1;
  for (const { track } of secrets) {
    if (track <= last || !wanted.tracks.includes(track)) throw new FormatError('E-FRM-3', 'secret of a track that needs none', entry.offset);
    last = track;
  }
  return new DisclosedSecrets(secrets);
}

export interface FittingSecrets {
  source: SecretSource;
  /** What is said where a commitment is wrong. */
  wrong: string | null;
}

/** Secrets whose commitment is right (C-KEY-5). */
export function fittingSecrets(secrets: DisclosedSecrets, manifest: Manifest): FittingSecrets {
  const wrong = new Set<number>();
  for (const entry of manifest.entries) {
    if (secrets.of(entry.track)?.fits(entry.commitment) === false) wrong.add(entry.track);
  }
  const [first] = wrong;
  return {
    source: (_, track) => (wrong.has(track) ? null : secrets.of(track)),
    wrong: first === undefined ? null : `the secret of track ${first} is not the one that was committed to`,
  };
}

function checkFlags(context: ContainerContext, manifest: Manifest, job: SegmentJob): void {
  const { entry, removed } = job;
  const fail = (rule: string, what: string): never => {
    throw new FormatError(rule, what, entry.offset);
  };
  const lacksSome = manifest.entries.some((one) => removed.has(one.track));
  if (lacksSome !== ((entry.flags & frameFlag.removed) !== 0)) fail('E-SRC-3', 'frame that does not say whether records were removed');
  const mayBeClear = context.header.tracks.every((track) => track.protection === protection.strong);
  if (job.isSealed && !mayBeClear && (entry.flags & frameFlag.sealed) === 0) fail('E-FRM-5', 'clear body in a sealed package');
}

/** The size of part B against what the manifest signs, and against the container (E-SRC-1, E-SRC-3). */
function checkSize(frame: Frame, manifest: Manifest, job: SegmentJob): void {
  const { entry } = job;
  const size = bodySize(frame);
  const fits = (entry.flags & frameFlag.removed) === 0 ? size === manifest.bytes : size < manifest.bytes;
  if (!fits) throw new FormatError('E-SRC-3', 'records of another size than the manifest signs', entry.offset);
  if (entry.origin + manifest.bytes + frame.c.length > job.containerSize) {
    throw new FormatError('E-SRC-1', 'segment that ends behind the end of its container', entry.offset);
  }
}

/** A part of a file is read where it stands: with a byte before it, nothing needs to be moved for hashing. */
function whereItStands(body: Source): { source: Source; at: number } {
  return body instanceof PartSource ? { source: body.whole, at: body.start } : { source: body, at: 0 };
}

/** How the records of a frame are handed to what checks, or reads, a segment. */
export function segmentInput(frame: Frame, piece: ManifestPiece, body: Source, removed: ReadonlySet<number>): SegmentInput {
  const { entry } = frame;
  const { source, at } = whereItStands(body);
  const end = at + body.size;
  const input = { source, at, end, zerosFrom: end, shift: entry.origin - at, apart: { piece, size: frame.c.length }, expectedSize: body.size };
  return (entry.flags & frameFlag.removed) === 0 ? input : { ...input, removedTracks: removed };
}

const spareByte = new Uint8Array(1);

/** Segments up to this size are opened once, and what is opened is kept while they are checked. */
const maxInMemory = 64 << 20;

/** What a sealed body holds, for whoever looks at it more than once. */
export async function inMemory(body: Source): Promise<Source> {
  if (body.size > maxInMemory) return body;
  const opened = await body.read(0, body.size);
  return new PartSource(new MemorySource(concat(spareByte, opened)), spareByte.length, opened.length);
}

/** Where the manifest of a segment frame stands in the container, by the length of part B. */
function manifestOffset(entry: FrameEntry, c: Octets, frame: Frame): number {
  if ((entry.flags & frameFlag.removed) === 0) return entry.origin + bodySize(frame);
  // Records are missing: only the manifest knows. Its length field stands behind prefix, h, number, hash, salt and times.
  const at = recordHeaderSize + 48 + 32 + 8 + 32 + 32 + 32;
  if (c.length < at + 8) return entry.origin;
  const bytes = new DataView(c.buffer, c.byteOffset).getBigUint64(at);
  return bytes <= BigInt(Number.MAX_SAFE_INTEGER) ? entry.origin + Number(bytes) : entry.origin;
}

/** What is needed to look at a body, besides the frame. */
interface BodyCheck {
  context: ContainerContext;
  piece: ManifestPiece;
  job: SegmentJob;
  hasRead: () => void;
  scratch: Scratch;
}

async function checkBody(frame: Frame, check: BodyCheck, result: SegmentResult): Promise<void> {
  const { context, piece, job } = check;
  const { keys, isSealed, removed } = job;
  const disclosed = await readPartA(frame, wantedSecrets(context, piece.manifest, frame.entry, removed), isSealed, keys);
  if (disclosed === null) result.undecryptable = 'the secrets of a segment do not open';
  const stored = bodyOf(frame, keys?.body ?? null);
  if (stored === null) {
    result.isClosed = true;
    return;
  }
  const secrets = disclosed === null || disclosed === 'locked' ? null : fittingSecrets(disclosed, piece.manifest);
  if (stored instanceof SealedSource) {
    const body = await inMemory(stored);
    check.hasRead();
    await checkRecords(segmentInput(frame, piece, body, removed), frame, check, secrets, result);
    return;
  }
  const input = segmentInput(frame, piece, stored, removed);
  const isReadTwice = job.opensSamples && secrets !== null && stored.size <= maxInMemory && input.at > 0;
  if (!isReadTwice) {
    await checkRecords(input, frame, check, secrets, result);
    return;
  }
  // With the byte in front of it, which hashing needs.
  await check.scratch.with(input.source, input.at - 1, stored.size + 1, (memory) => {
    check.hasRead();
    const shift = (input.shift ?? 0) + input.at - 1;
    return checkRecords({ ...input, source: memory, at: 1, end: memory.size, zerosFrom: memory.size, shift }, frame, check, secrets, result);
  });
}

async function checkRecords(input: SegmentInput, frame: Frame, check: BodyCheck, secrets: FittingSecrets | null, result: SegmentResult): Promise<void> {
  const { context, piece, job } = check;
  const { manifest } = piece;
  const opensAny = job.opensSamples && secrets !== null && manifest.entries.some((entry) => secrets.source(manifest, entry.track) !== null);
  result.segment = await checkSegment(context, input, opensAny ? undefined : check.hasRead);
  if (result.segment.state !== 'whole') {
    result.fault = result.segment.fault ?? { rule: 'E-SRC-3', offset: frame.offsetB, reason: 'segment whose records are not whole (E-SRC-3)' };
    return;
  }
  if (secrets === null) return;
  result.undecryptable ??= secrets.wrong;
  if (opensAny) await openAllSamples(context, input.source, { offset: input.at, end: input.end }, manifest, secrets.source);
}

/** Checks a frame that holds a segment: all about it that does not depend on other frames. */
export async function checkSegmentFrame(
  context: ContainerContext,
  source: Source,
  job: SegmentJob,
  hasRead = (): void => undefined,
  scratch = new Scratch(),
): Promise<SegmentResult> {
  const result: SegmentResult = { fault: null, undecryptable: null, isClosed: false, piece: null, manifestSize: 0, segment: null };
  const { entry } = job;
  try {
    const frame = await readFrame(source, entry, job);
    const piece = await readCarriedManifest(context, frame.c, manifestOffset(entry, frame.c, frame), entry);
    result.piece = piece;
    result.manifestSize = frame.c.length;
    checkFlags(context, piece.manifest, job);
    checkSize(frame, piece.manifest, job);
    await checkBody(frame, { context, piece, job, hasRead, scratch }, result);
  } catch (error) {
    if (error instanceof UndecryptableError) result.undecryptable = error.message;
    else result.fault = faultOf(error, entry.offset);
  }
  return result;
}
