/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError, TruncatedError } from '../bytes/errors.js';
import { type Octets, copyOf, equal } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import { leafHash, sha256 } from '../crypto/hash.js';
import { compareWithManifest, type SegmentContent, type TrackContent } from './compare.js';
import { headerHashPart, limits, protection, recordHeaderSize, recordType, sampleHeaderMax } from './format.js';
import type { Header } from './header.js';
import { type Manifest, readManifest } from './manifest.js';
import type { ObjectSigner } from './objects.js';
import {
  type RecordHeader, type SampleHeader, headerSizeOf, rangeTableSize, readRecordHeader, readSampleHeader, sampleLayout,
} from './records.js';
import { type SignatureRecord, objectNumberOf, readSignatureRecord, signatureHolds } from './signatures.js';
import { type Piece, Window } from './window.js';

/** What every check of a container's parts needs. */
export interface ContainerContext {
  header: Header;
  /** Null in an unsigned container. */
  signer: ObjectSigner | null;
}

export interface Fault {
  rule: string;
  offset: number;
  reason: string;
}

export function faultOf(error: unknown, offset: number): Fault {
  if (!(error instanceof FormatError)) throw error;
  return { rule: error.rule, offset: error.offset >= 0 ? error.offset : offset, reason: error.message };
}

export interface SegmentStart {
  segment: number;
  salt: Octets;
  utc: bigint;
  monotonic: bigint;
  checkpoint: number;
}

/** A record of which the chain judges what it says, as it stands in the file. */
export interface PlacedRecord {
  offset: number;
  number: number;
  bytes: Octets;
}

/** A manifest that was compared with what it signs, and the signature directly behind it. */
export interface ManifestPiece {
  /** Offset of the manifest record in the container. */
  offset: number;
  manifest: Manifest;
  /** The signed object. */
  object: Octets;
  hash: Octets;
  /** Is there a signature of its own? It is valid then. */
  isSigned: boolean;
}

export interface SegmentPiece {
  /** Offset of the segment start in the container. */
  offset: number;
  /** Where the next structure begins. */
  end: number;
  /**
   * `whole`: all was read and compared; `partial`: the file ends within; `broken`: a rule is broken,
   * which `fault` tells.
   */
  state: 'whole' | 'partial' | 'broken';
  fault: Fault | null;
  start: SegmentStart | null;
  /** Also of a broken segment, when its own signature is valid. */
  piece: ManifestPiece | null;
  index: PlacedRecord[];
  evidence: PlacedRecord[];
  late: PlacedRecord[];
  /** Samples that were compared. */
  samples: number;
  /** Why a sample does not open, null where all do; absent where none was opened. */
  undecryptable?: string | null;
  bytesRead: number;
}

export interface SegmentInput {
  source: Source;
  /** Where the segment start stands in the source. */
  at: number;
  /** Where the source is taken to end. */
  end: number;
  /** From here on the source holds nothing but zero bytes, which may be taken as not there (C-VER-1). */
  zerosFrom: number;
  /** Offset in the container minus offset in the source. */
  shift?: number;
  /** How large the segment is, as far as somebody knows; nothing depends on it but speed. */
  expectedSize?: number;
  /** Where the manifest is kept apart: what was read and verified, and the size of its record and its own signature. */
  apart?: { piece: ManifestPiece; size: number };
  /** Tracks of which the records were left out. */
  removedTracks?: ReadonlySet<number>;
}

/** Bytes of digests that are begun before those in front of them are waited for: the browser copies what it digests. */
const digestsAtOnce = 2 << 20;
/** Evidence of one segment that is kept in memory; what is beyond attests nothing. */
const maxEvidenceBytes = 16 << 20;

/** Layouts without a range table follow from the header alone. */
const noBytes = new Uint8Array(0);

/** The source ends, or nothing but zeros follows, within what must be whole. */
class PartialSignal extends Error {}

class SegmentWalk {
  private readonly window: Window;
  private readonly content: SegmentContent;
  private readonly result: SegmentPiece;
  private readonly shift: number;
  private inFlight: (Promise<unknown> | Octets)[] = [];
  private earlier: Promise<unknown> = Promise.resolve();
  private inFlightBytes = 0;
  private evidenceBytes = 0;
  /** The end of the structure that is looked at, in the source. */
  private structureEnd = 0;
  private structureAt = 0;

