/* SPDX-License-Identifier: Apache-2.0 */
import { hex } from '../bytes/octets.js';
import type { Trust } from '../container/judgement.js';
import { type ContainerReport, type Outcome, verdicts, worst } from '../container/report.js';
import type { Device, FailureView, Part, PartReport, Report } from './model.js';
import { deviceReports, failureView, failureViews, gapView, reportBase, signerView, statesOf, worstOutcome } from './report_views.js';
import type { SequenceFinding } from './sequence.js';

/** A container, and what was found of it and of its place in its recording. */
export interface JudgedContainer {
  part: Part;
  report: ContainerReport;
  joint: readonly SequenceFinding[];
  /** It is open, and the next container says where it ends. */
  isContinued: boolean;
}

export interface RecordingFacts {
  trust: Trust;
  version: string;
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

function partReport(judged: JudgedContainer): PartReport {
  const { part, report } = judged;
  const { segments, coverage, header } = report;
  const counted = segments.filter((one) => !one.isFaulty);
  const joint = jointFailures(judged);
  const first = report.firstFailure;
  return {
    part: part.index,
    verdict: outcomeOf(judged),
    reason: reasonOf(judged),
    signer: signerView(report.signer),
    firstFailure: first === null ? (joint[0] ?? null) : failureView(part.index, first),
    failures: [...failureViews(part.index, report.failures), ...joint],
    failureCount: report.failures.length + joint.length,
    gaps: coverage.gaps.map((gap) => gapView(part.index, gap)),
    states: statesOf(part.segments, {
      segments,
      isSigned: header?.isSigned === true,
      isTrusted: report.signer?.identity === 'trusted',
      isForged: header === null,
      // Stored samples are what was signed: no key is needed to compare them.
      isClosed: () => false,
    }),
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

/** Was the head that somebody remembers found in a recording? It may have gone on since. */
function expectedHeadOf(judged: readonly JudgedContainer[], expected: string): Report['expectedHead'] {
  const isThere = judged.some(({ report }) =>
    report.segments.some((one) => one.isAttested && !one.isFaulty && hex(one.hash) === expected) ||
    (report.segments.length === 0 && report.header !== null && hex(report.header.hash) === expected),
  );
  return { found: isThere, linksSince: null };
}

export function recordingReport(judged: readonly JudgedContainer[], devices: readonly Device[], facts: RecordingFacts): Report {
  const parts = judged.map(partReport);
  const head = facts.expectedHead === null ? null : expectedHeadOf(judged, facts.expectedHead);
  const outcome = worstOutcome(parts.map((one) => one.verdict));
  // A head that is not found is no proof of anything but that something is missing (C-SEQ-2).
  const isHeadMissing = head?.found === false;
  const bad = parts.find((one) => one.verdict === outcome && outcome !== 'authentic');
  return {
    ...reportBase(facts.trust, facts.version),
    outcome: isHeadMissing ? worstOutcome([outcome, 'incomplete']) : outcome,
    reason: bad?.reason ?? (isHeadMissing ? 'the expected head is not in the recording' : ''),
    devices: deviceReports(devices, parts),
    head: parts.length === 1 ? (parts[0]?.head ?? null) : null,
    reexport: true,
    unattestedBytes: judged.reduce((sum, { report }) => sum + report.coverage.unattestedBytes, 0),
    expectedHead: head,
  };
}
