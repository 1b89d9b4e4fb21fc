/* SPDX-License-Identifier: Apache-2.0 */
import { hex } from '../bytes/octets.js';
import { type ContainerReport, type Outcome, verdicts, worst } from '../container/report.js';
import { type CutEnd, gapViews } from './gaps.js';
import type { Device, FailureView, Part, PartReport, RecordingHead, Report } from './model.js';
import {
  type ReportFacts, deviceReports, failureView, failureViews, reportBase, signerView, statesOf, worstOutcome,
} from './report_views.js';
import type { SequenceFinding } from './sequence.js';
import { sequenceKey } from './views.js';

/** A container, and what was found of it and of its place in its recording. */
export interface JudgedContainer {
  part: Part;
  report: ContainerReport;
  joint: readonly SequenceFinding[];
  /** It is open, and the next container says where it ends. */
  isContinued: boolean;
}

export interface RecordingFacts extends ReportFacts {
  /** Hexadecimal. */
  expectedHead: string | null;
}

/** Why a container is not wholly there; empty where it is. */
function notCoveredOf({ report, isContinued, joint }: JudgedContainer): string {
  const missing = joint.find((one) => one.verdict === 'incomplete');
  if (missing !== undefined) return missing.reason;
  if (report.header === null || isContinued) return '';
  if (!report.coverage.isClosed) return 'the recording has no signed end: it was interrupted, or goes on';
  return report.coverage.unattestedBytes > 0 ? 'bytes behind the end of the recording' : '';
}

function outcomeOf({ report, joint }: JudgedContainer): Outcome {
  const { outcome } = report;
  const own = verdicts.find((one) => one === outcome);
  return own === undefined ? outcome : worst(own, ...joint.map((one) => one.verdict));
}

function reasonOf(judged: JudgedContainer): string {
  const { report, joint } = judged;
  const worstJoint = joint.find((one) => one.verdict === 'not_authentic') ?? joint[0];
  if (report.reason !== '') return report.reason;
  if (worstJoint?.verdict === 'not_authentic') return worstJoint.reason;
  const access = report.access.state === 'failed' ? report.access.reason : '';
  return access || report.signer?.reason || (worstJoint?.reason ?? '') || notCoveredOf(judged) || (report.access.damaged[0] ?? '');
}

function jointFailures(judged: JudgedContainer): FailureView[] {
  const wrong = judged.joint.filter((one) => one.verdict === 'not_authentic');
  return wrong.map(({ reason }) => ({ part: judged.part.index, segment: null, time: null, offset: -1, rule: 'C-SEQ-2', reason }));
}

/** What is missing behind the last segment: by the container's own end, or by the container behind it. */
function cutEndOf({ report, joint }: JudgedContainer): CutEnd | null {
  const { cutEnd, to: from } = report.coverage;
  const cut = joint.find((one) => one.cut !== undefined)?.cut;
  if (cut === undefined || from === null) return cutEnd;
  return { from, to: cut.to > from ? cut.to : from, lost: cut.lost };
}

function partReport(judged: JudgedContainer): PartReport {
  const { part, report } = judged;
  const { segments, coverage, header, failures } = report;
  const counted = segments.filter((one) => !one.isFaulty);
  const joint = jointFailures(judged);
  const first = report.firstFailure;
  const verdict = outcomeOf(judged);
  const isSigned = header?.isSigned === true;
  const states = statesOf(part.segments, {
    segments,
    failures,
    isSigned,
    isTrusted: report.signer?.identity === 'trusted',
    isForged: header === null,
    // Stored samples are what was signed: no key is needed to compare them.
    isClosed: () => false,
  });
  const hasFailures = failures.length + joint.length > 0;
  return {
    part: part.index,
    verdict,
    reason: reasonOf(judged),
    isSigned,
    isAltered: verdict === 'not_authentic',
    signer: signerView(report.signer),
    firstFailure: first === null ? (joint[0] ?? null) : failureView(part.index, first),
    failures: [...failureViews(part.index, failures), ...joint],
    failureCount: failures.length + joint.length,
    gaps: gapViews({ part: part.index, coverage, segments, table: part.segments, states, hasFailures, cutEnd: cutEndOf(judged) }),
    states,
    segmentsVerified: counted.length,
    firstSegment: segments[0]?.number ?? null,
    lastSegment: segments[segments.length - 1]?.number ?? null,
    firstUtc: coverage.from,
    lastUtc: coverage.to,
    notCovered: notCoveredOf(judged),
    isClosed: coverage.isClosed,
    attested: report.time.attestedAll,
    head: report.head === null ? null : hex(report.head),
  };
}

