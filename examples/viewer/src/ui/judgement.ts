/* SPDX-License-Identifier: Apache-2.0 */
/* What a report means for somebody who is no engineer. No texts here: see texts/. */
import type { Outcome } from '../container/report.js';
import {
  type CameraTrack,
  type CameraWords,
  type DeviceReport,
  type Evidence,
  type FailureView,
  type LinkView,
  type PartReport,
  type Report,
  type SignerView,
  type TrackKind,
  type Utc,
  cameraCodec,
  segmentState,
} from '../evidence/model.js';
import type { Identity } from '../x509/trust.js';
import { isKnown } from './times.js';

/** What the one big sentence says. */
export type Standing =
  | 'running'
  | 'cancelled'
  | 'authentic'
  /** Authentic as far as it can be said of a file that was not opened. */
  | 'closed'
  /** Intact, but no authority is known that confirms who a signer is. */
  | 'unknown'
  /** Intact, but the signer must not be trusted, for a reason that is known. */
  | 'untrusted'
  /** A signature is of a kind that nobody here can check. */
  | 'unverifiable'
  /** Without a signature nothing would show an alteration. */
  | 'unsigned'
  | 'incomplete'
  | 'undecryptable'
  | 'altered'
  /** Nothing is wrong in it, but it is not the file of the receipt. */
  | 'receipt'
  | 'malformed'
  | 'unsupported';

/** How something is shown; never by colour alone. */
export type Tone = 'good' | 'unknown' | 'partial' | 'bad' | 'closed' | 'idle';

const tones: Record<Standing | Outcome, Tone> = {
  authentic: 'good',
  unknown: 'unknown',
  untrusted: 'unknown',
  unverifiable: 'unknown',
  unsigned: 'unknown',
  incomplete: 'partial',
  altered: 'bad',
  not_authentic: 'bad',
  receipt: 'bad',
  closed: 'closed',
  undecryptable: 'closed',
  malformed: 'closed',
  unsupported: 'closed',
  running: 'idle',
  cancelled: 'idle',
};

export function toneOf(standing: Standing | Outcome): Tone {
  return tones[standing];
}

const nobodyKnown: readonly Identity[] = ['no_anchor', 'unknown_issuer'];

export function isUnknownSigner(signer: SignerView | null): boolean {
  return signer !== null && nobodyKnown.includes(signer.identity);
}

export function partsOf(report: Report): PartReport[] {
  return report.devices.flatMap((device) => device.parts);
}

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
    if (signer.identity === 'trusted' || signer.identity === 'unsigned' || seen.has(key)) return false;
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
  return verdicts.includes('not_authentic') || partsOf(report).some(isPartAltered) || report.foreign !== null;
}

function untrustedStanding(report: Report): Standing {
  if (report.links.some((link) => !link.isVerified)) return 'unverifiable';
  if (partsOf(report).some(isUnsigned)) return 'unsigned';
  const doubtful = doubtfulSigners(report);
  return doubtful.length > 0 && doubtful.every(isUnknownSigner) ? 'unknown' : 'untrusted';
}

export function standingOf(report: Report): Standing {
  switch (report.outcome) {
    case 'not_authentic':
      return report.expectedHead?.found === false && !isAlteredInside(report) ? 'receipt' : 'altered';
    case 'untrusted':
      return untrustedStanding(report);
    case 'authentic':
      return report.isSealed && !report.isUnlocked ? 'closed' : 'authentic';
    default:
      return report.outcome;
  }
}

/** Of what cannot be read nobody knows whether it is signed. */
export function isUnsigned(part: PartReport): boolean {
  return !part.isSigned && part.verdict !== 'malformed' && part.verdict !== 'unsupported';
}

export function isPartAltered(part: PartReport): boolean {
  return part.isAltered || part.verdict === 'not_authentic';
}

