/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a report as sentences; used by the page, the printed report and the text alike. */
import type { DeviceReport, Evidence, FailureView, GapView, LinkView, Part, PartReport, ReexportReason, Report, SignerView } from '../evidence/model.js';
import { visibleLine } from './dom.js';
import { type AttachmentStanding, type Statement, alteredSince, isAnythingMarked, partsOf, standingOf } from './judgement.js';
import { deviceName, quoted } from './names.js';
import type { Texts } from './texts/en.js';
import { type Times, isKnown } from './times.js';

export interface Words {
  t: Texts;
  times: Times;
}

export function nameOf(words: Words, evidence: Evidence, device: number): string {
  return deviceName(words.t, evidence.devices[device], device);
}

export function roleName(t: Texts, role: number | null): string {
  return role === null ? t.roleUnknown : (t.roles[role] ?? t.roleUnknown);
}

/** The common name of a distinguished name, or all of it. */
export function shortName(subject: string): string {
  const found = /(?:^|,\s*|\+\s*)CN=((?:\\.|[^,+\\])+)/i.exec(subject);
  const name = (found?.[1] ?? subject)
    .replace(/\\([0-9a-f]{2})|\\(.)/gi, (_, code: string | undefined, plain: string) => (code === undefined ? plain : String.fromCharCode(parseInt(code, 16))))
    .trim();
  return visibleLine(name === '' ? subject : name);
}

/** The same within a sentence. */
export function signerName(t: Texts, subject: string): string {
  return quoted(t, shortName(subject), longestSubject);
}

const longestSubject = 120;

/** The one big sentence. */
export function headline(words: Words, report: Report): string {
  const { t, times } = words;
  const standing = standingOf(report);
  const since = standing === 'altered' ? alteredSince(report) : null;
  if (since !== null) return t.verdict.alteredSince(times.utc(since));
  if (standing === 'unsigned' && partsOf(report).some((part) => part.isSigned)) return t.verdict.titles.partlyUnsigned;
  return t.verdict.titles[standing];
}

/** What the big sentence means. */
export function summary(words: Words, report: Report): string {
  const { texts } = words.t.verdict;
  const standing = standingOf(report);
  if (standing !== 'altered') return texts[standing];
  return `${texts.altered} ${isAnythingMarked(report) ? texts.alteredMarked : texts.alteredUnmarked}`;
}

/** When it was read, and when it was judged anew without reading it again. */
export function madeLine(words: Words, report: Report): string {
  const { t, times } = words;
  const isOne = report.judged - report.made < longestJudgement;
  return isOne ? t.verdict.madeAt(times.local(report.made)) : t.verdict.judgedAt(times.local(report.made), times.local(report.judged));
}

/** Reading and judging in one go take no longer between their ends. */
export const longestJudgement = 2_000_000_000n;

/** Signers that a sentence names; the others are counted. */
const mostSigners = 6;

function signed(words: Words, statement: Extract<Statement, { kind: 'signers' }>): string {
  const { t } = words;
  const { signers } = statement;
  const names = signers.slice(0, mostSigners).map(({ subject, role }) => `${signerName(t, subject)} (${roleName(t, role)})`);
  if (signers.length > mostSigners) names.push(t.report.more(signers.length - mostSigners));
  return t.signerStatement(names.join(', '), t.identity[statement.identity]);
}

type OfDevice = Extract<Statement, { device: number }>;