  constructor(
    private readonly context: ContainerContext,
    private readonly input: SegmentInput,
    private readonly hasRead: () => void,
  ) {
    this.window = new Window(input.source, input.end, input.expectedSize);
    this.shift = input.shift ?? 0;
    this.content = { tracks: new Map(), auxiliary: [], records: 0, lastNumber: -1, firstSample: null };
    this.result = {
      offset: input.at + this.shift,
      end: input.at + this.shift,
      state: 'whole',
      fault: null,
      start: null,
      piece: null,
      index: [],
      evidence: [],
      late: [],
      samples: 0,
      bytesRead: 0,
    };
  }

  async run(): Promise<SegmentPiece> {
    try {
      await this.walk();
    } catch (error) {
      await this.landAll();
      const touchesZeros = this.structureEnd > this.input.zerosFrom;
      if (error instanceof PartialSignal || (error instanceof FormatError && touchesZeros)) {
        this.result.state = 'partial';
      } else {
        this.result.state = 'broken';
        this.result.fault = faultOf(error, this.structureAt + this.shift);
      }
    }
    this.result.bytesRead = this.window.bytesRead;
    return this.result;
  }

  private structure(at: number, size: number): void {
    this.structureAt = at;
    this.structureEnd = at + size;
  }

  private async walk(): Promise<void> {
    let at = this.input.at;
    for (;;) {
      if (this.input.apart !== undefined && at >= this.input.end) {
        this.hasRead();
        return this.finishApart(this.input.apart, at + this.shift);
      }
      if (at >= this.input.zerosFrom || at >= this.input.end) throw new PartialSignal();
      const header = this.recordHeader(this.window.held(at, sampleHeaderMax) ?? (await this.window.piece(at, sampleHeaderMax)), at);
      const size = header.headerSize + header.bodySize;
      if (at + size > this.input.end) throw new PartialSignal();
      this.structure(at, size);
      if (header.type === recordType.manifest) return this.finishInPlace(at, size);
      const piece = this.window.held(at, size) ?? (await this.window.piece(at, size));
      if (piece.to - piece.from < size) throw new TruncatedError('C-OVR-1', 'the file became shorter', at);
      this.take(header, piece, at);
      if (this.inFlightBytes > digestsAtOnce) await this.landEarlier();
      at += size;
    }
  }

  private recordHeader({ memory, from, to }: Piece, at: number): RecordHeader | SampleHeader {
    const probe = memory.subarray(from, to);
    const offset = at + this.shift;
    const type = probe[0] as number;
    this.structure(at, 1);
    const isSample = type === recordType.sample;
    if (isSample && probe.length < 4) throw new PartialSignal();
    const size = headerSizeOf(probe, 0);
    if (size === 0) throw new FormatError('C-REC-1', `no record of type ${type} can stand here`, offset);
    this.requirePlace(type, offset);
    this.structure(at, size);
    if (probe.length < size) throw new PartialSignal();
    const header = isSample ? this.sampleHeader(probe, offset) : readRecordHeader(probe, offset);
    this.checkNumber(header, offset);
    return header;
  }

  private sampleHeader(probe: Uint8Array, offset: number): SampleHeader {
    const header = readSampleHeader(probe, offset, this.context.header.tracks);
    if (header.track.protection !== protection.light) sampleLayout(header, noBytes, offset);
    return header;
  }

  /** Which types stand in a segment, and what stands first (C-SEG-1). */
  private requirePlace(type: number, offset: number): void {
    const isFirst = this.content.records === 0;
    const fits =
      type === recordType.segmentStart
        ? isFirst
        : !isFirst &&
          (type === recordType.sample ||
            type === recordType.index ||
            type === recordType.evidence ||
            (type === recordType.manifest && this.input.apart === undefined) ||
            (type === recordType.signature && this.context.header.critical.late));
    if (!fits) throw new FormatError('C-SEG-1', `record of type ${type} within a segment`, offset);
  }

  private checkNumber(header: RecordHeader, offset: number): void {
    const { content } = this;
    const fits =
      this.input.removedTracks === undefined ? header.number === content.records : header.number > content.lastNumber;
    if (!fits) throw new FormatError('C-REC-1', 'records that are not numbered one by one', offset);
    content.lastNumber = header.number;
  }