/** The earliest failure of a device; null unless it is known of every one when it was. */
export function failingSince(device: DeviceReport): FailureView | null {
  const failures = device.parts.flatMap((part) => part.failures);
  const counted = device.parts.reduce((sum, part) => sum + part.failureCount, 0);
  if (counted === 0 || failures.some((failure) => !isKnown(failure.time)) || !isKnown(device.firstFailure?.time ?? null)) return null;
  return device.firstFailure;
}

/** Since when it does not hold; null where something fails of which nobody can say when. */
export function alteredSince(report: Report): Utc | null {
  const isElsewhere = brokenLink(report) !== null || report.foreign !== null || report.contents?.verdict === 'not_authentic' || report.film?.samples === 'not_authentic' || report.film?.presentation === 'not_authentic';
  if (isElsewhere || report.expectedHead?.found === false) return null;
  let earliest: Utc | null = null;
  for (const device of report.devices.filter((one) => one.verdict === 'not_authentic')) {
    const time = failingSince(device)?.time ?? null;
    if (time === null) return null;
    if (earliest === null || time < earliest) earliest = time;
  }
  return earliest;
}

/** Is there anything that the timeline marks? */
export function isAnythingMarked(report: Report): boolean {
  return partsOf(report).some((part) => part.states.includes(segmentState.failed) || part.gaps.some((gap) => gap.kind !== 'silence'));
}

/** Gravest first. */
const ranks: readonly Outcome[] = ['not_authentic', 'malformed', 'unsupported', 'undecryptable', 'untrusted', 'incomplete', 'authentic'];

/** What does not hold stands in front, where not all can be shown; otherwise the order stays. */
export function gravestFirst<T>(items: readonly T[], verdict: (item: T) => Outcome, most: number): T[] {
  if (items.length <= most) return [...items];
  return [...items].sort((a, b) => ranks.indexOf(verdict(a)) - ranks.indexOf(verdict(b)));
}

export function brokenLink(report: Report): LinkView | null {
  return report.links.find((link) => link.verdict === 'not_authentic') ?? null;
}

/** One fact under the big sentence. */
export type Statement =
  /** `isAll` unless something fails of which nobody can say when: there may be earlier places then. */
  | { kind: 'since'; device: number; time: Utc | null; isAll: boolean }
  | { kind: 'failures'; device: number; count: number }
  | { kind: 'link_broken'; link: number }
  | { kind: 'link_unverifiable'; link: number }
  | { kind: 'contents_broken' }
  | { kind: 'film_samples' }
  | { kind: 'film_presentation' }
  | { kind: 'foreign'; bytes: number }
  | { kind: 'receipt_missing' }
  | { kind: 'receipt_found'; isNewest: boolean; linksSince: number | null }
  | { kind: 'fingerprints_unknown'; count: number }
  | { kind: 'signers'; identity: Identity; signers: { subject: string; role: number }[] }
  | { kind: 'verifier'; reason: string }
  | { kind: 'unsigned'; device: number }
  | { kind: 'not_covered'; device: number }
  | { kind: 'containers_missing'; device: number; from: bigint; to: bigint }
  | { kind: 'not_whole'; device: number }
  | { kind: 'open'; device: number }
  | { kind: 'removed'; device: number; tracks: { kind: TrackKind; number: number }[] }
  | { kind: 'closed' }
  | { kind: 'key_fails' }
  /** An interruption explains it only where nothing was altered. */
  | { kind: 'unattested'; bytes: number; isHarmless: boolean }
  | { kind: 'unreadable'; device: number }
  /** By the recorder's word. */
  | { kind: 'camera'; device: number; doubted: number; groups: number }
  | { kind: 'camera_faults'; device: number; count: number }
  | { kind: 'all_hold'; devices: number; links: number }
  | { kind: 'still_holds'; devices: number[] }
  | { kind: 'contradictions' };

const mostRuns = 8;

