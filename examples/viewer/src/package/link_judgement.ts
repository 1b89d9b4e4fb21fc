/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError, reasonOf } from '../bytes/errors.js';
import { equal, type Octets } from '../bytes/octets.js';
import type { StampRecord } from '../container/chain.js';
import { signerReport } from '../container/conclusion.js';
import { type JudgedStamp, type Trust, judgeSigner, judgeStamps, revocationsOf } from '../container/judgement.js';
import type { Verdict } from '../container/report.js';
import type { Role } from '../x509/roles.js';
import { clockTolerance, signerStanding } from '../x509/trust.js';
import { policyBit } from './format.js';
import type { PackageHeader } from './header.js';
import { type Link, type LinkPlaces, type RawLink, checkLink, imprintOf } from './links.js';
import type { ExpectedHead, LinkReport } from './report.js';

/** A link, and what is wrong with it where something is. */
export interface CheckedLink {
  raw: RawLink;
  link: Link | null;
  reason: string;
}

/**
 * Checks all links, one after the other; whatever stands behind one that is not authentic is not authentic
 * either (E-VER-2). Throws UnsupportedError where link 0 needs what is not known here.
 */
export async function checkLinks(places: LinkPlaces, header: PackageHeader, slotHash: Octets): Promise<CheckedLink[]> {
  const checked: CheckedLink[] = [];
  for (const [number, raw] of places.links.entries()) {
    const last = checked[checked.length - 1];
    if (last !== undefined && last.link === null) {
      checked.push({ raw, link: null, reason: 'a link before it is not authentic' });
      continue;
    }
    const before = last === undefined ? null : { raw: last.raw, link: last.link as Link };
    try {
      checked.push({ raw, link: await checkLink(raw, { header, number, before, slotHash }), reason: '' });
    } catch (error) {
      const isUnsupportedFile = number === 0 && error instanceof FormatError && error.name === 'UnsupportedError';
      if (!(error instanceof FormatError) || isUnsupportedFile) throw error;
      checked.push({ raw, link: null, reason: reasonOf(error) });
    }
  }
  return checked;
}

/** Which tokens of links attest something; a later one renews those before it (E-VER-5). By the offsets of their links. */
export async function judgeTokens(links: readonly CheckedLink[], trust: Trust): Promise<Map<number, JudgedStamp>> {
  const records: StampRecord[] = [];
  for (const { raw, link } of links) {
    if (link === null || raw.token.length === 0) continue;
    const imprint = await imprintOf(raw);
    records.push({ kind: 'trailer', offset: raw.offset, holder: null, segment: null, imprint, token: raw.token, isCompared: true });
  }
  const judged = await judgeStamps(records, trust);
  return new Map(judged.map((stamp) => [stamp.record.offset, stamp]));
}

/** Times at which, by tokens of links, everything before existed. */
export function attestedByLinks(tokens: ReadonlyMap<number, JudgedStamp>): bigint[] {
  return [...tokens.values()].flatMap((stamp) => (stamp.attests && stamp.genTime !== null ? [stamp.genTime] : []));
}

interface Attestation {
  time: bigint;
  link: number;
  authority: string | null;
}

function earliestFrom(links: readonly CheckedLink[], from: number, tokens: ReadonlyMap<number, JudgedStamp>): Attestation | null {
  let earliest: Attestation | null = null;
  for (const [number, { raw }] of links.entries()) {
    const stamp = tokens.get(raw.offset);
    if (number < from || stamp?.attests !== true || stamp.genTime === null) continue;
    if (earliest === null || stamp.genTime < earliest.time) earliest = { time: stamp.genTime, link: number, authority: stamp.authority };
  }
  return earliest;
}

function forged(number: number, { raw, reason }: CheckedLink): LinkReport {
  return {
    number, offset: raw.offset, role: null, verdict: 'not_authentic', reason, isVerified: false, signer: null, utc: null, attested: null,
    attestedBy: null, token: null, note: '', reexport: null, head: raw.head, contradictions: [],
  };
}

function contradictionsOf(link: Link, before: Link | null, token: JudgedStamp | null): string[] {
  const found: string[] = [];
  if (before !== null && link.utc < before.utc - clockTolerance) found.push('it claims to be signed before the link before it');
  if (token?.attests === true && token.genTime !== null && token.genTime < link.utc - clockTolerance) {
    found.push('its time stamp is older than it claims to be');
  }
  return found;
}

async function judgeLink(number: number, links: readonly CheckedLink[], tokens: ReadonlyMap<number, JudgedStamp>, trust: Trust): Promise<LinkReport> {
  const checked = links[number] as CheckedLink;
  const { raw, link } = checked;
  if (link === null) return forged(number, checked);
  const earliest = earliestFrom(links, number, tokens);
  const attested = earliest?.time ?? null;
  const token = tokens.get(raw.offset) ?? null;
  const report = {
    number, offset: raw.offset, role: link.prefix.role, isVerified: link.isVerified, utc: link.utc, attested,
    attestedBy: earliest === null ? null : { link: earliest.link, authority: earliest.authority }, token, note: link.note,
    reexport: (link.policy & policyBit.noReexport) === 0, head: raw.head,
    contradictions: contradictionsOf(link, links[number - 1]?.link ?? null, token),
  };
  if (!link.isVerified) {
    return { ...report, verdict: 'untrusted', reason: `signature algorithm ${link.prefix.algorithm} is not known`, signer: null };
  }
  const standing = await signerStanding(link.chain, link.prefix.role as Role, trust.anchors, revocationsOf(trust), trust.now);
  const judged = judgeSigner(standing, [{ claimed: link.utc, attested }], trust);
  const verdict: Verdict = judged.identity === 'trusted' ? 'authentic' : 'untrusted';
  return { ...report, verdict, reason: judged.reason, signer: signerReport(standing, link.prefix.role, judged) };
}

/** Whose links they are, trusted for what, and since when they exist. */
export async function judgeLinks(links: readonly CheckedLink[], tokens: ReadonlyMap<number, JudgedStamp>, trust: Trust): Promise<LinkReport[]> {
  const reports: LinkReport[] = [];
  for (const number of links.keys()) reports.push(await judgeLink(number, links, tokens, trust));
  return reports;
}

/** Says of link 0 whether it claims to be older than what it signs (E-VER-11). */
export function compareWithMedia(first: LinkReport, lastUtc: bigint | null): void {
  if (first.utc === null || lastUtc === null || first.utc >= lastUtc - clockTolerance) return;
  first.contradictions.push('it claims to be signed before the last recording that it holds');
}

/** Looks for a head that somebody knows from elsewhere (E-VER-8). */
export function findHead(expected: Uint8Array, links: readonly LinkReport[]): ExpectedHead {
  const at = links.findIndex((link) => equal(link.head, expected));
  const isForged = links[at]?.verdict === 'not_authentic';
  return at < 0 ? { found: false, linksSince: null, isForged } : { found: true, linksSince: links.length - 1 - at, isForged };
}
