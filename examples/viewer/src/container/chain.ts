/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError } from '../bytes/errors.js';
import { type Octets, copyOf, equal } from '../bytes/octets.js';
import { evidenceBound, hashSize, lateBound, limits, recordHeaderSize } from './format.js';
import type { ObjectSigner } from './objects.js';
import type { ContainerContext, Fault, ManifestPiece, PlacedRecord } from './segment.js';
import { faultOf } from './segment.js';
import { readSignatureRecord, signatureHolds } from './signatures.js';

/** A segment that stands in the chain, and what is known of it. */
export interface ChainedSegment {
  number: number;
  /** Offsets in the container; both those of the manifest where the records are not carried. */
  offset: number;
  end: number;
  /** Where the manifest record begins. */
  manifestOffset: number;
  firstUtc: bigint;
  lastUtc: bigint;
  madeUtc: bigint;
  gap: number;
  clockState: number;
  hash: Octets;
  /** Were its records compared with the manifest? */
  hasMedia: boolean;
  isAttested: boolean;
  /** Something that stands in it, or that is said of it, breaks a rule. */
  isFaulty: boolean;
  /** Segments of one run follow each other by their hashes. */
  run: number;
}

/** A time stamp token in the container (C-EVI, C-TRL). */
export interface StampRecord {
  kind: 'evidence' | 'trailer';
  offset: number;
  /** Segment that holds the record, of evidence; trailers stand behind everything. */
  holder: number | null;
  /** The last segment that it attests; null for a trailer, which attests all. */
  segment: number | null;
  imprint: Octets;
  token: Octets;
  /** Was the segment that holds it compared with its manifest? */
  isCompared: boolean;
}

/** A failure that belongs to the segment `segment`. */
export interface ChainFault extends Fault {
  segment: number | null;
}

export interface SegmentPlace {
  offset: number;
  end: number;
  hasMedia: boolean;
}

interface Remembered {
  object: Octets;
  hash: Octets;
  isSigned: boolean;
  segment: ChainedSegment;
}

const kindToken = 1;
const kindWitness = 2;

/**
 * The chain of manifests and what attests it. It is fed pieces in the order of the container: manifests
 * (with or without their records), late signatures, evidence, and what the end record says. What it
 * was not given it does not miss: whoever feeds it says where it begins and where a run ends.
 */
export class Chain {
  readonly segments: ChainedSegment[] = [];
  readonly stamps: StampRecord[] = [];
  /** Number that the next segment must have; null where it may be any. */
  private expectedNumber: number | null;
  private previousHash: Octets | null;
  private run = 0;
  private unsignedInRow = 0;
  private readonly recent = new Map<number, Remembered>();
  /** Index in `segments` of the first one of this run that nothing attests yet. */
  private firstPending = 0;
  private firstNumber: number | null = null;
  private readonly byNumber = new Map<number, ChainedSegment>();

  constructor(
    private readonly context: ContainerContext,
    first: number | null = 0,
  ) {
    this.expectedNumber = first;
    this.previousHash = first === 0 ? context.header.hash : null;
  }

  get expected(): number | null {
    return this.expectedNumber;
  }

  /** Hash of the last manifest; h before the first segment, null where it is not known. */
  get lastHash(): Octets | null {
    return this.previousHash;
  }

  get last(): ChainedSegment | null {
    return this.segments[this.segments.length - 1] ?? null;
  }

  find(number: number): ChainedSegment | undefined {
    return this.byNumber.get(number);
  }

  get latestUtc(): bigint | null {
    let latest: bigint | null = null;
    for (const segment of this.segments) if (latest === null || segment.lastUtc > latest) latest = segment.lastUtc;
    return latest;
  }

  get pending(): readonly ChainedSegment[] {
    return this.segments.slice(this.firstPending);
  }

  /** What comes next does not follow from what came before: damage, or something left out. */
  interrupt(): void {
    this.run++;
    this.previousHash = null;
    this.expectedNumber = null;
    this.unsignedInRow = 0;
    this.firstPending = this.segments.length;
  }

  private check(piece: ManifestPiece): void {
    const { manifest, offset } = piece;
    const fail = (rule: string, what: string): never => {
      throw new FormatError(rule, what, offset);
    };
    if (this.expectedNumber !== null && manifest.segment !== this.expectedNumber) {
      fail('C-SEG-2', `segment ${manifest.segment} where ${this.expectedNumber} belongs`);
    }
    const last = this.last?.run === this.run ? this.last : null;
    if (this.byNumber.has(manifest.segment)) fail('C-SEG-2', `segment ${manifest.segment} for the second time`);
    const previous = manifest.segment === 0 ? this.context.header.hash : this.previousHash;
    if (previous !== null && !equal(manifest.previous, previous)) fail('C-MAN-4', 'manifest that does not follow the one before');
    if (last !== null && manifest.firstUtc < last.firstUtc) fail('C-MAN-6', 'segment that begins before the one before it');
    this.checkSignatureRows(piece, fail);
  }

  private checkSignatureRows(piece: ManifestPiece, fail: (rule: string, what: string) => never): void {
    const { header } = this.context;
    if (!header.isSigned) return;
    const row = piece.isSigned ? 0 : this.unsignedInRow + 1;
    if (!header.critical.late && row >= header.signatureInterval && row > 0) fail('C-SIG-5', 'too many manifests without a signature');
    if (!piece.isSigned && this.segments.length - this.firstPending >= limits.unattestedSegments) {
      fail('C-LIM-1', 'too many segments that no signature attests');
    }
  }