/** Numbers between those of the containers that are there. */
function missingContainers(evidence: Evidence, device: number): Statement[] {
  const parts = (evidence.devices[device]?.parts ?? []).flatMap((index) => evidence.parts[index] ?? []);
  const numbers = parts.flatMap((part) => (/^\d{1,20}$/.test(part.sequence) ? [BigInt(part.sequence)] : [])).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const found: Statement[] = [];
  numbers.forEach((number, i) => {
    const before = numbers[i - 1];
    if (before !== undefined && number > before + 1n && found.length < mostRuns) found.push({ kind: 'containers_missing', device, from: before + 1n, to: number - 1n });
  });
  return found;
}

/** What is not there of a device, or not signed to its end. */
function coverageOf(evidence: Evidence, device: DeviceReport): Statement[] {
  const { parts } = device;
  const isOpen = parts.some((part) => !part.isClosed && part.verdict === 'incomplete' && !hasClosedSegments(part));
  const isShort = parts.some((part) => part.notCovered !== '');
  const open: Statement[] = isOpen ? [{ kind: 'open', device: device.device }] : [];
  if (evidence.kind !== 'recording') return isShort ? [{ kind: 'not_covered', device: device.device }] : open;
  // Nobody asked for a period of a recording: it lacks files, or its end.
  const missing = isShort ? missingContainers(evidence, device.device) : [];
  if (missing.length > 0 || isOpen) return [...missing, ...open];
  return isShort ? [{ kind: 'not_whole', device: device.device }] : [];
}

function removedOf(evidence: Evidence, device: DeviceReport): Statement[] {
  const seen = new Map<string, { kind: TrackKind; number: number }>();
  for (const { part } of device.parts) {
    for (const { kind, number, isRemoved } of evidence.parts[part]?.tracks ?? []) if (isRemoved) seen.set(`${kind} ${number}`, { kind, number });
  }
  return seen.size === 0 ? [] : [{ kind: 'removed', device: device.device, tracks: [...seen.values()].slice(0, mostRuns) }];
}

function ofDevice(evidence: Evidence, device: DeviceReport): Statement[] {
  const result: Statement[] = [];
  const failures = device.parts.reduce((sum, part) => sum + part.failureCount, 0);
  if (device.verdict === 'not_authentic') {
    const time = device.firstFailure?.time ?? null;
    result.push({ kind: 'since', device: device.device, time: isKnown(time) ? time : null, isAll: failingSince(device) !== null });
    if (failures > 0) result.push({ kind: 'failures', device: device.device, count: failures });
  }
  if (device.parts.some(isUnsigned)) result.push({ kind: 'unsigned', device: device.device });
  result.push(...coverageOf(evidence, device));
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
  const uncheckable = report.links.find((link) => !link.isVerified && link.verdict !== 'not_authentic');
  if (uncheckable !== undefined) result.push({ kind: 'link_unverifiable', link: uncheckable.number });
  if (report.contents?.verdict === 'not_authentic') result.push({ kind: 'contents_broken' });
  if (report.film?.samples === 'not_authentic') result.push({ kind: 'film_samples' });
  else if (report.film !== null && report.film.presentation !== 'authentic') result.push({ kind: 'film_presentation' });
  if (report.foreign !== null) result.push({ kind: 'foreign', bytes: report.unattestedBytes });
  if (report.expectedHead?.found === false) result.push({ kind: 'receipt_missing' });
  return result;
}

function stillHolding(report: Report): Statement[] {
  if (report.outcome !== 'not_authentic' || brokenLink(report) !== null || report.foreign !== null) return [];
  const devices = report.devices.filter((device) => device.verdict === 'authentic').map((device) => device.device);
  return devices.length > 0 && devices.length < report.devices.length ? [{ kind: 'still_holds', devices }] : [];
}

