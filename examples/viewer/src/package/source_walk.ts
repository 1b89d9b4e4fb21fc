/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError, UnsupportedError, reasonOf } from '../bytes/errors.js';
import type { Source } from '../bytes/source.js';
import { Chain, type ChainedSegment } from '../container/chain.js';
import { recordHeaderSize, recordType } from '../container/format.js';
import type { ContentKeys } from '../container/keys.js';
import type { OpenedHeader } from '../container/opening.js';
import { readRecordHeader } from '../container/records.js';
import type { Failure } from '../container/report.js';
import { type ContainerContext, type Fault, type ManifestPiece, type PlacedRecord, faultOf } from '../container/segment.js';
import { objectNumberOf } from '../container/signatures.js';
import type { FrameEntry, PackageIndex, SourcePlace } from './directory.js';
import { type CarriedEnd, checkEnd } from './end_frame.js';
import { frameKind, limits } from './format.js';
import { bodySize, readFrame } from './frames.js';
import { followIndex } from './index_path.js';
import { frameKeysOf } from './keys.js';
import { type LeavesResult, checkLeavesFrame } from './leaves.js';
import { type SegmentJob, type SegmentResult, checkSegmentFrame, readCarriedManifest } from './segment_frame.js';
import { type SourceInfo, firstRecordOf, openSourceHeader, readSourceInfo } from './source_frame.js';

/** Checks segments of a source, here or in workers. */
export type SegmentChecker = (opened: ContainerContext, source: number, job: SegmentJob) => Promise<SegmentResult>;

export interface WalkOptions {
  isSealed: boolean;
  keys: ContentKeys | null;
  opensSamples: boolean;
  checker?: SegmentChecker | undefined;
  /** Segments that are checked at once. */
  width: number;
  /** Told the offset in the package up to which everything was checked. */
  progress: (offset: number) => void;
  signal?: AbortSignal | undefined;
  /** Given what a leaves frame presents, in order. */
  onLeaves?: ((source: number, opened: OpenedHeader, result: LeavesResult, entry: FrameEntry) => Promise<void>) | undefined;
}

/** What the frames of a source hold. */
export interface SourceFindings {
  place: SourcePlace;
  info: SourceInfo | null;
  /** Null where the header cannot be used. */
  opened: OpenedHeader | null;
  /** The source needs what is not known here (E-VER-1). */
  unsupported: string | null;
  chain: Chain | null;
  failures: Failure[];
  end: CarriedEnd | null;
  /** Segments whose bodies are sealed and were not opened. */
  closedBodies: number;
  undecryptable: string | null;
}

interface Waiting {
  entry: FrameEntry;
  result: Promise<SegmentResult> | null;
}

const maxFailures = 1000;
/** Evidence of a source that is kept in memory; what is beyond attests nothing. */
const maxEvidenceBytes = 64 << 20;
const evidenceHead = recordHeaderSize + 44;
const pathRule = 'E-SRC-5';

/** Walks over the frames of one source. */
class SourceWalk {
  private readonly found: SourceFindings;
  /** Where, in the container, what was read before ends; and of which segment, when it is a known one. */
  private containerEnd = 0;
  private previous: { number: number; end: number } | null = null;
  private readonly indexRecords: PlacedRecord[] = [];
  private evidenceBytes = 0;
  private opened: OpenedHeader | null = null;
  private chain: Chain | null = null;

  constructor(
    private readonly source: Source,
    private readonly index: PackageIndex,
    place: SourcePlace,
    private readonly options: WalkOptions,
  ) {
    this.found = {
      place, info: null, opened: null, unsupported: null, chain: null, failures: [], end: null, closedBodies: 0, undecryptable: null,
    };
  }

  async run(): Promise<SourceFindings> {
    await this.openHeader();
    for await (const { entry, result } of this.ahead()) {
      this.options.signal?.throwIfAborted();
      if (this.opened === null) await this.onlyDigest(entry);
      else await this.take(entry, result);
      this.options.progress(entry.end);
    }
    this.finishIndex();
    return this.found;
  }

  private get info(): SourceInfo {
    return this.found.info as SourceInfo;
  }

