/* SPDX-License-Identifier: Apache-2.0 */
/* What a recorder says of a camera's signature, in sentences: for the page and for the report. */
import type { CameraRun, CameraSigner, CameraTrack, CameraWords, Evidence, LinkView, PartReport, Report } from '../evidence/model.js';
import { type CameraMoment, pendingFrom } from './camera_timeline.js';
import { visibleLine } from './dom.js';
import { type Words, signerName } from './explain.js';
import { isKnown } from './times.js';

export function cameraSummary({ t }: Words, track: CameraTrack): string {
  const { groups, verdicts } = track;
  if (groups === 0) return t.camera.nothing;
  if (verdicts.unsigned === groups) return t.camera.verdicts.unsigned;
  const words = verdicts.authentic === groups ? t.camera.all(groups) : t.camera.some(verdicts.authentic, groups);
  return track.signers.every((signer) => signer.identity === 'trusted') && track.signersLeftOut === 0 ? words : `${words}; ${t.camera.untrusted}`;
}

function period({ times }: Words, from: bigint, to: bigint): string {
  return from === to ? times.utc(from, true) : times.period(from, to);
}

/** What is said of one stretch, and why. */
export function runSentence(words: Words, run: CameraRun): string {
  const { t } = words;
  const c = t.camera;
  const { signedFrom, signedTo } = run;
  const what = [
    c.verdicts[run.verdict],
    ...(run.missingGroups > 0 ? [c.missingGroups(run.missingGroups)] : []),
    ...(run.missing > 0 ? [c.lost(run.missing)] : []),
    ...(run.changed > 0 ? [c.altered(run.changed)] : []),
    ...(run.inserted > 0 ? [c.added(run.inserted)] : []),
    ...run.reasons.map((reason) => c.reasons[reason]),
    ...(signedFrom !== null && signedTo !== null && isKnown(signedFrom) && isKnown(signedTo) ? [c.signedTimes(period(words, signedFrom, signedTo))] : []),
  ];
  return c.run(period(words, run.from, run.to), c.groups(run.groups), what.join('; '));
}

/** What the recorder says of a moment of the timeline. */
export function cameraMomentWords({ t }: Words, { standing, run }: CameraMoment): string {
  return standing === 'doubted' && run !== null ? t.play.cameraDoubted(t.camera.verdicts[run.verdict]) : t.play.cameraStates[standing];
}

export function cameraSignerName({ t }: Words, signer: CameraSigner): string {
  return signer.subject === null || signer.subject === '' ? t.camera.unnamed : signerName(t, signer.subject);
}

/** Who signed the most. */
export function mainSigner(track: CameraTrack): CameraSigner | null {
  return track.signers.reduce<CameraSigner | null>((best, one) => (best === null || one.groups > best.groups ? one : best), null);
}

export function cameraFaults({ t, times }: Words, words: CameraWords): string[] {
  return words.faults.map(({ utc, reason }) => t.camera.faultText(times.utc(utc, true), visibleLine(reason)));
}

export function unreadSentence({ t }: Words, { unread, unreadCode }: CameraWords): string {
  const why = t.camera.unreadWhy;
  const known = unreadCode === 'sealed' || unreadCode === 'undecryptable' || unreadCode === 'not_attested' ? why[unreadCode] : why.other;
  return t.camera.unread(unread, known);
}

/** What must be said before any of these words are believed. */
export function cameraCaveats({ t }: Words, words: CameraWords, verdict: string): string[] {
  const c = t.camera;
  return [...(words.isUnsigned ? [c.unsignedLead] : []), ...(verdict === 'authentic' ? [] : [c.doubtfulLead]), ...(words.isLeftOut ? [c.leftOut] : [])];
}

/** Where the recorder's word ends before the pictures do. */
export function pendingSentence({ t, times }: Words, evidence: Evidence, report: Report | null, said: CameraWords): string | null {
  const from = pendingFrom(evidence, report, said);
  return from === null ? null : t.camera.pending(times.utc(from, true));
}

/** Who signed what the recorder recorded: each once. */
export function recorderNames({ t }: Words, parts: readonly PartReport[]): string {
  const names = new Set(parts.map(({ signer }) => (signer === null ? t.devices.unsigned : `${signerName(t, signer.subject)} (${t.roles[signer.role] ?? t.roleUnknown})`)));
  return [...names].slice(0, mostNames).join(', ');
}

const mostNames = 6;

export function exporterLink(report: Report): LinkView | null {
  return report.links.find((link) => link.number === 0) ?? null;
}

export function exporterName({ t }: Words, evidence: Evidence, report: Report): string {
  if (evidence.kind === 'recording') return t.camera.notExported;
  const signer = exporterLink(report)?.signer ?? null;
  return signer === null ? t.camera.nobody : signerName(t, signer.subject);
}
