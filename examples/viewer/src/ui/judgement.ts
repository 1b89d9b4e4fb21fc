/* SPDX-License-Identifier: Apache-2.0 */
/* What a report means for somebody who is no engineer. No texts here: see texts/. */
import type { Outcome } from '../container/report.js';
import {
  type DeviceReport,
  type Evidence,
  type FailureView,
  type LinkView,
  type PartReport,
  type Report,
  type SegmentState,
  type SignerView,
  type Utc,
  segmentState,
} from '../evidence/model.js';
import type { Identity } from '../x509/trust.js';

/** What the one big sentence says. */
export type Standing =
  | 'running'
  | 'cancelled'
  | 'authentic'
  /** Intact, but no authority is known that vouches for a signer. */
  | 'unknown'
  /** Intact, but the signer must not be trusted, for a reason that is known. */
  | 'untrusted'
  | 'incomplete'
  | 'undecryptable'
  | 'altered'
  /** Nothing is wrong in it, but it is not the file of the receipt. */
  | 'receipt'
  | 'malformed'
  | 'unsupported';

/** How something is shown; never by colour alone. */
export type Tone = 'good' | 'unknown' | 'partial' | 'bad' | 'closed' | 'idle';

export function toneOf(standing: Standing | Outcome): Tone {
  switch (standing) {
    case 'authentic':
      return 'good';
    case 'unknown':
    case 'untrusted':
      return 'unknown';
    case 'incomplete':
      return 'partial';
    case 'altered':
    case 'not_authentic':
    case 'receipt':
      return 'bad';
    case 'undecryptable':
    case 'malformed':
    case 'unsupported':
      return 'closed';
    case 'running':
    case 'cancelled':
      return 'idle';
  }
}

const nobodyKnown: readonly Identity[] = ['no_anchor', 'unknown_issuer'];

export function signersOf(report: Report): SignerView[] {
  const found: SignerView[] = [];
  for (const link of report.links) if (link.signer !== null) found.push(link.signer);
  for (const device of report.devices) {
    for (const part of device.parts) if (part.signer !== null) found.push(part.signer);
  }
  return found;
}