  private fail(fault: Fault, segment: number | null, time: bigint | null): void {
    if (segment !== null) {
      const named = this.chain?.find(segment);
      if (named !== undefined) named.isFaulty = true;
    }
    if (this.found.failures.length >= maxFailures) return;
    this.found.failures.push({ segment, time, offset: fault.offset, rule: fault.rule, reason: fault.reason });
  }

  private async openHeader(): Promise<void> {
    const { frame: entry } = this.found.place;
    try {
      const frame = await readFrame(this.source, entry, this.options);
      this.found.info = readSourceInfo(frame);
      this.opened = await openSourceHeader(frame, this.found.info);
      this.chain = new Chain(this.opened, null);
      this.containerEnd = firstRecordOf(this.opened);
      this.found.opened = this.opened;
      this.found.chain = this.chain;
    } catch (error) {
      if (error instanceof UnsupportedError) this.found.unsupported = reasonOf(error);
      else this.fail(faultOf(error, entry.offset), null, null);
    }
  }

  /** Frames in order; segments are checked ahead, several at once. */
  private async *ahead(): AsyncGenerator<Waiting> {
    const queue: Waiting[] = [];
    const { firstEntry, entries } = this.found.place;
    const width = Math.max(1, this.options.width);
    for await (const entry of this.index.read(firstEntry, entries)) {
      const result = entry.kind === frameKind.segment && this.opened !== null ? this.check(this.opened, entry) : null;
      // Whoever takes it gets the error; after an abort nobody does.
      result?.catch(() => undefined);
      queue.push({ entry, result });
      if (queue.length >= width) yield queue.shift() as Waiting;
    }
    yield* queue;
  }

  private check(opened: OpenedHeader, entry: FrameEntry): Promise<SegmentResult> {
    const { isSealed, keys, opensSamples, checker } = this.options;
    const { removed, containerSize } = this.info;
    const frameKeys = isSealed && keys !== null ? frameKeysOf(keys, entry.index) : null;
    const job = { entry, isSealed, removed, containerSize, keys: frameKeys, opensSamples };
    return checker === undefined ? checkSegmentFrame(opened, this.source, job) : checker(opened, this.found.place.number, job);
  }

  /** Of a source whose header cannot be used, there is nothing but what the exporter signed. */
  private async onlyDigest(entry: FrameEntry): Promise<void> {
    try {
      await readFrame(this.source, entry, this.options);
    } catch (error) {
      this.fail(faultOf(error, entry.offset), entry.number, this.timeOfEntry(entry));
    }
  }

  /** When something was whose frame does not hold: what its entry says (E-VER-6), or what stands before it (C-VER-2). */
  private timeOfEntry(entry: FrameEntry): bigint | null {
    if (entry.kind === frameKind.segment || entry.kind === frameKind.manifest || entry.kind === frameKind.leaves) return entry.firstUtc;
    return this.chain?.last?.lastUtc ?? null;
  }

  private async take(entry: FrameEntry, result: Promise<SegmentResult> | null): Promise<void> {
    try {
      if (entry.kind === frameKind.segment) await this.segment(entry, await (result as Promise<SegmentResult>));
      else if (entry.kind === frameKind.leaves) await this.leaves(entry);
      else if (entry.kind === frameKind.manifest) await this.manifest(entry);
      else if (entry.kind === frameKind.record) await this.record(entry);
      else if (entry.kind === frameKind.end) await this.end(entry);
      else await this.fragment(entry);
    } catch (error) {
      this.fail(faultOf(error, entry.offset), entry.number, entry.number === null ? null : this.timeOfEntry(entry));
      if (entry.kind === frameKind.manifest) this.breakChain();
    }
  }

  private breakChain(): void {
    (this.chain as Chain).interrupt();
    this.previous = null;
  }

