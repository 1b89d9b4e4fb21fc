/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError, UnsupportedError, reasonOf } from '../bytes/errors.js';
import { equal } from '../bytes/octets.js';
import { type Source, startOfTrailingZeros } from '../bytes/source.js';
import type { Credentials } from './access.js';
import { Chain } from './chain.js';
import { recordHeaderSize, recordType, segmentStartSize } from './format.js';
import { endByTail } from './hints.js';
import { IndexBuilder } from './index_records.js';
import type { ContentKeys } from './keys.js';
import { type Trust } from './judgement.js';
import { HeaderForgedError, type OpenedContainer, openContainer } from './opening.js';
import { readRecordHeader } from './records.js';
import type { ContainerReport, Failure } from './report.js';
import { conclude, emptyReport } from './conclusion.js';
import { findSegment } from './resync.js';
import { type CheckedPlace, checkAndOpen } from './opened_check.js';
import type { Fault, SegmentPiece } from './segment.js';
import { type SegmentChecker, SegmentSupplier } from './supplier.js';
import { type TailResult, TailWalk } from './tail.js';
import { Window } from './window.js';

export interface VerifyOptions {
  trust: Trust;
  /** Something to open it with; without it, nothing is opened. */
  credentials?: Credentials;
  /** The key, when it was found before; then credentials are not looked at. */
  keys?: ContentKeys;
  /** Told how many bytes of how many were verified. */
  progress?: (done: number, of: number) => void;
  /** Aborts with the reason of the signal. */
  signal?: AbortSignal;
  /** Checks segments elsewhere, in workers for instance. */
  checker?: (place: CheckedPlace) => Promise<SegmentPiece>;
  /** Segments that are checked at once. */
  width?: number;
  /** Where segments seem to begin, where that is known already; nothing depends on it but speed. */
  places?: Float64Array;
}

const defaultWidth = 4;
const maxFailures = 1000;
/** After reading so many times the size of the file in vain, only what was not read is searched (C-VER-3). */
const vainReads = 4;

/** What the walk over a container found. */
export interface Findings {
  opened: OpenedContainer;
  source: Source;
  chain: Chain;
  failures: Failure[];
  tail: TailResult | null;
  /** By numbers of segments: why their samples do not open; null where they do. */
  opening: Map<number, string | null>;
}

/** The walk over all segments of a container and what stands behind them. */
class ContainerWalk {
  private readonly chain: Chain;
  private readonly index: IndexBuilder;
  private readonly failures: Failure[] = [];
  private readonly window: Window;
  private readonly supplier: SegmentSupplier;
  private isUnbroken = true;
  /** The number that a segment should have here. */
  private number = 0;
  private readInVain = 0;
  private readUpTo = 0;
  private tail: TailResult | null = null;
  private readonly opening = new Map<number, string | null>();

  constructor(
    private readonly source: Source,
    private readonly opened: OpenedContainer,
    private readonly zerosFrom: number,
    private readonly options: VerifyOptions,
  ) {
    this.chain = new Chain(opened);
    this.index = new IndexBuilder(opened.header.hash);
    this.window = new Window(source, source.size);
    const { checker, keys } = options;
    const opensWith = keys === undefined ? {} : { opensWith: keys.p };
    const check: SegmentChecker = (at, expectedSize) => {
      const place = { at, end: source.size, zerosFrom, ...(expectedSize === undefined ? {} : { expectedSize }), ...opensWith };
      return checker === undefined ? checkAndOpen(opened, source, place) : checker(place);
    };
    this.supplier = new SegmentSupplier(source, opened.header, check, options.width ?? defaultWidth, options.places);
  }

  async run(): Promise<Findings> {
    let at = this.opened.firstRecord;
    while (at >= 0) {
      this.options.signal?.throwIfAborted();
      this.options.progress?.(at, this.source.size);
      at = await this.step(at);
    }
    if (this.tail === null && !this.isUnbroken) await this.tailAfterFailure();
    this.options.progress?.(this.source.size, this.source.size);
    const { opened, source, chain, failures, tail, opening } = this;
    return { opened, source, chain, failures, tail, opening };
  }