/** Signers that are not trusted, each once for each reason. */
export function doubtfulSigners(report: Report): SignerView[] {
  const seen = new Set<string>();
  return signersOf(report).filter((signer) => {
    const key = `${signer.fingerprint} ${signer.identity}`;
    if (signer.identity === 'trusted' || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function isAlteredInside(report: Report): boolean {
  const verdicts: (Outcome | undefined)[] = [
    ...report.links.map((link) => link.verdict),
    ...report.devices.map((device) => device.verdict),
    report.contents?.verdict,
    report.film?.samples,
    report.film?.presentation,
  ];
  return verdicts.includes('not_authentic') || report.foreign !== null;
}

export function standingOf(report: Report): Standing {
  switch (report.outcome) {
    case 'not_authentic':
      return report.expectedHead?.found === false && !isAlteredInside(report) ? 'receipt' : 'altered';
    case 'untrusted': {
      const doubtful = doubtfulSigners(report);
      return doubtful.some((signer) => !nobodyKnown.includes(signer.identity)) || doubtful.length === 0 ? 'untrusted' : 'unknown';
    }
    default:
      return report.outcome;
  }
}

/** The earliest failure of all devices; null where none has a place in a recording. */
export function firstFailure(report: Report): { device: DeviceReport; failure: FailureView } | null {
  let first: { device: DeviceReport; failure: FailureView } | null = null;
  for (const device of report.devices) {
    const failure = device.firstFailure;
    if (failure === null) continue;
    const time = first?.failure.time ?? null;
    if (first === null || (failure.time !== null && (time === null || failure.time < time))) first = { device, failure };
  }
  return first;
}

export function brokenLink(report: Report): LinkView | null {
  return report.links.find((link) => link.verdict === 'not_authentic') ?? null;
}

/** One fact under the big sentence. */
export type Statement =
  | { kind: 'since'; device: number; time: Utc | null; segment: number | null }
  | { kind: 'failures'; device: number; count: number }
  | { kind: 'link_broken'; link: number }
  | { kind: 'contents_broken' }
  | { kind: 'film_samples' }
  | { kind: 'film_presentation' }
  | { kind: 'foreign'; bytes: number }
  | { kind: 'receipt_missing' }
  | { kind: 'receipt_found'; linksSince: number | null }
  | { kind: 'signers'; identity: Identity; signers: { subject: string; role: number }[] }
  | { kind: 'unsigned'; device: number }
  | { kind: 'not_covered'; device: number }
  | { kind: 'open'; device: number }
  | { kind: 'closed' }
  | { kind: 'key_fails' }
  | { kind: 'unattested'; bytes: number }
  | { kind: 'unreadable'; device: number }
  | { kind: 'all_hold'; devices: number; links: number }
  | { kind: 'still_holds'; devices: number[] }
  | { kind: 'contradictions' };

function ofDevice(device: DeviceReport): Statement[] {
  const result: Statement[] = [];
  const some = (test: (part: PartReport) => boolean): boolean => device.parts.some(test);
  const failures = device.parts.reduce((sum, part) => sum + part.failureCount, 0);
  if (device.verdict === 'not_authentic') {
    const first = device.firstFailure;
    result.push({ kind: 'since', device: device.device, time: first?.time ?? null, segment: first?.segment ?? null });
    if (failures > 0) result.push({ kind: 'failures', device: device.device, count: failures });
  }
  if (some((part) => part.signer === null && part.verdict === 'untrusted')) result.push({ kind: 'unsigned', device: device.device });
  if (some((part) => part.notCovered !== '')) result.push({ kind: 'not_covered', device: device.device });
  else if (some((part) => !part.isClosed && part.verdict === 'incomplete' && !hasClosedSegments(part))) {
    result.push({ kind: 'open', device: device.device });
  }
  if (device.verdict === 'malformed' || device.verdict === 'unsupported') result.push({ kind: 'unreadable', device: device.device });
  return result;
}

function hasClosedSegments(part: PartReport): boolean {
  return part.states.includes(segmentState.closed);
}

function ofWhole(report: Report): Statement[] {
  const result: Statement[] = [];
  const broken = brokenLink(report);
  if (broken !== null) result.push({ kind: 'link_broken', link: broken.number });
  if (report.contents?.verdict === 'not_authentic') result.push({ kind: 'contents_broken' });
  if (report.film?.samples === 'not_authentic') result.push({ kind: 'film_samples' });
  else if (report.film !== null && report.film.presentation !== 'authentic') result.push({ kind: 'film_presentation' });
  if (report.foreign !== null) result.push({ kind: 'foreign', bytes: report.unattestedBytes });
  if (report.expectedHead?.found === false) result.push({ kind: 'receipt_missing' });
  return result;
}

/** What the sentence rests on, the gravest first. */
export function statementsOf(report: Report): Statement[] {
  const result = [...ofWhole(report), ...report.devices.flatMap(ofDevice)];
  if (report.outcome === 'not_authentic' && brokenLink(report) === null && report.foreign === null) {
    const devices = report.devices.filter((device) => device.verdict === 'authentic').map((device) => device.device);
    if (devices.length > 0 && devices.length < report.devices.length) result.push({ kind: 'still_holds', devices });
  }
  if (report.outcome === 'undecryptable') result.push({ kind: 'key_fails' });
  const byIdentity = new Map<Identity, { subject: string; role: number }[]>();
  for (const { identity, subject, role } of doubtfulSigners(report)) {
    byIdentity.set(identity, [...(byIdentity.get(identity) ?? []), { subject, role }]);
  }
  for (const [identity, signers] of byIdentity) result.push({ kind: 'signers', identity, signers });
  if (report.foreign === null && report.unattestedBytes > 0) result.push({ kind: 'unattested', bytes: report.unattestedBytes });
  if (report.isSealed && !report.isUnlocked) result.push({ kind: 'closed' });
  if (report.expectedHead?.found === true) result.push({ kind: 'receipt_found', linksSince: report.expectedHead.linksSince });
  if (report.links.some((link) => link.contradictions.length > 0)) result.push({ kind: 'contradictions' });
  if (standingOf(report) === 'authentic') {
    result.unshift({ kind: 'all_hold', devices: report.devices.length, links: report.links.length });
  }
  return result;
}

/** What may be said of a picture while it is shown. */
export type PictureStanding = 'unchecked' | 'authentic' | 'untrusted' | 'failed' | 'unattested' | 'closed' | 'package_fails';

const names = ['unchecked', 'authentic', 'untrusted', 'failed', 'unattested', 'closed'] as const;

export function stateName(state: number): (typeof names)[number] {
  return names[state] ?? 'failed';
}

/** What is wrong with the package as a whole keeps every picture of it from being called authentic. */
export function pictureStanding(report: Report | null, state: SegmentState): PictureStanding {
  if (report === null) return 'unchecked';
  const name = stateName(state);
  if (name !== 'authentic') return name;
  return brokenLink(report) !== null || report.foreign !== null || standingOf(report) === 'receipt' ? 'package_fails' : name;
}

export function partReport(report: Report | null, part: number): PartReport | null {
  if (report === null) return null;
  for (const device of report.devices) {
    const found = device.parts.find((one) => one.part === part);
    if (found !== undefined) return found;
  }
  return null;
}

/** The last segment that begins at or before a moment; null where none does. */
export function segmentAt(first: BigInt64Array, moment: Utc): number | null {
  let low = 0;
  let high = first.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((first[middle] ?? 0n) <= moment) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : low - 1;
}

/** State of what a device shows at a moment; null where nothing was recorded. */
export function stateAt(evidence: Evidence, report: Report | null, device: number, moment: Utc): SegmentState | null {
  let best: SegmentState | null = null;
  for (const index of evidence.devices[device]?.parts ?? []) {
    const part = evidence.parts[index];
    if (part === undefined) continue;
    const at = segmentAt(part.segments.first, moment);
    if (at === null || (part.segments.last[at] ?? 0n) + segmentSlack < moment) continue;
    const state = (partReport(report, index)?.states[at] ?? segmentState.unchecked) as SegmentState;
    if (best === null || severity(state) > severity(best)) best = state;
  }
  return best;
}

/** The last sample of a segment lasts for a while; nobody says how long. */
const segmentSlack = 2_000_000_000n;

const severities: readonly SegmentState[] = [
  segmentState.authentic,
  segmentState.untrusted,
  segmentState.unattested,
  segmentState.closed,
  segmentState.unchecked,
  segmentState.failed,
];

/** Which of several states is shown where they fall together: the worst. */
export function severity(state: number): number {
  const at = severities.indexOf(state as SegmentState);
  return at < 0 ? severities.length : at;
}
