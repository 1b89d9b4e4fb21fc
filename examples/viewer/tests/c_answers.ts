/* SPDX-License-Identifier: Apache-2.0 */
/* The viewer's reports in the words that the C command line prints as JSON. */
import type { ContainerReport, Failure, SignerReport } from '../src/container/report.js';
import type { ProofReport } from '../src/package/proof.js';
import type { LinkReport, PackageReport, SourceReport } from '../src/package/report.js';
import { roleNames } from '../src/x509/roles.js';
import { type KitValue, kitOfPackage, kitOfProof, timeOf } from './kit_report.js';

export type Members = { [name: string]: KitValue };

function isMembers(value: KitValue | undefined): value is Members {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** A verdict of a part, or that there is none at all: then nothing else is compared. */
const withoutVerdict = (outcome: string): boolean => outcome === 'malformed' || outcome === 'unsupported';

function failureOf(failure: Failure | null): KitValue {
  return failure === null ? null : { segment: failure.segment, time: timeOf(failure.time), offset: failure.offset };
}

const roleOf = (signer: SignerReport): KitValue => roleNames[signer.role] ?? null;

export function answerOfContainer(report: ContainerReport): Members {
  if (withoutVerdict(report.outcome)) return { verdict: report.outcome };
  const { signer, coverage, time, access } = report;
  return {
    verdict: report.outcome,
    first_failure: failureOf(report.firstFailure),
    ...(signer === null ? {} : { identity: { verdict: signer.identity, role: roleOf(signer), signer: signer.subject, revocation: signer.revocation } }),
    coverage: {
      first: timeOf(coverage.from),
      last: timeOf(coverage.to),
      closed: coverage.isClosed,
      segments_verified: report.segments.filter((one) => !one.isFaulty && (one.isAttested || report.header?.isSigned === false)).length,
      unattested_bytes: coverage.unattestedBytes,
      gaps: coverage.gaps.map((gap) => ({ from: timeOf(gap.from), to: timeOf(gap.to), reason: gap.reason.replace('_', ' ') })),
    },
    time: {
      attested: timeOf(time.attestedAll),
      attested_segment: time.attested?.segment ?? null,
      attested_segment_time: timeOf(time.attested?.time ?? null),
      stamps: time.stamps.length,
      stamps_valid: time.stamps.filter((one) => one.attests).length,
    },
    access: { verdict: access.state, damaged_slots: access.damaged.length, officer_verdict: access.officer?.identity ?? null },
  };
}

function moreOfLink(link: LinkReport): Members {
  return {
    offset: link.offset,
    ...(link.signer === null ? {} : { anchor: link.signer.authority, signed: timeOf(link.utc), authority: link.attested === null ? null : (link.token?.authority ?? null) }),
  };
}

function moreOfSource(source: SourceReport): Members {
  const { signer } = source;
  return {
    first: timeOf(source.firstUtc),
    last: timeOf(source.lastUtc),
    ...(signer === null ? {} : { role: roleOf(signer), signer: signer.subject, identity: signer.identity }),
    attested: timeOf(source.time.attestedAll),
    first_failure: failureOf(source.firstFailure),
  };
}

function merged(list: KitValue | undefined, more: readonly Members[]): KitValue {
  if (!isMembers(list) || !Array.isArray(list['list'])) return list ?? null;
  return { ...list, list: list['list'].map((one, i) => (isMembers(one) ? { ...one, ...more[i] } : one)) };
}

export function answerOfPackage(report: PackageReport): Members {
  if (withoutVerdict(report.outcome)) return { verdict: report.outcome };
  const kit = kitOfPackage(report) as Members;
  return {
    ...kit,
    links: merged(kit['links'], report.links.map(moreOfLink)),
    ...(report.sources === null ? {} : { sources: merged(kit['sources'], report.sources.map(moreOfSource)) }),
  };
}

export function answerOfProof(report: ProofReport): Members {
  if (withoutVerdict(report.verdict)) return { verdict: report.verdict };
  return { ...(kitOfProof(report) as Members), evidence: answerOfPackage(report.evidence) };
}

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

function isSame(mine: KitValue, theirs: KitValue | undefined): boolean {
  if (typeof mine === 'string' && typeof theirs === 'string' && timePattern.test(mine)) return Date.parse(mine) === Date.parse(theirs);
  return mine === theirs;
}

function walk(mine: KitValue, theirs: KitValue | undefined, where: string): string[] {
  const say = (): string[] => [`${where}: viewer ${JSON.stringify(mine)}, C ${JSON.stringify(theirs)}`];
  if (Array.isArray(mine)) {
    if (!Array.isArray(theirs) || theirs.length !== mine.length) return say();
    return mine.flatMap((one, i) => walk(one, theirs[i], `${where}[${i}]`));
  }
  if (!isMembers(mine)) return isSame(mine, theirs) ? [] : say();
  if (!isMembers(theirs)) return say();
  return Object.entries(mine).flatMap(([name, value]) => walk(value, theirs[name], where === '' ? name : `${where}.${name}`));
}

/**
 * Where both disagree; all that the viewer says is compared. The command line says of a container that cannot
 * be used that it is not authentic, and by its status 4 that it is none; of a package it prints nothing then.
 */
export function disagreements(mine: Members, theirs: KitValue, status: number): string[] {
  const outcome = String(mine['verdict']);
  const expected = withoutVerdict(outcome) ? 4 : outcome === 'authentic' ? 0 : 1;
  if (status !== expected) return [`viewer ${outcome}, C ended with status ${status}`];
  return withoutVerdict(outcome) ? [] : walk(mine, theirs, '');
}