  private fail(fault: Fault, segment: number | null, time: bigint | null): void {
    const named = segment === null ? undefined : this.chain.find(segment);
    if (named !== undefined) named.isFaulty = true;
    if (this.failures.length >= maxFailures) return;
    // Header, index, end and tail have no time.
    const near = segment === null ? null : (this.chain.last?.lastUtc ?? null);
    this.failures.push({ segment, time: time ?? near, offset: fault.offset, rule: fault.rule, reason: fault.reason });
  }

  /** Looks at what stands at `at` and says where to go on; -1 where nothing follows. */
  private async step(at: number): Promise<number> {
    if (at >= this.zerosFrom || at >= this.source.size) return -1;
    const known = await this.supplier.known(at);
    if (known !== null) return this.segment(at, known);
    const probe = await this.window.view(at, recordHeaderSize);
    const type = probe[0] as number;
    if (type === recordType.segmentStart) return this.segment(at, await this.supplier.take(at));
    const isLate = type === recordType.signature && this.opened.header.critical.late;
    if (type === recordType.index || type === recordType.end || isLate) {
      await this.runTail(at, this.isUnbroken);
      return -1;
    }
    if (this.isCutSignature(at, probe)) return -1;
    this.fail({ rule: 'C-OVR-1', offset: at, reason: `something else where a segment or the end belongs (C-OVR-1, offset ${at})` }, this.number, null);
    this.breakChain();
    return this.search(at + 1);
  }

  /** Is this the signature of the manifest before it, of which the file holds only a part? */
  private isCutSignature(at: number, probe: Uint8Array): boolean {
    const { header } = this.opened;
    if (probe[0] !== recordType.signature || !header.critical.deferred || this.chain.pending.length === 0) return false;
    if (at + recordHeaderSize > this.zerosFrom) return true;
    try {
      const record = readRecordHeader(probe, at);
      return record.number === 0 && at + recordHeaderSize + record.bodySize > this.zerosFrom;
    } catch (error) {
      if (error instanceof FormatError) return false;
      throw error;
    }
  }

  private breakChain(): void {
    this.isUnbroken = false;
    this.number++;
    this.chain.interrupt();
  }

  private async search(from: number): Promise<number> {
    const isTired = this.readInVain > vainReads * this.source.size;
    return findSegment(this.source, this.opened.header, isTired ? Math.max(from, this.readUpTo) : from, this.source.size);
  }

  private async segment(at: number, piece: SegmentPiece): Promise<number> {
    this.readUpTo = Math.max(this.readUpTo, at + piece.bytesRead);
    if (piece.state === 'partial') return this.partialSegment(at, piece);
    if (piece.state === 'broken' || piece.piece === null) {
      this.readInVain += piece.bytesRead;
      const fault = piece.fault ?? { rule: 'C-OVR-1', offset: at, reason: 'segment that cannot be read' };
      this.fail(fault, this.number, piece.piece?.manifest.firstUtc ?? null);
      this.breakChain();
      return this.search(at + 1);
    }
    const { manifest } = piece.piece;
    const place = { offset: at, end: piece.end, hasMedia: true };
    const fault = this.chain.add(piece.piece, place);
    if (fault !== null) {
      // What stands in the place of the segment that should be here says nothing of its time (C-VER-2).
      this.fail(fault, this.number, manifest.segment === this.number ? manifest.firstUtc : null);
      this.breakChain();
      if (this.chain.add(piece.piece, place) !== null) return piece.end;
    }
    if (piece.undecryptable !== undefined) this.opening.set(manifest.segment, piece.undecryptable);
    await this.contents(at, piece);
    this.number = manifest.segment + 1;
    return piece.end;
  }

  /** The file ends within a segment; what is whole in it must be what may stand there (C-VER-1). */
  private async partialSegment(at: number, piece: SegmentPiece): Promise<number> {
    if (piece.start === null) return -1;
    const isStartWhole = at + recordHeaderSize + segmentStartSize <= this.zerosFrom;
    if (this.isUnbroken && isStartWhole && piece.start.segment !== this.number) {
      const reason = `segment ${piece.start.segment} where ${this.number} belongs (C-SEG-2, offset ${at})`;
      this.fail({ rule: 'C-SEG-2', offset: at, reason }, this.number, null);
    }
    await this.lateSignatures(piece, piece.start.segment);
    return -1;
  }