  /** Where something stands in the container: behind what came before, and within the container. */
  private place(entry: FrameEntry, start: number, end: number, number: number | null): void {
    const fail = (rule: string, what: string): never => {
      throw new FormatError(rule, what, entry.offset);
    };
    const before = this.containerEnd;
    this.containerEnd = Math.max(before, end);
    if (entry.origin < before) fail('E-SRC-2', 'frames whose contents overlap');
    if (end > this.info.containerSize) fail('E-SRC-1', 'something that ends behind the end of its container');
    if (number === null) return;
    const { previous } = this;
    this.previous = { number, end };
    if (start < 0) fail('E-SRC-2', 'segment that begins before its container');
    if (number === 0 && start !== firstRecordOf(this.opened as OpenedHeader)) fail('E-SRC-2', 'segment 0 that stands elsewhere');
    if (previous !== null && previous.number + 1 === number && start !== previous.end) fail('E-SRC-2', 'segment that does not begin where the one before it ends');
  }

  /** Adds a manifest to the chain; after a break it begins again. */
  private add(piece: ManifestPiece, entry: FrameEntry, where: { offset: number; end: number; hasMedia: boolean }): void {
    const chain = this.chain as Chain;
    const { expected } = chain;
    const isGap = expected !== null && piece.manifest.segment !== expected;
    const time = isGap ? (chain.last?.lastUtc ?? entry.firstUtc) : piece.manifest.firstUtc;
    const fault = chain.add(piece, where);
    if (fault === null) return;
    this.fail({ ...fault, offset: entry.offset }, isGap ? expected : piece.manifest.segment, time);
    chain.interrupt();
    chain.add(piece, where);
  }

  private async segment(entry: FrameEntry, result: SegmentResult): Promise<void> {
    const { fault, piece, segment } = result;
    if (result.isClosed) this.found.closedBodies++;
    this.found.undecryptable ??= result.undecryptable;
    if (piece === null) {
      if (fault !== null) this.fail(fault, entry.number, this.timeOfEntry(entry));
      this.breakChain();
      return;
    }
    const { manifest } = piece;
    const end = entry.origin + manifest.bytes + result.manifestSize;
    this.add(piece, entry, { offset: entry.origin, end, hasMedia: true });
    if (fault !== null) this.fail(fault, manifest.segment, manifest.firstUtc);
    this.placeSegment(entry, entry.origin, end, piece);
    if (segment === null || fault !== null) return;
    await this.saidWithin(segment.late, segment.evidence, manifest.segment, manifest.firstUtc);
  }

  private placeSegment(entry: FrameEntry, start: number, end: number, piece: ManifestPiece): void {
    try {
      this.place(entry, start, end, piece.manifest.segment);
    } catch (error) {
      this.fail(faultOf(error, entry.offset), piece.manifest.segment, piece.manifest.firstUtc);
    }
  }

  /** Late signatures and evidence that stand in a segment which is carried. */
  private async saidWithin(late: readonly PlacedRecord[], evidence: readonly PlacedRecord[], holder: number, time: bigint): Promise<void> {
    const chain = this.chain as Chain;
    for (const record of late) {
      const fault = await chain.addLateSignature(record, holder);
      if (fault !== null) this.fail(fault, fault.segment, this.timeOf(fault.segment, time));
    }
    for (const record of evidence) {
      const fault = chain.addEvidence(record, holder);
      if (fault !== null) this.fail(fault, fault.segment, time);
    }
  }

  private timeOf(segment: number | null, otherwise: bigint | null): bigint | null {
    if (segment === null) return null;
    return this.chain?.find(segment)?.firstUtc ?? otherwise;
  }

  private async leaves(entry: FrameEntry): Promise<void> {
    const opened = this.opened as OpenedHeader;
    const { removed, containerSize } = this.info;
    const result = await checkLeavesFrame(opened, this.source, { entry, removed, containerSize });
    await this.segment(entry, result);
    await this.options.onLeaves?.(this.found.place.number, opened, result, entry);
  }

  private async manifest(entry: FrameEntry): Promise<void> {
    const frame = await readFrame(this.source, entry, this.options);
    const piece = await readCarriedManifest(this.opened as OpenedHeader, frame.c, entry.origin, entry);
    const start = entry.origin - piece.manifest.bytes;
    const end = entry.origin + frame.c.length;
    this.add(piece, entry, { offset: entry.origin, end, hasMedia: false });
    this.placeSegment(entry, start, end, piece);
  }