function deviceSentence(words: Words, evidence: Evidence, statement: OfDevice): string {
  const { t, times } = words;
  const s = t.statements;
  const name = nameOf(words, evidence, statement.device);
  switch (statement.kind) {
    case 'since':
      if (!isKnown(statement.time)) return s.sinceNothing(name);
      return statement.isAll ? s.sinceTime(name, times.utc(statement.time, true)) : s.sinceKnown(name, times.utc(statement.time, true));
    case 'failures':
      return s.failures(name, statement.count);
    case 'unsigned':
      return s.unsigned(name);
    case 'not_covered':
      return s.notCovered(name);
    case 'containers_missing':
      return s.containersMissing(name, String(statement.from), String(statement.to));
    case 'not_whole':
      return s.notWhole(name);
    case 'open':
      return s.open(name);
    case 'removed':
      return s.removed(name, statement.tracks.map(({ kind, number }) => t.devices.removedTrack(t.devices.kinds[kind], number)).join(', '));
    case 'unreadable':
      return s.unreadable(name);
    case 'camera':
      return s.camera(name, statement.doubted, statement.groups);
    case 'camera_faults':
      return s.cameraFaults(name, statement.count);
  }
}

export function sentence(words: Words, evidence: Evidence, statement: Statement): string {
  const { t, times } = words;
  const s = t.statements;
  if ('device' in statement) return deviceSentence(words, evidence, statement);
  switch (statement.kind) {
    case 'link_broken':
      return s.linkBroken(statement.link);
    case 'link_unverifiable':
      return s.linkUnverifiable(statement.link);
    case 'contents_broken':
      return s.contentsBroken;
    case 'film_samples':
      return s.filmSamples;
    case 'film_presentation':
      return s.filmPresentation;
    case 'foreign':
      return s.foreign(times.size(statement.bytes));
    case 'receipt_missing':
      return s.receiptMissing;
    case 'receipt_found':
      if (statement.isNewest) return s.receiptNewest;
      return statement.linksSince === null ? s.receiptGrown : s.receiptOlder(statement.linksSince);
    case 'fingerprints_unknown':
      return s.fingerprintsUnknown(statement.count);
    case 'verifier':
      return s.verifier(quoted(t, statement.reason, longestReason));
    case 'signers':
      return signed(words, statement);
    case 'closed':
      return s.closed;
    case 'key_fails':
      return s.keyFails;
    case 'unattested':
      return statement.isHarmless ? s.unattested(times.size(statement.bytes)) : s.unattestedEnd(times.size(statement.bytes));
    case 'all_hold':
      return s.allHold(statement.devices, statement.links);
    case 'still_holds':
      return s.stillHolds(statement.devices.slice(0, 8).map((device) => nameOf(words, evidence, device)).join(', '));
    case 'contradictions':
      return s.contradictions;
  }
}

const longestReason = 400;

/** When a link was signed: attested where somebody attests it, claimed otherwise. */
export function linkTimes(words: Words, link: LinkView): string[] {
  const { t, times } = words;
  if (!link.isVerified) return isKnown(link.claimed) ? [t.links.unverifiedTime(times.utc(link.claimed))] : [t.links.unverified];
  const result: string[] = [];
  if (isKnown(link.attested)) {
    const time = times.utc(link.attested);
    const by = link.attestedByLink === null || link.attestedByLink === link.number ? '' : t.links.attestedBy(link.attestedByLink + 1);
    result.push((link.timeAuthority === null ? t.links.attestedBare(time) : t.links.attested(time, signerName(t, link.timeAuthority))) + by);
  }
  if (isKnown(link.claimed)) result.push(t.links.claimed(times.utc(link.claimed)));
  if (!isKnown(link.attested)) result.push(t.links.notAttested);
  return result;
}

export function linkCovers(words: Words, evidence: Evidence, link: LinkView): string {
  const { t } = words;
  if (!link.isVerified) return t.links.coversNothing;
  if (link.number > 0) return t.links.coversLater;
  const names = evidence.devices.map((device) => nameOf(words, evidence, device.index));
  const listed = names.length > 6 ? t.file.deviceCount(names.length) : names.join(', ');
  const attachments = evidence.attachments.length;
  return t.links.coversFirst(listed, attachments === 0 ? '' : t.file.attachmentCount(attachments));
}

export function authorityOf(words: Words, signer: SignerView): string {
  return signer.authority === null ? words.t.identity[signer.identity] : signerName(words.t, signer.authority);
}

