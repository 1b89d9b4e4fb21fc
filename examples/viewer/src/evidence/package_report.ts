/* SPDX-License-Identifier: Apache-2.0 */
import { hex } from '../bytes/octets.js';
import type { PackageReport, SourceReport } from '../package/report.js';
import { gapViews } from './gaps.js';
import type { Device, Part, PartReport, ReexportReason, Report } from './model.js';
import { type ReportFacts, deviceReports, failureView, failureViews, linkView, reportBase, signerView, statesOf } from './report_views.js';

export interface PackageFacts extends ReportFacts {
  reexport: ReexportReason;
  parts: readonly Part[];
  devices: readonly Device[];
  /** Is the body of the segment sealed, and was not opened? */
  isClosed(part: number, row: number): boolean;
}

function partReport(source: SourceReport, part: Part, facts: PackageFacts): PartReport {
  const { number, failures, coverage } = source;
  const isSigned = source.header?.isSigned === true;
  const hasFailures = failures.length > 0;
  const states = statesOf(part.segments, {
    segments: source.segments,
    failures,
    isSigned,
    isTrusted: source.signer?.identity === 'trusted',
    isForged: source.header === null,
    isClosed: (row) => facts.isClosed(number, row),
  });
  return {
    part: number,
    verdict: source.verdict,
    reason: source.reason,
    isSigned,
    isAltered: source.verdict === 'not_authentic',
    signer: signerView(source.signer),
    firstFailure: source.firstFailure === null ? null : failureView(number, source.firstFailure),
    failures: failureViews(number, failures),
    failureCount: failures.length,
    gaps: gapViews({ part: number, coverage, segments: source.segments, table: part.segments, states, hasFailures, cutEnd: coverage.cutEnd }),
    states,
    segmentsVerified: source.segments.filter((one) => one.hasMedia && !one.isFaulty).length,
    firstSegment: source.firstSegment,
    lastSegment: source.lastSegment,
    firstUtc: source.firstUtc,
    lastUtc: source.lastUtc,
    notCovered: source.notCovered,
    isClosed: coverage.isClosed,
    attested: source.time.attestedAll,
    head: null,
  };
}

/**
 * Recordings whose containers contradict each other (E-VER-3): which of them lies cannot be seen, whatever
 * the verdict of each.
 */
function contradicted(sources: readonly SourceReport[]): ReadonlySet<string> {
  const wrong = sources.filter(({ failures }) => failures.some((one) => one.rule === 'E-VER-3'));
  return new Set(wrong.flatMap(({ header }) => (header === null ? [] : [hex(header.recordingId)])));
}

/** The report of a package, as the page shows it. */
export function packageReport(found: PackageReport, facts: PackageFacts): Report {
  const parts = (found.sources ?? []).flatMap((source) => {
    const part = facts.parts[source.number];
    return part === undefined ? [] : [partReport(source, part, facts)];
  });
  const recordings = contradicted(found.sources ?? []);
  for (const part of parts) {
    const header = found.sources?.find((source) => source.number === part.part)?.header ?? null;
    if (header !== null && recordings.has(hex(header.recordingId))) part.isAltered = true;
  }
  const { contents, expectedHead, header } = found;
  return {
    ...reportBase(facts),
    outcome: found.outcome,
    reason: found.reason,
    links: found.links.map(linkView),
    devices: found.sources === null ? [] : deviceReports(facts.devices, parts),
    contents: contents === null ? null : {
      verdict: contents.verdict,
      reason: contents.reason,
      attachments: contents.attachments.map(({ number, verdict, reason }) => ({ number, verdict, reason })),
    },
    head: found.receipt === null ? null : hex(found.receipt),
    reexport: facts.reexport === 'allowed',
    reexportReason: facts.reexport,
    isSealed: header?.isSealed === true,
    unattestedBytes: found.unattestedBytes,
    foreign: found.foreign,
    expectedHead: expectedHead === null ? null : {
      found: expectedHead.found && !expectedHead.isForged,
      linksSince: expectedHead.linksSince,
      isNewest: expectedHead.linksSince === 0 && !expectedHead.isForged,
      part: null,
    },
  };
}