  private async record(entry: FrameEntry): Promise<void> {
    const frame = await readFrame(this.source, entry, this.options);
    const fail = (rule: string, what: string): never => {
      throw new FormatError(rule, what, entry.offset);
    };
    const header = readRecordHeader(frame.c, entry.origin);
    if (recordHeaderSize + header.bodySize !== frame.c.length) fail(pathRule, 'frame that does not hold one record');
    if ((entry.number === null) !== (header.number === 0)) fail('C-REC-1', 'record with a number that does not belong there');
    this.place(entry, entry.origin, entry.origin + frame.c.length, null);
    const record = { offset: entry.origin, number: header.number, bytes: frame.c };
    if (header.type === recordType.index) {
      this.indexRecords.push(record);
      if (this.indexRecords.length > limits.indexRecords) fail(pathRule, 'too many index records');
    } else if (header.type === recordType.signature) {
      await this.lateSignature(record, entry);
    } else if (header.type === recordType.evidence && entry.number !== null) {
      this.evidence(record, entry, entry.number);
    } else {
      fail(pathRule, `record of type ${header.type} that no frame holds`);
    }
  }

  private requireCarried(number: bigint | null, entry: FrameEntry): void {
    const isCarried = number !== null && number <= BigInt(Number.MAX_SAFE_INTEGER) && (this.chain as Chain).find(Number(number)) !== undefined;
    if (!isCarried) throw new FormatError(pathRule, 'record about a segment that is not carried', entry.offset);
  }

  private async lateSignature(record: PlacedRecord, entry: FrameEntry): Promise<void> {
    const chain = this.chain as Chain;
    this.requireCarried(objectNumberOf(record.bytes), entry);
    const holder = entry.number ?? (chain.last?.number ?? -1) + 1;
    const fault = await chain.addLateSignature(record, holder);
    if (fault === null) return;
    const segment = entry.number === null && fault.segment === holder ? null : fault.segment;
    this.fail(fault, segment, this.timeOf(segment, this.timeOfEntry(entry)));
  }

  private evidence(record: PlacedRecord, entry: FrameEntry, holder: number): void {
    const named = record.bytes.length < recordHeaderSize + 12 ? null : new DataView(record.bytes.buffer, record.bytes.byteOffset).getBigUint64(recordHeaderSize + 4);
    this.requireCarried(named, entry);
    this.evidenceBytes += record.bytes.length;
    const kept = this.evidenceBytes <= maxEvidenceBytes ? record : { ...record, bytes: record.bytes.slice(0, evidenceHead) };
    const fault = (this.chain as Chain).addEvidence(kept, holder, false);
    if (fault !== null) this.fail(fault, fault.segment, this.timeOfEntry(entry));
  }

  private async end(entry: FrameEntry): Promise<void> {
    const frame = await readFrame(this.source, entry, this.options);
    this.place(entry, entry.origin, entry.origin + frame.c.length, null);
    const { end, faults } = await checkEnd(this.opened as OpenedHeader, this.chain as Chain, frame.c, entry.origin);
    this.found.end = end;
    for (const fault of faults) this.fail(fault, null, null);
  }

  private async fragment(entry: FrameEntry): Promise<void> {
    const frame = await readFrame(this.source, entry, this.options);
    const time = this.chain?.last?.lastUtc ?? null;
    this.fail({ rule: 'E-VER-6', offset: entry.offset, reason: 'bytes that do not verify (E-VER-6)' }, entry.number, time);
    this.breakChain();
    this.place(entry, entry.origin, entry.origin + bodySize(frame), null);
  }

  private finishIndex(): void {
    if (this.indexRecords.length === 0 || this.opened === null || this.chain === null) return;
    try {
      followIndex(this.opened.header, this.chain, this.indexRecords, this.found.end);
    } catch (error) {
      this.fail(faultOf(error, this.found.place.frame.offset), null, null);
    }
  }
}

/** The segments that are carried with their records, and verify. */
export function mediaOf(findings: SourceFindings): readonly ChainedSegment[] {
  return (findings.chain?.segments ?? []).filter((segment) => segment.hasMedia);
}

export function walkSource(source: Source, index: PackageIndex, place: SourcePlace, options: WalkOptions): Promise<SourceFindings> {
  return new SourceWalk(source, index, place, options).run();
}
