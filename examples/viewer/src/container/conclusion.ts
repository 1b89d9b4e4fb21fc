/* SPDX-License-Identifier: Apache-2.0 */
import { reasonOf } from '../bytes/errors.js';
import { roles } from '../x509/roles.js';
import { type Standing, signerStanding, validWhenSigned } from '../x509/trust.js';
import { type OpenResult, openSlot } from './access.js';
import type { ChainedSegment } from './chain.js';
import { readDescription } from './description.js';
import type { EndRecord } from './end_record.js';
import { gapReasons } from './format.js';
import { type JudgedStamp, type SigningTime, type Trust, attestedTimes, judgeSigner, judgeStamps, revocationsOf } from './judgement.js';
import type { ContentKeys } from './keys.js';
import { type OpenedContainer, slotOwner } from './opening.js';
import {
  type AccessReport, type ContainerReport, type Coverage, type Failure, type GapReport, type SignerReport, type TimeReport,
  type Verdict, worst,
} from './report.js';
import { UndecryptableError, openAllSamples, secretsOf } from './samples.js';
import { readManifestOf } from './skim.js';
import type { Findings, VerifyOptions } from './verify.js';

export function emptyReport(): ContainerReport {
  return {
    outcome: 'malformed',
    reason: '',
    header: null,
    description: null,
    signer: null,
    firstFailure: null,
    failures: [],
    segments: [],
    head: null,
    coverage: { from: null, to: null, gaps: [], cutEnd: null, unattestedBytes: 0, isClosed: false, endReason: null },
    time: { stamps: [], attested: null, attestedAll: null },
    access: { state: 'clear', reason: '', damaged: [], officer: null },
  };
}

/** The failure that is named first: by segment, what stands behind the segments last. */
export function firstOf(failures: readonly Failure[]): Failure | null {
  const place = (failure: Failure): number => failure.segment ?? Number.MAX_SAFE_INTEGER;
  return failures.reduce<Failure | null>((first, one) => (first === null || place(one) < place(first) ? one : first), null);
}

export function signerReport(standing: Standing, role: number, judged: { identity: SignerReport['identity']; reason: string }): SignerReport {
  const anchor = standing.path?.[standing.path.length - 1];
  return {
    subject: standing.leaf.subjectText,
    issuer: standing.leaf.issuerText,
    fingerprint: standing.leaf.fingerprint,
    role,
    authority: anchor?.subjectText ?? null,
    revocation: standing.revocation,
    ...judged,
  };
}

/** Silence of more than this between segments is told, whatever its reason. */
const noticeableGap = 1_000_000n;

/** Time gaps between segments, which are signed and spoil nothing (C-VER-6). */
export function gapsOf(segments: readonly ChainedSegment[]): GapReport[] {
  const gaps: GapReport[] = [];
  let end: bigint | null = null;
  let next: number | null = null;
  for (const { number, firstUtc, lastUtc, gap } of segments) {
    const lost = next === null ? 0 : Math.max(0, number - next);
    if (end !== null && (gap !== 0 || lost > 0 || firstUtc > end + noticeableGap)) {
      gaps.push({ segment: number, from: end, to: firstUtc, reason: gapReasons[gap] ?? 'unspecified', lost });
    }
    end = end === null || lastUtc > end ? lastUtc : end;
    next = number + 1;
  }
  return gaps;
}

/** Segments that the end record counts and that do not stand behind the last one that holds. */
export function cutEndOf(end: EndRecord | null, counted: readonly ChainedSegment[]): Coverage['cutEnd'] {
  const last = counted[counted.length - 1];
  if (end === null || last === undefined) return null;
  const lost = end.segments - 1 - last.number;
  return lost > 0 && end.lastUtc > last.lastUtc ? { from: last.lastUtc, to: end.lastUtc, lost } : null;
}

function coverageOf(findings: Findings, counted: readonly ChainedSegment[]): Coverage {
  const { source, opened, tail } = findings;
  const last = counted[counted.length - 1];
  const attestedEnd = tail?.isClosed === true ? tail.attestedEnd : (last?.end ?? opened.firstRecord);
  return {
    from: counted[0]?.firstUtc ?? null,
    to: counted.reduce<bigint | null>((latest, one) => (latest === null || one.lastUtc > latest ? one.lastUtc : latest), null),
    gaps: gapsOf(counted),
    cutEnd: cutEndOf(tail?.end ?? null, counted),
    unattestedBytes: source.size - attestedEnd,
    isClosed: tail?.isClosed ?? false,
    endReason: tail?.end?.reason ?? null,
  };
}

function timeOf(stamps: JudgedStamp[], segments: readonly ChainedSegment[]): TimeReport {
  let attested: TimeReport['attested'] = null;
  let attestedAll: bigint | null = null;
  const times = attestedTimes(stamps);
  if (segments.length === 0) attestedAll = times.since(0);
  for (const segment of segments) {
    attestedAll = times.since(segment.number);
    if (attestedAll === null) break;
    attested = { segment: segment.number, time: attestedAll };
  }
  return { stamps, attested, attestedAll };
}

/** The times of signing in question: the header's, and those of the manifests (C-VER-4). */
export function signingTimes(createdUtc: bigint, segments: readonly ChainedSegment[], since: (segment: number) => bigint | null): SigningTime[] {
  const first = segments[0];
  const times: SigningTime[] = [{ claimed: createdUtc, attested: since(first === undefined ? 0 : first.number) }];
  for (const segment of segments) times.push({ claimed: segment.madeUtc, attested: since(segment.number) });
  return times;
}