  private track(header: SampleHeader): TrackContent {
    let track = this.content.tracks.get(header.track.number);
    if (track === undefined) {
      track = { track: header.track, firstPts: header.pts, leaves: [], times: [] };
      this.content.tracks.set(header.track.number, track);
    }
    return track;
  }

  private take(header: RecordHeader | SampleHeader, { memory, from, to }: Piece, at: number): void {
    this.content.records++;
    const record = memory.subarray(from, to);
    const isSample = header.type === recordType.sample;
    if (isSample) this.takeSample(header as SampleHeader, record, at);
    else this.takeAuxiliary(header, record, at);
    const leaf = leafHash(memory, from, to);
    const leaves = isSample ? this.track(header as SampleHeader).leaves : this.content.auxiliary;
    leaves.push(leaf);
    if (leaf instanceof Uint8Array) return;
    this.inFlight.push(leaf);
    this.inFlightBytes += record.length;
  }

  /** Waits for the digests that were under way before the newest, so that there is always something to do. */
  private async landEarlier(): Promise<void> {
    await this.earlier;
    this.earlier = Promise.all(this.inFlight);
    this.inFlight = [];
    this.inFlightBytes = 0;
  }

  /** Waits for all digests that are under way. */
  private async landAll(): Promise<void> {
    await this.landEarlier();
    await this.landEarlier();
  }

  private takeSample(header: SampleHeader, record: Octets, at: number): void {
    const offset = at + this.shift;
    if (this.result.samples === limits.samplesInSegment) throw new FormatError('C-LIM-1', 'too many samples', offset);
    const table = record.subarray(header.headerSize, header.headerSize + rangeTableSize(limits.ranges));
    sampleLayout(header, table, offset + header.headerSize);
    if (this.input.removedTracks?.has(header.track.number) === true) {
      throw new FormatError('E-SRC-3', 'sample of a track that was removed', offset);
    }
    this.result.samples++;
    this.content.firstSample ??= { header, recordsBefore: this.content.records - 1 };
    this.track(header).times.push({ pts: header.pts, duration: header.duration });
  }

  private takeAuxiliary(header: RecordHeader, record: Octets, at: number): void {
    const offset = at + this.shift;
    if (this.content.auxiliary.length === limits.auxiliaryInSegment) {
      throw new FormatError('C-LIM-1', 'too many auxiliary records', offset);
    }
    const bytes = copyOf(record);
    const placed = { offset, number: header.number, bytes };
    if (header.type === recordType.segmentStart) {
      this.result.start = readSegmentStart(bytes, offset, this.context.header);
    } else if (header.type === recordType.index) {
      if (bytes.length > maxIndexRecord) throw new FormatError('C-LIM-1', 'index record is too long', offset);
      this.result.index.push(placed);
    } else if (header.type === recordType.signature) {
      this.result.late.push(placed);
    } else {
      this.evidenceBytes += bytes.length;
      const isKept = this.evidenceBytes <= maxEvidenceBytes;
      this.result.evidence.push(isKept ? placed : { ...placed, bytes: copyOf(bytes.subarray(0, evidenceHead)) });
    }
  }

  /** The manifest stands at `at`; is the signature behind it its own (C-SIG-4)? */
  private async finishInPlace(at: number, size: number): Promise<void> {
    const { header } = this.context;
    const isRequired = header.isSigned && !header.critical.deferred && !header.critical.late;
    const own = header.isSigned ? await this.ownSignatureSize(at + size, isRequired) : 0;
    const whole = copyOf(await this.window.view(at, size + own));
    this.hasRead();
    this.structure(at, size + own);
    const nothingMissing = (): void => {
      this.structureEnd = this.input.zerosFrom;
    };
    if (this.structureEnd > this.input.zerosFrom && own > 0) {
      // A signature that is half zeros is not there; the manifest before it may be whole all the same.
      if (await this.signatureIsRight(whole, size, at)) nothingMissing();
      else if (isRequired) throw new PartialSignal();
      else return this.finish(copyOf(whole.subarray(0, size)), at + this.shift, at + size + this.shift);
    } else if (this.structureEnd > this.input.zerosFrom && isOnlyZeroByRule(this.structureEnd, this.input.zerosFrom)) {
      nothingMissing();
    }
    await this.finish(whole, at + this.shift, at + whole.length + this.shift);
  }

