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

/** Only failed evidence names a failure; the command line gives other reasons there too. A time belongs to a segment. */
function failureOf(outcome: string, failure: Failure | null): Members {
  if (outcome !== 'not_authentic' || failure === null) return {};
  const { segment, time } = failure;
  return { first_failure: segment === null ? { segment } : { segment, time: timeOf(time) } };
}

const roleOf = (signer: SignerReport): KitValue => roleNames[signer.role] ?? null;

/** Of broken evidence both count what is still good in their own ways; the specification says no more than that it counts. */
function coverageOf({ outcome, coverage, segments, header }: ContainerReport): Members {
  const gaps = coverage.gaps
    .filter((gap) => gap.reason !== 'none')
    .map((gap) => ({ from: timeOf(gap.from), to: timeOf(gap.to), reason: gap.reason.replace('_', ' ') }));
  if (outcome === 'not_authentic') return { gaps };
  return {
    first: timeOf(coverage.from),
    last: timeOf(coverage.to),
    closed: coverage.isClosed,
    segments_verified: segments.filter((one) => !one.isFaulty && (one.isAttested || header?.isSigned === false)).length,
    unattested_bytes: coverage.unattestedBytes,
    gaps,
  };
}

export function answerOfContainer(report: ContainerReport): Members {
  const { outcome, signer, time, access } = report;
  if (withoutVerdict(outcome)) return { verdict: outcome };
  const isBroken = outcome === 'not_authentic';
  return {
    verdict: outcome,
    ...failureOf(outcome, report.firstFailure),
    ...(signer === null ? {} : { identity: { verdict: signer.identity, role: roleOf(signer), signer: signer.subject, revocation: signer.revocation } }),
    coverage: coverageOf(report),
    time: {
      attested: timeOf(time.attestedAll),
      attested_segment: time.attested?.segment ?? null,
      attested_segment_time: timeOf(time.attested?.time ?? null),
      ...(isBroken ? {} : { stamps: time.stamps.length, stamps_valid: time.stamps.filter((one) => one.attests).length }),
    },
    ...(isBroken || outcome === 'undecryptable' ? {} : { access: { verdict: access.state, damaged_slots: access.damaged.length, officer_verdict: access.officer?.identity ?? null } }),
  };
}

/** Of a link that is a forgery nothing else is believed. */
function answerOfLink(link: LinkReport, kit: Members): Members {
  if (link.verdict === 'not_authentic') return { number: link.number, verdict: link.verdict };
  return {
    ...kit,
    offset: link.offset,
    ...(link.signer === null ? {} : { signed: timeOf(link.utc) }),
    ...(link.signer?.identity === 'trusted' ? { anchor: link.signer.authority } : {}),
    ...(link.attested !== null && link.token?.attests === true ? { authority: link.token.authority } : {}),
  };
}

function answerOfSource(source: SourceReport, kit: Members): Members {
  const { signer } = source;
  const { first_failure: _, ...rest } = kit;
  return {
    ...rest,
    ...(source.verdict === 'not_authentic' ? {} : { first: timeOf(source.firstUtc), last: timeOf(source.lastUtc) }),
    ...(signer === null ? {} : { role: roleOf(signer), signer: signer.subject, identity: signer.identity }),
    attested: timeOf(source.time.attestedAll),
    ...failureOf(source.verdict, source.firstFailure),
  };
}

/** Each entry of a list as `change` makes it from the kit's words. */
function listOf<One>(reports: readonly One[], list: KitValue | undefined, change: (one: One, kit: Members) => Members): KitValue {
  const entries = isMembers(list) && Array.isArray(list['list']) ? list['list'] : [];
  return { list: reports.map((one, i) => change(one, isMembers(entries[i]) ? entries[i] : {})) };
}

export function answerOfPackage(report: PackageReport): Members {
  if (withoutVerdict(report.outcome)) return { verdict: report.outcome };
  const { package_id: id, ...kit } = kitOfPackage(report) as Members;
  const isNamed = report.links[0] !== undefined && report.links[0].verdict !== 'not_authentic';
  return {
    ...kit,
    ...(isNamed && id !== undefined ? { package_id: id } : {}),
    links: report.links.length === 0 ? {} : listOf(report.links, kit['links'], answerOfLink),
    ...(report.sources === null ? {} : { sources: listOf(report.sources, kit['sources'], answerOfSource) }),
  };
}