function ofSigners(report: Report): Statement[] {
  const byIdentity = new Map<Identity, { subject: string; role: number }[]>();
  for (const { identity, subject, role } of doubtfulSigners(report)) {
    byIdentity.set(identity, [...(byIdentity.get(identity) ?? []), { subject, role }]);
  }
  return Array.from(byIdentity, ([identity, signers]) => ({ kind: 'signers', identity, signers }));
}

/** Does the recorder of a device, or of any, say anything of cameras' signatures? A proof holds no records. */
export function saysOfCamera(evidence: Evidence, device?: number): boolean {
  return evidence.kind !== 'proof' && evidence.parts.some((part) => (device === undefined || part.device === device) && part.tracks.some(({ kind, codec }) => kind === 'metadata' && codec === cameraCodec));
}

function ofCamera({ device, tracks, faultCount }: CameraWords): Statement[] {
  const doubted = tracks.reduce((sum, track) => sum + track.doubted, 0);
  const groups = tracks.reduce((sum, track) => sum + track.groups, 0);
  return [
    ...(doubted > 0 ? [{ kind: 'camera' as const, device, doubted, groups }] : []),
    ...(faultCount > 0 ? [{ kind: 'camera_faults' as const, device, count: faultCount }] : []),
  ];
}

/** How the recorder's word on a camera may look: never better than the recording that holds it. */
export function cameraTone(words: CameraWords, track: CameraTrack, verdict: Outcome): Tone {
  const { groups, doubted, verdicts, signers } = track;
  if (groups === 0) return 'idle';
  if (doubted > 0) return 'bad';
  if (verdicts.authentic === 0) return 'unknown';
  const isSound = verdict === 'authentic' && !words.isUnsigned && words.faultCount === 0 && words.unread === 0 && !words.isLeftOut;
  const isTrusted = track.signersLeftOut === 0 && signers.length > 0 && signers.every((signer) => signer.identity === 'trusted');
  if (!isTrusted || !isSound) return 'unknown';
  return verdicts.authentic === groups ? 'good' : 'partial';
}

/** What the sentence rests on, the gravest first. */
export function statementsOf(evidence: Evidence, report: Report, cameras: readonly CameraWords[] = []): Statement[] {
  const standing = standingOf(report);
  const result = [...ofWhole(report), ...report.devices.flatMap((device) => ofDevice(evidence, device)), ...stillHolding(report), ...cameras.flatMap(ofCamera), ...report.devices.flatMap((device) => removedOf(evidence, device))];
  if (report.outcome === 'undecryptable') result.push({ kind: 'key_fails' });
  const signers = ofSigners(report);
  result.push(...signers);
  if (standing === 'untrusted' && signers.length === 0 && report.reason !== '') result.push({ kind: 'verifier', reason: report.reason });
  if (report.unknownFingerprints.length > 0) result.push({ kind: 'fingerprints_unknown', count: report.unknownFingerprints.length });
  if (report.foreign === null && report.unattestedBytes > 0) result.push({ kind: 'unattested', bytes: report.unattestedBytes, isHarmless: report.outcome !== 'not_authentic' });
  if (report.isSealed && !report.isUnlocked) {
    if (standing === 'closed') result.unshift({ kind: 'closed' });
    else result.push({ kind: 'closed' });
  }
  if (report.expectedHead?.found === true) result.push({ kind: 'receipt_found', isNewest: report.expectedHead.isNewest, linksSince: report.expectedHead.linksSince });
  if (report.links.some((link) => link.contradictions.length > 0)) result.push({ kind: 'contradictions' });
  if (standing === 'authentic') {
    result.unshift({ kind: 'all_hold', devices: report.devices.length, links: report.links.length });
  }
  return result;
}

/** What may be said of a picture while it is shown. */
export type PictureStanding = 'unchecked' | 'authentic' | 'untrusted' | 'failed' | 'unattested' | 'closed' | 'unsigned' | 'recording_fails' | 'package_fails';

const names = ['unchecked', 'authentic', 'untrusted', 'failed', 'unattested', 'closed'] as const;