  private async signatureIsRight(whole: Octets, size: number, at: number): Promise<boolean> {
    try {
      const record = readSignatureRecord(whole.subarray(size), at + size + this.shift, this.context.header);
      const object = copyOf(whole.subarray(recordHeaderSize, size));
      return await signatureHolds(this.context.signer as ObjectSigner, record, object);
    } catch (error) {
      if (error instanceof FormatError) return false;
      throw error;
    }
  }

  /** Size of the signature record at `at` when it belongs to the manifest before it, otherwise 0. */
  private async ownSignatureSize(at: number, isRequired: boolean): Promise<number> {
    const none = (): number => {
      if (isRequired) throw new PartialSignal();
      return 0;
    };
    if (at >= this.input.zerosFrom || at >= this.input.end) return none();
    const probe = await this.window.view(at, recordHeaderSize);
    this.structure(at, recordHeaderSize);
    if (probe[0] !== recordType.signature) {
      if (isRequired) throw new FormatError('C-SEG-1', 'manifest without a signature', at + this.shift);
      return 0;
    }
    if (probe.length < recordHeaderSize) return none();
    const header = this.signatureHeader(probe, at, isRequired);
    if (header === null) return 0;
    const size = recordHeaderSize + header.bodySize;
    if (at + size > this.input.end) return none();
    this.structure(at, size);
    if (header.number !== 0) {
      if (isRequired) throw new FormatError('C-REC-1', 'signature record with a number', at + this.shift);
      return 0;
    }
    const named = objectNumberOf(await this.window.view(at, size));
    if (named === BigInt(this.result.start?.segment ?? -1)) return size;
    if (this.context.header.critical.late) return 0;
    throw new FormatError('C-SIG-1', 'signature of another object', at + this.shift);
  }

  private signatureHeader(probe: Uint8Array, at: number, isRequired: boolean): RecordHeader | null {
    try {
      return readRecordHeader(probe, at + this.shift);
    } catch (error) {
      if (isRequired || !(error instanceof FormatError)) throw error;
      return null;
    }
  }

  /** `whole` is the manifest record and its own signature record, if it has one. */
  private async finish(whole: Octets, offset: number, end: number): Promise<void> {
    const { header } = this.context;
    const mayWait = !header.isSigned || header.critical.deferred || header.critical.late;
    const start = this.requireStart(offset);
    if (!mayWait) this.result.piece = await readManifestPiece(this.context, whole, offset);
    await this.landAll();
    const piece = this.result.piece ?? (await readManifestPiece(this.context, whole, offset, false));
    await this.compare(start, piece, offset);
    if (mayWait) await verifyManifestPiece(this.context, whole, piece);
    this.result.piece = piece;
    this.result.end = end;
  }

  private async finishApart({ piece, size }: { piece: ManifestPiece; size: number }, offset: number): Promise<void> {
    const start = this.requireStart(offset);
    this.result.piece = { ...piece, offset };
    await this.landAll();
    await this.compare(start, this.result.piece, offset);
    this.result.end = offset + size;
  }

  private requireStart(offset: number): SegmentStart {
    const { start } = this.result;
    if (start === null) throw new FormatError('C-SEG-1', 'segment without a start', offset);
    return start;
  }

  private compare(start: SegmentStart, piece: ManifestPiece, offset: number): Promise<void> {
    const place = { offset, bytes: offset - this.result.offset, number: this.content.records };
    return compareWithManifest(this.context.header, start, this.content, piece, place, this.input.removedTracks);
  }
}

/** Header, 48 bytes of fixed fields and 256 entries of 72 bytes. */
const maxIndexRecord = recordHeaderSize + 40 + 256 * 72;
const evidenceHead = recordHeaderSize + 44;
const commitmentSize = 32;

/**
 * A manifest ends in the commitment of the auxiliary records, which is zero by rule. When no more than
 * that is zero at the end, nothing is missing.
 */
function isOnlyZeroByRule(manifestEnd: number, zerosFrom: number): boolean {
  return zerosFrom >= manifestEnd - commitmentSize;
}