export function failurePlace(words: Words, failure: FailureView): string {
  const { t, times } = words;
  if (failure.segment === null) return isKnown(failure.time) ? times.utc(failure.time, true) : t.devices.failureNowhere;
  if (!isKnown(failure.time)) return t.devices.failureSegment(failure.segment);
  return t.devices.failureAt(times.utc(failure.time, true), failure.segment);
}

export function gapSentence(words: Words, gap: GapView): string {
  const { times, t } = words;
  return t.devices.gapText(times.period(gap.from, gap.to), times.length(gap.to - gap.from), gapReason(words, gap));
}

/** A signed reason explains silence only. */
export function gapReason({ t }: Words, gap: GapView): string {
  const { gapKinds, gapReasons, gapLost } = t.devices;
  if (gap.kind === 'lost') return gapKinds.lost(gap.lost);
  if (gap.kind === 'altered') return gapKinds.altered;
  return gap.lost > 0 ? `${gapReasons[gap.reason]}; ${gapLost(gap.lost)}` : gapReasons[gap.reason];
}

/** What a link's verdict means. */
export function linkVerdict({ t }: Words, link: LinkView): string {
  return !link.isVerified && link.verdict !== 'not_authentic' ? t.verdicts.unverifiable : t.verdicts[link.verdict];
}

/** What a device's verdict means. */
export function deviceVerdict({ t }: Words, report: Report, device: DeviceReport): string {
  if (device.verdict === 'untrusted' && device.parts.some((part) => !part.isSigned)) return t.devices.verdicts.unsigned;
  if (device.verdict === 'authentic' && report.isSealed && !report.isUnlocked) return t.devices.verdicts.closed;
  return t.devices.verdicts[device.verdict];
}

/** How a part ends, and what of its period is there. */
export function coverageWords({ t }: Words, report: PartReport): { period: string; end: string } {
  const { devices } = t;
  const end = report.isClosed ? (report.isSigned ? devices.closed : devices.closedUnsigned) : report.isSigned ? devices.open : devices.openUnsigned;
  return { period: report.notCovered === '' ? devices.coveredText : devices.notCoveredText, end };
}

export function segmentCount({ t }: Words, report: PartReport): string {
  return report.isSigned ? t.devices.segmentCount(report.segmentsVerified) : t.devices.segmentCountUnsigned(report.segmentsVerified);
}

export function reexportWords({ t }: Words, reason: ReexportReason): string {
  const { caseData } = t;
  return reason === 'allowed' ? caseData.reexportAllowed : reason === 'forbidden' ? caseData.reexportForbidden : caseData.reexportUnknown;
}

export function askedPeriod(words: Words, part: Part): string {
  const { t, times } = words;
  if (part.from === null && part.to === null) return t.devices.all;
  if (isKnown(part.from) && isKnown(part.to)) return times.period(part.from, part.to);
  const from = isKnown(part.from) ? times.utc(part.from) : t.devices.openStart;
  const to = isKnown(part.to) ? times.utc(part.to) : t.devices.openEnd;
  return `${from} – ${to}`;
}

export function trackList(words: Words, part: Part, isRemoved: boolean): string {
  const { t } = words;
  return part.tracks
    .filter((track) => track.isRemoved === isRemoved)
    .map((track) => {
      if (isRemoved) return t.devices.removedTrack(t.devices.kinds[track.kind], track.number);
      const size = track.kind === 'video' && track.width > 0 ? ` ${track.width} × ${track.height}` : '';
      return `${t.devices.kinds[track.kind]} (${visibleLine(track.codec)}${size})`;
    })
    .join(', ');
}

export function attachmentWords({ attachments, verdict }: Texts, standing: AttachmentStanding): string {
  const words = { unchecked: attachments.unchecked, altered: attachments.altered, not_opened: attachments.notOpened, undecryptable: verdict.badges.undecryptable, same: attachments.same };
  return words[standing];
}