/** Later in its recording; of copies, that with more segments. */
function isNewer(one: JudgedContainer, other: JudgedContainer): boolean {
  const a = one.report.header?.sequence ?? -1n;
  const b = other.report.header?.sequence ?? -1n;
  return a === b ? one.report.segments.length > other.report.segments.length : a > b;
}

/** A receipt is about a recording: its newest head is that of its newest container. */
function recordingHeads(judged: readonly JudgedContainer[], parts: readonly PartReport[]): RecordingHead[] {
  const groups = new Map<string, JudgedContainer[]>();
  for (const one of judged) {
    const { header } = one.report;
    if (header === null) continue;
    const key = sequenceKey({ view: one.part, header });
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group): RecordingHead => {
    const newest = group.reduce((best, one) => (isNewer(one, best) ? one : best));
    const own = parts.filter((part) => group.some((one) => one.part.index === part.part));
    const head = own.find((part) => part.part === newest.part.index)?.head ?? null;
    const recordingId = newest.report.header === null ? '' : hex(newest.report.header.recordingId);
    return { device: newest.part.device, recordingId, part: newest.part.index, head, verdict: worstOutcome(own.map((part) => part.verdict)) };
  });
}

function hasHead({ report }: JudgedContainer, expected: string): boolean {
  const isSegment = report.segments.some((one) => one.isAttested && !one.isFaulty && hex(one.hash) === expected);
  return isSegment || (report.segments.length === 0 && report.header !== null && hex(report.header.hash) === expected);
}

/** Was the head that somebody remembers found in a recording? It may have gone on since. */
function expectedHeadOf(judged: readonly JudgedContainer[], recordings: readonly RecordingHead[], expected: string): Report['expectedHead'] {
  const holders = judged.filter((one) => hasHead(one, expected)).map((one) => one.part.index);
  const newest = recordings.find((one) => one.head === expected && holders.includes(one.part));
  return { found: holders.length > 0, linksSince: null, isNewest: newest !== undefined, part: newest?.part ?? holders[0] ?? null };
}

export function recordingReport(judged: readonly JudgedContainer[], devices: readonly Device[], facts: RecordingFacts): Report {
  const parts = judged.map(partReport);
  const recordings = recordingHeads(judged, parts);
  const head = facts.expectedHead === null ? null : expectedHeadOf(judged, recordings, facts.expectedHead);
  const outcome = worstOutcome(parts.map((one) => one.verdict));
  // A head that is not found is no proof of anything but that something is missing (C-SEQ-2).
  const isHeadMissing = head?.found === false;
  const bad = parts.find((one) => one.verdict === outcome && outcome !== 'authentic');
  return {
    ...reportBase(facts),
    outcome: isHeadMissing ? worstOutcome([outcome, 'incomplete']) : outcome,
    reason: bad?.reason ?? (isHeadMissing ? 'the expected head is not in the recording' : ''),
    devices: deviceReports(devices, parts),
    head: recordings.length === 1 ? (recordings[0]?.head ?? null) : null,
    recordings,
    reexport: true,
    reexportReason: 'allowed',
    unattestedBytes: judged.reduce((sum, { report }) => sum + report.coverage.unattestedBytes, 0),
    expectedHead: head,
  };
}
