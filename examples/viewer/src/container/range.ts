/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { equal } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import { Chain } from './chain.js';
import { conclude } from './conclusion.js';
import { lateBound } from './format.js';
import { type LocatedSegment, segmentsByIndex, segmentsBySkimming, signedEnd } from './locate.js';
import { type OpenedContainer, openContainer } from './opening.js';
import type { ContainerReport, Failure } from './report.js';
import { type Fault, checkSegment, faultOf } from './segment.js';
import { skimSegment } from './skim.js';
import { TailWalk } from './tail.js';
import { IndexBuilder } from './index_records.js';
import { type Findings, type VerifyOptions, reportOfOpening } from './verify.js';
import { Window } from './window.js';

/** From, included, to, excluded; null where it is not bounded. */
export interface Range {
  from: bigint | null;
  to: bigint | null;
}

export interface RangeReport extends ContainerReport {
  range: Range;
  /** Is the range covered from end to end, as C-VER-5 asks? Why not, in words. */
  isCovered: boolean;
  notCovered: string;
}

function overlaps(segment: { firstUtc: bigint; lastUtc: bigint }, range: Range): boolean {
  return (range.to === null || segment.firstUtc < range.to) && (range.from === null || segment.lastUtc > range.from);
}

interface Plan {
  before: LocatedSegment | null;
  within: LocatedSegment[];
  after: LocatedSegment[];
}

/** Segments of a range, the one before it, and those behind it that it may take to find a signature. */
async function planOf(segments: AsyncGenerator<LocatedSegment>, range: Range): Promise<Plan> {
  const plan: Plan = { before: null, within: [], after: [] };
  let last: LocatedSegment | null = null;
  for await (const segment of segments) {
    if (overlaps(segment, range)) {
      if (plan.within.length === 0) plan.before = last;
      plan.within.push(...plan.after.splice(0), segment);
    } else if (plan.within.length > 0) {
      plan.after.push(segment);
      if (plan.after.length > lateBound) break;
    }
    last = segment;
  }
  return plan;
}

class RangeWalk {
  private readonly chain: Chain;
  private readonly failures: Failure[] = [];

  constructor(
    private readonly source: Source,
    private readonly opened: OpenedContainer,
    private readonly plan: Plan,
  ) {
    const first = plan.before ?? plan.within[0];
    this.chain = new Chain(opened, first?.number ?? null);
  }

  private fail(fault: Fault, segment: number | null, time: bigint | null): void {
    this.failures.push({ segment, time, offset: fault.offset, rule: fault.rule, reason: fault.reason });
    const named = segment === null ? undefined : this.chain.find(segment);
    if (named !== undefined) named.isFaulty = true;
  }

  /** A neighbour, whose manifest continues the chain and whose samples are not looked at. */
  private async neighbour(place: LocatedSegment, isInQuestion: boolean): Promise<boolean> {
    try {
      const skimmed = await skimSegment(this.opened, this.source, place.offset);
      const fault = this.chain.add(skimmed.piece, { offset: place.offset, end: skimmed.end, hasMedia: false });
      if (fault !== null) {
        if (isInQuestion) this.fail(fault, place.number, place.firstUtc);
        return false;
      }
      await this.records(skimmed.late, skimmed.evidence, place.number, false);
      this.attestByPath(place);
      return true;
    } catch (error) {
      if (error instanceof FormatError && !isInQuestion) return false;
      this.fail(faultOf(error, place.offset), place.number, place.firstUtc);
      return false;
    }
  }

  private attestByPath(place: LocatedSegment): void {
    const { last } = this.chain;
    if (place.hash !== null && last !== null && equal(last.hash, place.hash)) this.chain.attestByHash(place.hash);
  }

  private async records(late: Parameters<Chain['addLateSignature']>[0][], evidence: typeof late, holder: number, isCompared: boolean): Promise<void> {
    for (const record of late) {
      const fault = await this.chain.addLateSignature(record, holder);
      if (fault !== null && isCompared) this.fail(fault, fault.segment, null);
    }
    for (const record of evidence) {
      const fault = this.chain.addEvidence(record, holder, isCompared);
      if (fault !== null && isCompared) this.fail(fault, fault.segment, null);
    }
  }

