/* SPDX-License-Identifier: Apache-2.0 */
import { hex } from '../bytes/octets.js';
import type { ChainedSegment } from '../container/chain.js';
import type { Trust } from '../container/judgement.js';
import type { Failure, Outcome, SignerReport } from '../container/report.js';
import type { LinkReport } from '../package/report.js';
import {
  type Device, type DeviceReport, type FailureView, type LinkView, type PartReport, type Report, type SegmentState, type SegmentTable,
  type SignerView, type TrustView, segmentState,
} from './model.js';

export function signerView(signer: SignerReport | null): SignerView | null {
  return signer === null ? null : { ...signer, fingerprint: hex(signer.fingerprint) };
}

export function failureView(part: number, failure: Failure): FailureView {
  return { part, ...failure };
}

export function linkView(link: LinkReport): LinkView {
  return {
    number: link.number,
    role: link.role,
    verdict: link.verdict,
    reason: link.reason,
    isVerified: link.isVerified,
    signer: signerView(link.signer),
    claimed: link.utc,
    attested: link.attested,
    timeAuthority: link.attestedBy?.authority ?? null,
    attestedByLink: link.attestedBy?.link ?? null,
    note: link.note,
    forbidsReexport: link.reexport === false,
    head: hex(link.head),
    contradictions: link.contradictions,
  };
}

/** From the worst to the best. What is known to be altered outweighs what cannot be examined. */
const outcomes: readonly Outcome[] = ['not_authentic', 'malformed', 'undecryptable', 'unsupported', 'untrusted', 'incomplete', 'authentic'];

export function worstOutcome(all: readonly Outcome[]): Outcome {
  return outcomes.find((one) => all.includes(one)) ?? 'authentic';
}

/** What is to know for colouring the segments of a part. */
export interface StateFacts {
  segments: readonly ChainedSegment[];
  failures: readonly Failure[];
  isSigned: boolean;
  isTrusted: boolean;
  /** Nothing at all can be believed of the part. */
  isForged: boolean;
  /** Is the segment in this row sealed, and was not opened? */
  isClosed(row: number): boolean;
}

function stateOf(segment: ChainedSegment | undefined, row: number, facts: StateFacts, isNamed: boolean): SegmentState {
  if (facts.isForged || isNamed || segment === undefined || segment.isFaulty) return segmentState.failed;
  if (!facts.isSigned || !segment.isAttested) return segmentState.unattested;
  if (facts.isClosed(row)) return segmentState.closed;
  return facts.isTrusted ? segmentState.authentic : segmentState.untrusted;
}

/** States of the segments of a table, by what a report says of them. */
export function statesOf(table: SegmentTable, facts: StateFacts): Uint8Array {
  const byNumber = new Map(facts.segments.filter((one) => one.hasMedia).map((one) => [one.number, one]));
  // Also what stands in the wrong order, although its own signature holds.
  const named = new Set(facts.failures.map((failure) => failure.segment));
  return Uint8Array.from(table.numbers, (number, row) => stateOf(byNumber.get(number), row, facts, named.has(number)));
}

/** Failures that a report names at most; there may be thousands, and nobody reads them. */
const maxFailures = 200;

export function failureViews(part: number, failures: readonly Failure[]): FailureView[] {
  return failures.slice(0, maxFailures).map((failure) => failureView(part, failure));
}

function earlier(a: FailureView | null, b: FailureView | null): FailureView | null {
  if (a === null || b === null) return a ?? b;
  if (a.time === null || b.time === null) return a.time === null && b.time !== null ? b : a;
  return b.time < a.time ? b : a;
}

export function deviceReports(devices: readonly Device[], parts: readonly PartReport[]): DeviceReport[] {
  return devices.map((device) => {
    const own = device.parts.flatMap((index) => parts.filter((one) => one.part === index));
    return {
      device: device.index,
      verdict: worstOutcome(own.map((one) => one.verdict)),
      firstFailure: own.reduce<FailureView | null>((first, one) => earlier(first, one.firstFailure), null),
      parts: own,
    };
  });
}

/** What a report was made with. */
export interface ReportFacts {
  trust: Trust;
  trustView: TrustView;
  unknownFingerprints: string[];
  version: string;
  /** When the bytes were read. */
  read: bigint;
}

/** What every report says, whatever was verified. */
export function reportBase(facts: ReportFacts): Report {
  const { trust, trustView, unknownFingerprints, version, read } = facts;
  return {
    outcome: 'malformed',
    reason: '',
    made: read,
    judged: trust.now,
    viewerVersion: version,
    links: [],
    devices: [],
    contents: null,
    head: null,
    recordings: [],
    reexport: false,
    reexportReason: 'cannot_tell',
    isSealed: false,
    isUnlocked: false,
    unattestedBytes: 0,
    foreign: null,
    expectedHead: null,
    film: null,
    anchors: trustView.anchors,
    trust: trustView,
    unknownFingerprints,
  };
}
