/* SPDX-License-Identifier: Apache-2.0 */
import { hex } from '../src/bytes/octets.js';
import type { ProofReport } from '../src/package/proof.js';
import type { LinkReport, PackageReport, SourceReport } from '../src/package/report.js';
import { roleNames } from '../src/x509/roles.js';

/** A report in the words of the conformance kit. */
export type KitValue = null | boolean | number | string | KitValue[] | { [name: string]: KitValue };

export function timeOf(utc: bigint | null): string | null {
  if (utc === null) return null;
  const milliseconds = utc / 1_000_000n - (utc % 1_000_000n < 0n ? 1n : 0n);
  return new Date(Number(milliseconds)).toISOString();
}

function kitOfLink(link: LinkReport): KitValue {
  return {
    number: link.number,
    role: link.role === null ? null : (roleNames[link.role] ?? null),
    verdict: link.verdict,
    identity: link.signer?.identity ?? null,
    signer: link.signer?.subject ?? null,
    attested: timeOf(link.attested),
    note: link.note === '' ? null : link.note,
    reexport: link.reexport,
    time_contradicts: link.contradictions.length > 0,
    head: hex(link.head),
  };
}

function kitOfSource(source: SourceReport): KitValue {
  const failure = source.firstFailure;
  return {
    number: source.number,
    verdict: source.verdict,
    first_failure: failure === null ? null : { segment: failure.segment, time: timeOf(failure.time) },
    first_segment: source.firstSegment,
    last_segment: source.lastSegment,
    from: timeOf(source.period.from),
    to: timeOf(source.period.to),
    removed_tracks: source.removedTracks,
    ...(source.header === null ? {} : { sequence: Number(source.header.sequence), container_id: hex(source.header.containerId) }),
  };
}

export function kitOfPackage(report: PackageReport): KitValue {
  const { header, receipt, contents, sources, expectedHead } = report;
  return {
    verdict: report.outcome,
    kind: header?.isProof === true ? 'proof' : 'package',
    ...(header === null ? {} : { package_id: hex(header.id) }),
    ...(receipt === null ? {} : { receipt: hex(receipt) }),
    links: { list: report.links.map(kitOfLink) },
    reexport: report.reexport,
    ...(sources === null ? {} : { sources: { list: sources.map(kitOfSource) } }),
    ...(contents === null ? {} : { contents: { verdict: contents.verdict } }),
    access: report.access.state,
    coverage: { unattested_bytes: report.unattestedBytes },
    ...(expectedHead === null ? {} : { expected_head: expectedHead.found ? { found: true, links_since: expectedHead.linksSince } : { found: false } }),
  };
}

export function kitOfProof(report: ProofReport): KitValue {
  const { samples, jumps } = report;
  const failure = samples?.failure ?? null;
  return {
    verdict: report.verdict,
    presentation: report.presentation,
    film: report.isPicture || jumps === null ? null : 'plain',
    jumps: report.isPicture || jumps === null ? null : { count: jumps.count, first_from: timeOf(jumps.firstFrom), first_to: timeOf(jumps.firstTo) },
    ...(samples === null ? {} : { samples: { verdict: samples.verdict } }),
    failure: failure === null ? null : {
      track: failure.track, presentation_track: failure.presentationTrack, sample: failure.sample, segment: failure.segment, time: timeOf(failure.time),
    },
    evidence: kitOfPackage(report.evidence),
  };
}

const noVerdict: readonly KitValue[] = ['malformed', 'unsupported', 'not_authentic'];
const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

function isSameText(expected: KitValue, mine: KitValue): boolean {
  if (typeof expected === 'string' && typeof mine === 'string' && timePattern.test(expected)) return Date.parse(expected) === Date.parse(mine);
  return expected === mine;
}

/** Where a report differs from what the manifest expects; only members that the manifest has are compared. */
export function differences(expected: KitValue, mine: KitValue | undefined, where = ''): string[] {
  const say = (): string[] => [`${where} is ${JSON.stringify(mine)}, expected ${JSON.stringify(expected)}`];
  if (where === '/verdict' && (expected === 'malformed' || expected === 'unsupported')) return noVerdict.includes(mine ?? '') ? [] : say();
  if (expected === null || typeof expected !== 'object') return mine !== undefined && isSameText(expected, mine) ? [] : say();
  if (mine === null || mine === undefined || typeof mine !== 'object') return say();
  if (Array.isArray(expected)) {
    if (!Array.isArray(mine) || mine.length !== expected.length) return say();
    return expected.flatMap((item, i) => differences(item, mine[i], `${where}/${i}`));
  }
  if (Array.isArray(mine)) return say();
  return Object.entries(expected).flatMap(([name, value]) => differences(value, mine[name], `${where}/${name}`));
}
