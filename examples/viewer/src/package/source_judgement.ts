/* SPDX-License-Identifier: Apache-2.0 */
import type { ChainedSegment } from '../container/chain.js';
import { firstOf, signerReport, signingTimes } from '../container/conclusion.js';
import { type JudgedStamp, type Trust, type AttestedTimes, attestedTimes, judgeSigner, judgeStamps, revocationsOf } from '../container/judgement.js';
import { type Failure, type SignerReport, type TimeReport, type Verdict, worst } from '../container/report.js';
import type { Role } from '../x509/roles.js';
import { signerStanding } from '../x509/trust.js';
import { countedOf, coverageOf, whyNotCovered } from './coverage.js';
import type { JointFinding } from './recordings.js';
import type { SourceReport } from './report.js';
import type { SourceFindings } from './source_walk.js';

function timeOf(stamps: JudgedStamp[], times: AttestedTimes, segments: readonly ChainedSegment[]): TimeReport {
  let attested: TimeReport['attested'] = null;
  let attestedAll: bigint | null = segments.length === 0 ? times.since(0) : null;
  for (const segment of segments) {
    attestedAll = times.since(segment.number);
    if (attestedAll === null) break;
    attested = { segment: segment.number, time: attestedAll };
  }
  return { stamps, attested, attestedAll };
}

async function signerOf(found: SourceFindings, counted: readonly ChainedSegment[], times: AttestedTimes, trust: Trust): Promise<SignerReport | null> {
  const header = found.opened?.header;
  if (header === undefined || !header.isSigned) return null;
  const { role } = header.prefix;
  const standing = await signerStanding(header.chain, role as Role, trust.anchors, revocationsOf(trust), trust.now);
  const signing = signingTimes(header.createdUtc, counted, (segment) => times.since(segment));
  return signerReport(standing, role, judgeSigner(standing, signing, trust));
}

function verdictOf(found: SourceFindings, signer: SignerReport | null, notCovered: string): Verdict {
  const parts: Verdict[] = [];
  if (found.failures.length > 0) parts.push('not_authentic');
  if (found.undecryptable !== null) parts.push('undecryptable');
  if (found.opened !== null && signer?.identity !== 'trusted') parts.push('untrusted');
  if (notCovered !== '' || found.closedBodies > 0 || found.unsupported !== null) parts.push('incomplete');
  return worst(...parts);
}

function failureOf(reason: string): Failure {
  return { segment: null, time: null, offset: -1, rule: 'E-VER-3', reason: `${reason} (E-VER-3)` };
}

/** Identity, time, coverage and verdict of a source; `outer` are attested times that tokens of links give. */
export async function judgeSource(found: SourceFindings, joint: JointFinding, trust: Trust, outer: readonly bigint[]): Promise<SourceReport> {
  const { place, info, opened, chain, failures } = found;
  const contradiction = joint.contradiction === null ? null : failureOf(joint.contradiction);
  // A source may be judged more than once, with other trust.
  if (contradiction !== null && !failures.some((one) => one.reason === contradiction.reason)) failures.push(contradiction);
  const notCovered = found.unsupported ?? (whyNotCovered(found, joint.isContinued) || (joint.missing ?? ''));
  const counted = countedOf(found);
  const stamps = await judgeStamps(chain?.stamps ?? [], trust, outer);
  const times = attestedTimes(stamps, outer);
  const signer = await signerOf(found, counted, times, trust);
  const firstFailure = firstOf(failures);
  // Of a source whose header cannot be used, nothing is said about its segments.
  const isKnown = opened !== null;
  const closed = found.closedBodies > 0 ? 'sealed bodies were not opened' : '';
  return {
    number: place.number,
    verdict: verdictOf(found, signer, notCovered),
    reason: firstFailure?.reason ?? found.undecryptable ?? (signer?.reason || notCovered || closed),
    header: opened?.header ?? null,
    description: opened?.header.description ?? null,
    signer,
    firstFailure,
    failures,
    segments: chain?.segments ?? [],
    firstSegment: isKnown ? (place.firstSegment?.number ?? null) : null,
    lastSegment: isKnown ? (place.lastSegment?.number ?? null) : null,
    firstUtc: isKnown ? (place.firstSegment?.firstUtc ?? null) : null,
    lastUtc: isKnown ? place.latestUtc : null,
    period: info?.period ?? { from: null, to: null },
    removedTracks: [...(info?.removed ?? [])],
    coverage: coverageOf(found, counted),
    notCovered,
    closedBodies: found.closedBodies,
    time: timeOf(stamps, times, counted),
  };
}