  /** Appends a segment. A fault is returned, and the segment is not appended then. */
  add(piece: ManifestPiece, place: SegmentPlace): Fault | null {
    try {
      this.check(piece);
    } catch (error) {
      return faultOf(error, place.offset);
    }
    const { manifest } = piece;
    const segment: ChainedSegment = {
      number: manifest.segment,
      ...place,
      manifestOffset: piece.offset,
      firstUtc: manifest.firstUtc,
      lastUtc: manifest.lastUtc,
      madeUtc: manifest.madeUtc,
      gap: manifest.gap,
      clockState: manifest.clockState,
      hash: piece.hash,
      isAttested: false,
      isFaulty: false,
      run: this.run,
    };
    this.segments.push(segment);
    this.firstNumber ??= segment.number;
    this.byNumber.set(segment.number, segment);
    this.recent.set(segment.number, { object: piece.object, hash: piece.hash, isSigned: piece.isSigned, segment });
    if (this.recent.size > evidenceBound + 1) this.recent.delete(this.recent.keys().next().value as number);
    this.expectedNumber = segment.number + 1;
    this.previousHash = piece.hash;
    this.unsignedInRow = piece.isSigned ? 0 : this.unsignedInRow + 1;
    if (piece.isSigned) this.attest(segment);
    return null;
  }

  /** Something signed names this segment: it and all before it in its run are attested (C-SIG-6). */
  private attest(segment: ChainedSegment): void {
    for (let i = this.firstPending; i < this.segments.length; i++) {
      const one = this.segments[i] as ChainedSegment;
      if (one.run !== segment.run || one.number > segment.number) break;
      one.isAttested = true;
      this.firstPending = i + 1;
    }
  }

  /** The end record, or a path from it, names the hash of a segment. */
  attestByHash(hash: Octets): boolean {
    const named = this.segments.find((segment) => equal(segment.hash, hash));
    if (named === undefined) return false;
    for (const segment of this.segments) {
      if (segment.run === named.run && segment.number <= named.number) segment.isAttested = true;
    }
    while (this.segments[this.firstPending]?.isAttested === true) this.firstPending++;
    return true;
  }

  /**
   * A late signature that stands in segment `holder`, or with the number behind the last segment behind
   * it. `number` is what its record must be numbered, where that was not checked.
   */
  async addLateSignature(record: PlacedRecord, holder: number): Promise<ChainFault | null> {
    let target: Remembered | undefined;
    let parsed;
    try {
      parsed = readSignatureRecord(record.bytes, record.offset, this.context.header);
      if (!this.context.header.critical.late) throw new FormatError('C-SIG-4', 'late signature where none may be', record.offset);
      const number = parsed.objectNumber;
      if (number >= BigInt(holder) || number + BigInt(lateBound) < BigInt(holder)) {
        throw new FormatError('C-SIG-4', 'late signature of a segment that it cannot belong to', record.offset);
      }
      target = this.recent.get(Number(number));
      if (target?.isSigned === true) throw new FormatError('C-SIG-4', 'second signature of a manifest', record.offset);
      if (target === undefined && this.wasRead(Number(number))) {
        throw new FormatError('C-SIG-4', 'late signature of a manifest that is not there', record.offset);
      }
    } catch (error) {
      return { segment: holder, ...faultOf(error, record.offset) };
    }
    if (target === undefined) return null;
    if (!(await signatureHolds(this.context.signer as ObjectSigner, parsed, target.object))) {
      return { segment: target.segment.number, rule: 'C-OBJ-3', offset: record.offset, reason: 'the late signature is wrong (C-OBJ-3)' };
    }
    target.isSigned = true;
    if (target.segment.run === this.run) this.attest(target.segment);
    return null;
  }

  /** Would the segment be known here if it were in the container, with all segments in one run? */
  private wasRead(number: number): boolean {
    return this.run === 0 && this.firstNumber !== null && number >= this.firstNumber;
  }

  addEvidence(record: PlacedRecord, holder: number, isCompared = true): ChainFault | null {
    try {
      const cursor: Cursor = new Cursor(record.bytes, 'C-EVI-1', record.offset);
      cursor.slice(recordHeaderSize);
      const kind = cursor.u16('kind of evidence');
      if (kind !== kindToken && kind !== kindWitness) cursor.fail('evidence of unknown kind');
      cursor.zeros(2, 'bytes behind the kind');
      const number = cursor.u64('segment number');
      const hash = copyOf(cursor.slice(hashSize, 'hash'));
      if (number >= BigInt(holder) || number + BigInt(evidenceBound) < BigInt(holder)) {
        cursor.fail('evidence of a segment that it cannot belong to');
      }
      const target = this.recent.get(Number(number));
      if (target === undefined) return null;
      if (!equal(target.hash, hash)) cursor.fail('evidence with the hash of another manifest');
      if (kind !== kindToken) return null;
      const token = copyOf(cursor.slice(cursor.remaining));
      const segment = Number(number);
      this.stamps.push({ kind: 'evidence', offset: record.offset, holder, segment, imprint: hash, token, isCompared });
      return null;
    } catch (error) {
      return { segment: holder, ...faultOf(error, record.offset) };
    }
  }

  addTrailer(offset: number, imprint: Octets, token: Octets): void {
    this.stamps.push({ kind: 'trailer', offset, holder: null, segment: null, imprint, token, isCompared: true });
  }
}