export function stateName(state: number): (typeof names)[number] {
  return names[state] ?? 'failed';
}

/**
 * What is wrong with the recording or the package as a whole keeps every picture of it from being called
 * authentic: a segment may hold by itself where the one beside it was cut out.
 */
export function pictureStanding(report: Report | null, part: PartReport | null, state: number): PictureStanding {
  if (report === null) return 'unchecked';
  const name = stateName(state);
  if (name === 'failed' || name === 'unchecked') return name;
  if (part !== null && isPartAltered(part)) return 'recording_fails';
  if (brokenLink(report) !== null || report.foreign !== null || (report.outcome === 'not_authentic' && standingOf(report) === 'receipt')) return 'package_fails';
  if (part !== null && !part.isSigned) return 'unsigned';
  return name;
}

/** What may be said of all that a device recorded: the worst of it. */
export function deviceStanding(report: Report | null, device: number): PictureStanding {
  if (report === null) return 'unchecked';
  let worst: PictureStanding | null = null;
  for (const part of report.devices.find((one) => one.device === device)?.parts ?? []) {
    for (const state of new Set(part.states)) {
      const standing = pictureStanding(report, part, state);
      if (worst === null || severity(standing) > severity(worst)) worst = standing;
    }
  }
  return worst ?? 'unchecked';
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

/** What may be said of what a device shows at a moment; null where nothing was recorded. */
export function standingAt(evidence: Evidence, report: Report | null, device: number, moment: Utc): PictureStanding | null {
  let worst: PictureStanding | null = null;
  for (const index of evidence.devices[device]?.parts ?? []) {
    const part = evidence.parts[index];
    if (part === undefined) continue;
    const at = segmentAt(part.segments.first, moment);
    if (at === null || (part.segments.last[at] ?? 0n) + segmentSlack < moment) continue;
    const own = partReport(report, index);
    const standing = pictureStanding(report, own, own?.states[at] ?? segmentState.unchecked);
    if (worst === null || severity(standing) > severity(worst)) worst = standing;
  }
  return worst;
}

/** The last sample of a segment lasts for a while; nobody says how long. */
const segmentSlack = 2_000_000_000n;

const severities: readonly PictureStanding[] = ['authentic', 'untrusted', 'unattested', 'unsigned', 'closed', 'unchecked', 'package_fails', 'recording_fails', 'failed'];

/** Which of several is shown where they fall together: the worst. */
export function severity(standing: PictureStanding): number {
  return severities.indexOf(standing);
}

export type AttachmentStanding = 'unchecked' | 'altered' | 'not_opened' | 'undecryptable' | 'same';

export function attachmentStanding(evidence: Evidence, report: Report | null, number: number): AttachmentStanding {
  const found = report?.contents?.attachments.find((one) => one.number === number);
  if (found === undefined) return 'unchecked';
  if (found.verdict === 'not_authentic') return 'altered';
  if (evidence.isSealed && !evidence.isUnlocked) return 'not_opened';
  return found.verdict === 'undecryptable' ? 'undecryptable' : 'same';
}

/** A head to compare with a receipt. */
export interface ReceiptHead {
  /** Null for a package. */
  device: number | null;
  recordingId: string | null;
  head: string;
  /** Does what the head stands for hold? Otherwise nothing about it may look good. */
  isSound: boolean;
}

export function receiptHeads(report: Report): ReceiptHead[] {
  const isWholeSound = report.outcome !== 'not_authentic';
  if (report.recordings.length > 0) {
    return report.recordings.flatMap(({ device, recordingId, part, head, verdict }) =>
      // Without a signature a head proves nothing.
      head === null || partReport(report, part)?.isSigned !== true ? [] : [{ device, recordingId, head, isSound: verdict !== 'not_authentic' && verdict !== 'malformed' }],
    );
  }
  return report.head === null ? [] : [{ device: null, recordingId: null, head: report.head, isSound: isWholeSound }];
}