  private async lateSignatures(piece: SegmentPiece, holder: number): Promise<void> {
    for (const record of piece.late) {
      const fault = await this.chain.addLateSignature(record, holder);
      if (fault !== null) this.fail(fault, fault.segment, this.timeOf(fault.segment));
    }
  }

  /** What a segment that stands in the chain says about others. */
  private async contents(at: number, piece: SegmentPiece): Promise<void> {
    const { manifest, hash } = piece.piece as NonNullable<SegmentPiece['piece']>;
    const number = manifest.segment;
    if (this.isUnbroken) {
      const fault = this.indexFault(at, piece);
      if (fault !== null) {
        this.fail(fault, number, manifest.firstUtc);
        this.isUnbroken = false;
      }
      this.index.addSegment({
        firstSegment: number, offset: at, firstUtc: manifest.firstUtc, lastUtc: manifest.lastUtc, segments: 1, hash,
      });
    }
    await this.lateSignatures(piece, number);
    for (const record of piece.evidence) {
      const fault = this.chain.addEvidence(record, number);
      if (fault !== null) this.fail(fault, fault.segment, manifest.firstUtc);
    }
  }

  private timeOf(number: number | null): bigint | null {
    return number === null ? null : (this.chain.find(number)?.firstUtc ?? null);
  }

  /** Checkpoint and index records in a segment (C-IDX-2, C-IDX-5). */
  private indexFault(at: number, piece: SegmentPiece): Fault | null {
    if (piece.start?.checkpoint !== this.index.newestCheckpoint) {
      return { rule: 'C-IDX-5', offset: at, reason: `segment start that names another checkpoint (C-IDX-5, offset ${at})` };
    }
    const expected = this.index.atSegmentStart(at + recordHeaderSize + segmentStartSize);
    const isSame =
      expected.length === piece.index.length &&
      expected.every((record, i) => {
        const found = piece.index[i];
        return found !== undefined && found.offset === record.offset && equal(found.bytes, record.bytes);
      });
    return isSame ? null : { rule: 'C-IDX-4', offset: at, reason: `index records that the segments do not give (C-IDX-4, offset ${at})` };
  }

  private async runTail(at: number, isUnbroken: boolean): Promise<void> {
    const input = {
      context: this.opened,
      window: this.window,
      size: this.source.size,
      zerosFrom: this.zerosFrom,
      chain: this.chain,
      index: this.index,
      isUnbroken,
    };
    this.tail = await new TailWalk(input, at).run();
    for (const fault of this.tail.faults) this.fail(fault, fault.segment, this.timeOf(fault.segment));
  }

  /** No further segment was found behind a failure; the end record may still attest what came before. */
  private async tailAfterFailure(): Promise<void> {
    const end = await endByTail(this.source);
    if (end !== null && end < this.source.size && end >= this.opened.firstRecord) await this.runTail(end, false);
  }
}

/** Walks over a container without any trust or key: what holds, and what does not. */
export async function walkContainer(source: Source, opened: OpenedContainer, options: VerifyOptions): Promise<Findings> {
  return new ContainerWalk(source, opened, await startOfTrailingZeros(source), options).run();
}

/** The report of a file whose header cannot be used, or whose header signature fails; other errors are thrown on. */
export function reportOfOpening(error: unknown): ContainerReport {
  if (!(error instanceof FormatError)) throw error;
  const report = emptyReport();
  report.reason = reasonOf(error);
  if (error instanceof HeaderForgedError) {
    report.outcome = 'not_authentic';
    report.firstFailure = { segment: null, time: null, offset: error.offset, rule: error.rule, reason: error.message };
    report.failures = [report.firstFailure];
  } else {
    report.outcome = error instanceof UnsupportedError ? 'unsupported' : 'malformed';
  }
  return report;
}

/** Verifies every byte of a container (C-VER-1) and, with something to open it, opens every sample. */
export async function verifyContainer(source: Source, options: VerifyOptions): Promise<ContainerReport> {
  let opened: OpenedContainer;
  try {
    opened = await openContainer(source);
  } catch (error) {
    return reportOfOpening(error);
  }
  return conclude(await walkContainer(source, opened, options), options);
}