export function readSegmentStart(record: Octets, offset: number, header: Header): SegmentStart {
  const cursor: Cursor = new Cursor(record, 'C-SEG-3', offset);
  cursor.slice(recordHeaderSize);
  cursor.literal('SVMSSEG1', 'mark of a segment start');
  if (!equal(cursor.slice(headerHashPart, 'h'), header.hash.subarray(0, headerHashPart))) {
    cursor.fail('segment start of another container');
  }
  const segment = cursor.u64('segment number');
  if (segment >= BigInt(limits.segments)) cursor.fail('too many segments', 'C-LIM-1');
  return {
    segment: Number(segment),
    salt: copyOf(cursor.slice(32, 'salt')),
    utc: cursor.i64('UTC'),
    monotonic: cursor.u64('monotonic time'),
    checkpoint: cursor.size64('offset of the newest checkpoint'),
  };
}

interface SplitManifest {
  record: Octets;
  object: Octets;
  signature: Uint8Array | null;
}

/** Manifest record and what stands behind it, whose sizes were checked or are checked here. */
function splitManifest(whole: Octets, offset: number): SplitManifest {
  const header = readRecordHeader(whole, offset);
  const size = recordHeaderSize + header.bodySize;
  if (header.type !== recordType.manifest || size > whole.length) {
    throw new FormatError('C-SEG-1', 'no whole manifest', offset);
  }
  const record = whole.subarray(0, size);
  const rest = whole.subarray(size);
  if (rest.length > 0) {
    const signature = readRecordHeader(rest, offset + size);
    if (signature.type !== recordType.signature || recordHeaderSize + signature.bodySize !== rest.length || signature.number !== 0) {
      throw new FormatError('C-SEG-1', 'something else than a signature behind a manifest', offset + size);
    }
  }
  return { record, object: record.slice(recordHeaderSize), signature: rest.length > 0 ? rest : null };
}

async function requireOwnSignature(context: ContainerContext, split: SplitManifest, offset: number): Promise<SignatureRecord> {
  if (split.signature === null) throw new FormatError('C-SEG-1', 'manifest without a signature', offset);
  const at = offset + split.record.length;
  const record = readSignatureRecord(split.signature, at, context.header);
  if (!(await signatureHolds(context.signer as ObjectSigner, record, split.object))) {
    throw new FormatError('C-OBJ-3', 'the signature of a manifest is wrong', at);
  }
  return record;
}

function requireNumber(record: SignatureRecord, manifest: Manifest): void {
  if (record.objectNumber !== BigInt(manifest.segment)) {
    throw new FormatError('C-SIG-1', 'signature of another object', record.offset);
  }
}

/**
 * Reads manifest record ‖ own signature record. Where the signature must be there, it is verified before
 * anything in the manifest is looked at (C-OBJ-3); where it may come later and `verify` is not set, it
 * is left to `verifyManifestPiece`.
 */
export async function readManifestPiece(
  context: ContainerContext,
  whole: Octets,
  offset: number,
  verify = true,
): Promise<ManifestPiece> {
  const split = splitManifest(whole, offset);
  const { header } = context;
  const isRequired = header.isSigned && !header.critical.deferred && !header.critical.late;
  const record = isRequired && verify ? await requireOwnSignature(context, split, offset) : null;
  const manifest = readManifest(split.record, offset, header);
  if (record !== null) requireNumber(record, manifest);
  const piece = { offset, manifest, object: split.object, hash: await sha256(whole), isSigned: record !== null };
  if (verify && record === null) await verifyManifestPiece(context, whole, piece);
  return piece;
}

/** Verifies the signature of its own that a manifest has, if it has one. */
export async function verifyManifestPiece(context: ContainerContext, whole: Octets, piece: ManifestPiece): Promise<void> {
  const split = splitManifest(whole, piece.offset);
  if (split.signature === null) return;
  if (!context.header.isSigned) throw new FormatError('C-SIG-7', 'signature record in an unsigned container', piece.offset);
  requireNumber(await requireOwnSignature(context, split, piece.offset), piece.manifest);
  piece.isSigned = true;
}

/** Reads a segment from its start to behind its manifest and signature, and compares it with the manifest. */
export function checkSegment(context: ContainerContext, input: SegmentInput, hasRead = (): void => undefined): Promise<SegmentPiece> {
  return new SegmentWalk(context, input, hasRead).run();
}