/** An access change names no time: its officer is judged now, or by the last moment at which the certificate was valid (C-ACC-4). */
function officerTime({ leaf }: Standing, now: bigint): bigint {
  return leaf.notAfter < now && leaf.notBefore <= leaf.notAfter ? leaf.notAfter : now;
}

async function officerReport(opened: OpenedContainer, trust: Trust): Promise<SignerReport | null> {
  const chain = opened.slot?.officer ?? null;
  if (chain === null) return null;
  const standing = await signerStanding(chain, roles.officer, trust.anchors, revocationsOf(trust), trust.now);
  const at = officerTime(standing, trust.now);
  const identity = validWhenSigned(standing, at, at);
  return signerReport(standing, roles.officer, { identity, reason: standing.reason });
}

/** Segments whose samples are opened at the same time. */
const segmentsAtOnce = 4;

async function openEverything(findings: Findings, keys: ContentKeys, counted: readonly ChainedSegment[], report: ContainerReport): Promise<void> {
  const { opened, source } = findings;
  const { header } = opened;
  if (header.sealedDescription !== null) {
    const texts = await keys.openDescription(header.sealedDescription);
    if (texts === null) throw new UndecryptableError(0, 0, 'the description does not open');
    report.description = readDescription(texts);
  }
  const secrets = secretsOf(keys);
  for (const { number } of counted) {
    const reason = findings.opening.get(number) ?? null;
    if (reason !== null) throw new UndecryptableError(number, 0, reason);
  }
  const segments = counted.filter((segment) => segment.hasMedia && !findings.opening.has(segment.number));
  for (let i = 0; i < segments.length; i += segmentsAtOnce) {
    await Promise.all(
      segments.slice(i, i + segmentsAtOnce).map(async (segment) => {
        const manifest = await readManifestOf(opened, source, segment);
        await openAllSamples(opened, source, segment, manifest, secrets);
      }),
    );
  }
}

async function accessReport(findings: Findings, counted: readonly ChainedSegment[], report: ContainerReport, options: VerifyOptions): Promise<AccessReport> {
  const { opened } = findings;
  const { header } = opened;
  const damaged = opened.slots.flatMap((slot) => (slot.state === 'damaged' ? [slot.reason] : []));
  const officer = await officerReport(opened, options.trust);
  const result = (state: AccessReport['state'], reason = ''): AccessReport => ({ state, reason, damaged, officer });
  if (header.keys === null) return result('clear');
  if (options.credentials === undefined && options.keys === undefined) return result('not_tried');
  const access: OpenResult =
    options.keys === undefined
      ? await openSlot(opened.slot, options.credentials ?? {}, slotOwner(header), header.keys.check)
      : { state: 'opened', keys: options.keys };
  if (access.state === 'wrong_key') return result('wrong_key', access.reason);
  try {
    await openEverything(findings, access.keys, counted, report);
  } catch (error) {
    if (error instanceof UndecryptableError) return result('failed', reasonOf(error));
    throw error;
  }
  return result('opened');
}

function verdictOf(report: ContainerReport, isWhole: boolean): Verdict {
  const parts: Verdict[] = [];
  if (report.failures.length > 0) parts.push('not_authentic');
  if (report.access.state === 'wrong_key' || report.access.state === 'failed') parts.push('undecryptable');
  if (report.signer?.identity !== 'trusted') parts.push('untrusted');
  if (!isWhole || report.access.damaged.length > 0) parts.push('incomplete');
  return worst(...parts);
}

/**
 * Identity, time, access and verdict of what a walk found. `isCovered` tells of a range whether it is
 * wholly there; without it the whole container is in question.
 */
export async function conclude(findings: Findings, options: VerifyOptions, isCovered?: boolean): Promise<ContainerReport> {
  const { opened, chain, tail } = findings;
  const { header } = opened;
  const { trust } = options;
  const report = emptyReport();
  const isRange = isCovered !== undefined;
  const counted = chain.segments.filter(
    (segment) => !segment.isFaulty && (segment.isAttested || !header.isSigned) && (segment.hasMedia || !isRange),
  );
  report.header = header;
  report.description = header.description;
  report.segments = chain.segments;
  report.failures = findings.failures;
  report.firstFailure = firstOf(findings.failures);
  report.reason = report.firstFailure?.reason ?? '';
  report.head = counted[counted.length - 1]?.hash ?? null;
  report.coverage = coverageOf(findings, counted);
  if (isRange) report.coverage.unattestedBytes = 0;
  const stamps = await judgeStamps(chain.stamps, trust);
  report.time = timeOf(stamps, counted);
  if (header.isSigned) {
    const standing = await signerStanding(header.chain, header.prefix.role as 1 | 2, trust.anchors, revocationsOf(trust), trust.now);
    const since = attestedTimes(stamps);
    const times = signingTimes(header.createdUtc, counted, (segment) => since.since(segment));
    report.signer = signerReport(standing, header.prefix.role, judgeSigner(standing, times, trust));
  }
  report.access = await accessReport(findings, counted, report, options);
  const isWhole = isRange ? isCovered : tail?.isClosed === true && report.coverage.unattestedBytes === 0;
  report.outcome = verdictOf(report, isWhole);
  return report;
}
