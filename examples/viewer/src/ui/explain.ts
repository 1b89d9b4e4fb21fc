/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a report as sentences; used by the page, the printed report and the text alike. */
import type { Evidence, FailureView, GapView, LinkView, Part, Report, SignerView } from '../evidence/model.js';
import { deviceName } from './context.js';
import { visibleLine } from './dom.js';
import { type Statement, firstFailure, standingOf } from './judgement.js';
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

/** The one big sentence. */
export function headline(words: Words, report: Report): string {
  const standing = standingOf(report);
  const first = standing === 'altered' ? firstFailure(report) : null;
  if (first !== null && isKnown(first.failure.time)) return words.t.verdict.alteredSince(words.times.utc(first.failure.time));
  return words.t.verdict.titles[standing];
}

/** Signers that a sentence names; the others are counted. */
const mostSigners = 6;

function signed(words: Words, statement: Extract<Statement, { kind: 'signers' }>): string {
  const { t } = words;
  const { signers } = statement;
  const names = signers.slice(0, mostSigners).map(({ subject, role }) => `${shortName(subject)} (${roleName(t, role)})`);
  if (signers.length > mostSigners) names.push(t.report.more(signers.length - mostSigners));
  return t.signerStatement(names.join(', '), t.identity[statement.identity]);
}

export function sentence(words: Words, evidence: Evidence, statement: Statement): string {
  const { t, times } = words;
  const s = t.statements;
  switch (statement.kind) {
    case 'since': {
      const name = nameOf(words, evidence, statement.device);
      return isKnown(statement.time) ? s.sinceTime(name, times.utc(statement.time, true)) : s.sinceNothing(name);
    }
    case 'failures':
      return s.failures(nameOf(words, evidence, statement.device), statement.count);
    case 'link_broken':
      return s.linkBroken(statement.link);
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
      return statement.linksSince === null || statement.linksSince === 0 ? s.receiptNewest : s.receiptOlder(statement.linksSince);
    case 'signers':
      return signed(words, statement);
    case 'unsigned':
      return s.unsigned(nameOf(words, evidence, statement.device));
    case 'not_covered':
      return s.notCovered(nameOf(words, evidence, statement.device));
    case 'open':
      return s.open(nameOf(words, evidence, statement.device));
    case 'closed':
      return s.closed;
    case 'key_fails':
      return s.keyFails;
    case 'unattested':
      return s.unattested(times.size(statement.bytes));
    case 'unreadable':
      return s.unreadable(nameOf(words, evidence, statement.device));
    case 'all_hold':
      return s.allHold(statement.devices, statement.links);
    case 'still_holds':
      return s.stillHolds(statement.devices.slice(0, 8).map((device) => nameOf(words, evidence, device)).join(', '));
    case 'contradictions':
      return s.contradictions;
  }
}

/** When a link was signed: attested where somebody attests it, claimed otherwise. */
export function linkTimes(words: Words, link: LinkView): string[] {
  const { t, times } = words;
  const result: string[] = [];
  if (isKnown(link.attested)) {
    const time = times.utc(link.attested);
    result.push(link.timeAuthority === null ? t.links.attestedBare(time) : t.links.attested(time, shortName(link.timeAuthority)));
  }
  if (isKnown(link.claimed)) result.push(t.links.claimed(times.utc(link.claimed)));
  if (!isKnown(link.attested)) result.push(t.links.notAttested);
  return result;
}

export function linkCovers(words: Words, evidence: Evidence, link: LinkView): string {
  const { t } = words;
  if (link.number > 0) return t.links.coversLater;
  const names = evidence.devices.map((device) => nameOf(words, evidence, device.index));
  const listed = names.length > 6 ? t.file.deviceCount(names.length) : names.join(', ');
  const attachments = evidence.attachments.length;
  return t.links.coversFirst(listed, attachments === 0 ? '' : t.file.attachmentCount(attachments));
}

export function authorityOf(words: Words, signer: SignerView): string {
  return signer.authority === null ? words.t.identity[signer.identity] : shortName(signer.authority);
}

export function failurePlace(words: Words, failure: FailureView): string {
  const { t, times } = words;
  if (failure.segment === null) return isKnown(failure.time) ? times.utc(failure.time, true) : t.devices.failureNowhere;
  if (!isKnown(failure.time)) return t.devices.failureSegment(failure.segment);
  return t.devices.failureAt(times.utc(failure.time, true), failure.segment);
}

export function gapSentence(words: Words, gap: GapView): string {
  const { t, times } = words;
  const lost = gap.lost > 0 ? `; ${t.devices.gapLost(gap.lost)}` : '';
  return t.devices.gapText(times.period(gap.from, gap.to), times.length(gap.to - gap.from), t.devices.gapReasons[gap.reason]) + lost;
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