/** Films of which the specification lets a verifier choose the sample that it names: two in one (E-PRF-4), two recordings (E-FLM-7). */
const freelyNamed = new Set(['bad-film-joined', 'bad-film-spliced']);

export function answerOfProof(report: ProofReport, name: string): Members {
  if (withoutVerdict(report.verdict)) return { verdict: report.verdict };
  const kit = kitOfProof(report) as Members;
  const said = Object.entries(kit).filter(([member, value]) => value !== null && !(member === 'failure' && freelyNamed.has(name)));
  return { ...Object.fromEntries(said), evidence: answerOfPackage(report.evidence) };
}

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

function isSame(mine: KitValue, theirs: KitValue | undefined): boolean {
  if (typeof mine === 'string' && typeof theirs === 'string' && timePattern.test(mine)) return Date.parse(mine) === Date.parse(theirs);
  return mine === theirs;
}

/** What one of them does not say at all is not compared. */
function walk(mine: KitValue, theirs: KitValue | undefined, where: string): string[] {
  if (theirs === undefined) return [];
  const say = (): string[] => [`${where}: viewer ${JSON.stringify(mine)}, C ${JSON.stringify(theirs)}`];
  if (Array.isArray(mine)) {
    if (!Array.isArray(theirs) || theirs.length !== mine.length) return say();
    return mine.flatMap((one, i) => walk(one, theirs[i], `${where}[${i}]`));
  }
  if (!isMembers(mine)) return isSame(mine, theirs) ? [] : say();
  if (!isMembers(theirs)) return say();
  return Object.entries(mine).flatMap(([name, value]) => walk(value, theirs[name], where === '' ? name : `${where}.${name}`));
}

/** What the kit says of a report wherever the specification settles it. */
const settled = new Set([
  'first_failure', 'kind', 'package_id', 'receipt', 'links', 'reexport', 'sources', 'contents', 'access', 'coverage', 'expected_head', 'number',
  'role', 'identity', 'signer', 'attested', 'note', 'head', 'first_segment', 'last_segment', 'from', 'to', 'removed_tracks', 'sequence',
  'container_id', 'presentation', 'film', 'jumps', 'samples', 'evidence',
]);

/** A report without what the kit leaves open: members that it names elsewhere and not here. */
function asFarAsSettled(mine: KitValue, expected: KitValue | undefined): KitValue {
  if (Array.isArray(mine)) return mine.map((one, i) => asFarAsSettled(one, Array.isArray(expected) ? expected[i] : undefined));
  if (!isMembers(mine) || !isMembers(expected)) return mine;
  const kept = Object.entries(mine).filter(([name]) => !settled.has(name) || expected[name] !== undefined);
  return Object.fromEntries(kept.map(([name, value]) => [name, asFarAsSettled(value, expected[name])]));
}

function settledOf(mine: Members, expected: Members, isContainer: boolean): KitValue {
  if (!isContainer) return Object.keys(expected).length === 1 ? { verdict: mine['verdict'] ?? null } : asFarAsSettled(mine, expected);
  const { first_failure: failure, ...rest } = mine;
  return failure === undefined || expected['first_failure'] === undefined ? rest : mine;
}

/**
 * Where both disagree; all that the viewer says is compared, but for what the kit leaves open. The command line
 * says of a container that cannot be used that it is not authentic, and by its status 4 that it is none; of
 * packages that it refuses to open it prints nothing.
 */
export function disagreements(mine: Members, theirs: KitValue, status: number, expected: Members, isContainer: boolean): string[] {
  const outcome = String(mine['verdict']);
  const wanted = withoutVerdict(outcome) ? 4 : outcome === 'authentic' ? 0 : 1;
  if (status !== wanted) return [`viewer ${outcome}, C ended with status ${status}`];
  if (withoutVerdict(outcome) || (theirs === null && outcome === 'not_authentic')) return [];
  return walk(settledOf(mine, expected, isContainer), theirs, '');
}