  private async inside(place: LocatedSegment, options: VerifyOptions): Promise<void> {
    const end = this.source.size;
    const input = { at: place.offset, end, zerosFrom: end };
    const checked = await (options.checker?.(input) ?? checkSegment(this.opened, { source: this.source, ...input }));
    if (checked.piece === null || checked.state !== 'whole') {
      const fault = checked.fault ?? { rule: 'C-OVR-1', offset: place.offset, reason: 'the file ends within the segment' };
      this.fail(fault, place.number, checked.piece?.manifest.firstUtc ?? place.firstUtc);
      this.chain.interrupt();
      return;
    }
    const where = { offset: place.offset, end: checked.end, hasMedia: true };
    const fault = this.chain.add(checked.piece, where);
    if (fault !== null) {
      this.fail(fault, this.chain.expected ?? place.number, checked.piece.manifest.firstUtc);
      this.chain.interrupt();
      if (this.chain.add(checked.piece, where) !== null) return;
    }
    this.attestByPath(place);
    await this.records(checked.late, checked.evidence, place.number, true);
  }

  async run(options: VerifyOptions): Promise<Findings> {
    const { before, within, after } = this.plan;
    if (before !== null) await this.neighbour(before, true);
    let done = 0;
    for (const place of within) {
      options.signal?.throwIfAborted();
      await this.inside(place, options);
      options.progress?.(++done, within.length);
    }
    for (const [i, place] of after.entries()) {
      if (i > 0 && this.chain.pending.length === 0) break;
      if (!(await this.neighbour(place, false))) break;
    }
    const tail = await this.readTail();
    return { opened: this.opened, source: this.source, chain: this.chain, failures: this.failures, tail, opening: new Map() };
  }

  /** End record and trailers, which may attest the range and its time. */
  private async readTail(): Promise<Findings['tail']> {
    const end = await signedEnd(this.opened, this.source).catch(() => null);
    if (end === null) return null;
    const size = this.source.size;
    const input = {
      context: this.opened,
      window: new Window(this.source, size),
      size,
      zerosFrom: size,
      chain: this.chain,
      index: new IndexBuilder(this.opened.header.hash),
      isUnbroken: false,
    };
    const tail = await new TailWalk(input, end.offset).run();
    for (const fault of tail.faults) this.fail(fault, fault.segment, null);
    return tail;
  }
}

/** Why a range is not wholly covered; empty where it is (C-VER-5). */
function gapOf(findings: Findings, range: Range): string {
  const segments = findings.chain.segments;
  const within = segments.filter((one) => one.hasMedia);
  const first = within[0];
  const last = within[within.length - 1];
  if (first === undefined || last === undefined) return 'there is no sample in the range';
  const isSigned = findings.opened.header.isSigned;
  if (isSigned && within.some((one) => !one.isAttested)) return 'no signature covers the end of the range yet';
  const before = segments.find((one) => one.number === first.number - 1 && one.run === first.run);
  const beginsBefore = range.from !== null && first.firstUtc <= range.from;
  const followsBefore = before !== undefined && range.from !== null && before.lastUtc <= range.from;
  if (!beginsBefore && !followsBefore && first.number !== 0) return 'the begin of the range is not there';
  const next = segments.find((one) => one.number === last.number + 1 && one.run === last.run && (one.isAttested || !isSigned));
  const endsAfter = range.to !== null && last.lastUtc >= range.to;
  const followedAfter = next !== undefined && range.to !== null && next.firstUtc >= range.to;
  const isLast = findings.tail?.isClosed === true && findings.tail.end?.segments === last.number + 1;
  if (!endsAfter && !followedAfter && !isLast) return 'the end of the range is not there';
  return '';
}

/** Verifies what a range of a container holds, and nothing else (C-VER-5). */
export async function verifyRange(source: Source, range: Range, options: VerifyOptions): Promise<RangeReport> {
  const none = { range, isCovered: false, notCovered: 'the file cannot be read' };
  let opened: OpenedContainer;
  try {
    opened = await openContainer(source);
  } catch (error) {
    return { ...reportOfOpening(error), ...none };
  }
  const end = await signedEnd(opened, source).catch((error: unknown) => {
    if (error instanceof FormatError) return null;
    throw error;
  });
  const plan = await planByBestWay(source, opened, range, end);
  const findings = await new RangeWalk(source, opened, plan).run(options);
  const notCovered = gapOf(findings, range);
  return { ...(await conclude(findings, options, notCovered === '')), range, isCovered: notCovered === '', notCovered };
}

async function planByBestWay(source: Source, opened: OpenedContainer, range: Range, end: Awaited<ReturnType<typeof signedEnd>>): Promise<Plan> {
  if (end !== null) {
    try {
      return await planOf(segmentsByIndex(opened, source, end, () => true), range);
    } catch (error) {
      // A damaged index leaves the way over the segments themselves.
      if (!(error instanceof FormatError)) throw error;
    }
  }
  return planOf(segmentsBySkimming(opened, source, opened.firstRecord), range);
}
