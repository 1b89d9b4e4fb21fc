/* SPDX-License-Identifier: Apache-2.0 */
/* Camera, recorder and exporter side by side: who says what of the pictures of a device. */
import type { CameraSigner, CameraTrack, CameraWords, DeviceReport } from '../evidence/model.js';
import type { Context } from './context.js';
import { badge, details, digest, facts, notice, outcomeBadge } from './context.js';
import { type Child, alien, el, spoken } from './dom.js';
import { cameraCaveats, cameraFaults, cameraSignerName, cameraSummary, exporterLink, exporterName, mainSigner, pendingSentence, recorderNames, runSentence, unreadSentence } from './camera_text.js';
import { cameraTone, isUnknownSigner, saysOfCamera } from './judgement.js';
import { paged } from './pages.js';

const page = 25;

function side(heading: string, mark: HTMLElement | null, who: string, how: string): HTMLElement {
  return el('div', 'side', el('h5', null, heading), mark, el('p', null, spoken(who)), el('p', 'hint', how));
}

function sides(ctx: Context, words: CameraWords, track: CameraTrack, own: DeviceReport): HTMLElement {
  const { app, t } = ctx;
  const c = t.camera;
  const { report, evidence } = app;
  const signer = mainSigner(track);
  const link = report === null ? null : exporterLink(report);
  return el(
    'div',
    'sides',
    side(c.camera, badge(cameraTone(words, track, own.verdict), cameraSummary(ctx, track)), signer === null ? c.nobody : cameraSignerName(ctx, signer), c.saysRecorder),
    side(c.recorder, outcomeBadge(t, own.verdict), recorderNames(ctx, own.parts), c.checkedHere),
    report === null || evidence === null
      ? null
      : side(c.exporter, link === null ? null : outcomeBadge(t, link.verdict, isUnknownSigner(link.signer) ? 'unknown' : null), exporterName(ctx, evidence, report), link === null ? '' : c.checkedHere),
  );
}

function signerFacts(ctx: Context, signer: CameraSigner): HTMLElement {
  const { t } = ctx;
  const c = t.camera;
  return facts([
    [c.signer, signer.subject === null ? c.unnamed : alien(signer.subject)],
    [c.trust, badge(signer.identity === 'trusted' ? 'idle' : 'unknown', c.identities[signer.identity])],
    signer.format === null ? null : [c.format, c.formats[signer.format]],
    signer.fingerprint === null ? null : [c.fingerprint, digest(signer.fingerprint)],
  ]);
}

function trackView(ctx: Context, words: CameraWords, track: CameraTrack, own: DeviceReport): HTMLElement {
  const { t } = ctx;
  const c = t.camera;
  const list = (runs: CameraTrack['runs']): HTMLElement => el('ul', 'plain-list', ...runs.map((run) => el('li', run.isDoubted ? 'is-bad' : null, spoken(runSentence(ctx, run)))));
  return el(
    'div',
    { class: 'part', attrs: { 'data-testid': 'camera-track', 'data-track': track.number, 'data-authentic': track.verdicts.authentic, 'data-groups': track.groups, 'data-doubted': track.doubted } },
    words.tracks.length > 1 ? el('h5', null, c.track(track.number)) : null,
    sides(ctx, words, track, own),
    ...track.signers.map((signer) => signerFacts(ctx, signer)),
    track.signersLeftOut > 0 ? el('p', 'hint', c.moreSigners(track.signersLeftOut)) : null,
    details(c.runs(track.runs.length), paged(ctx, track.runs, track.runs.length, page, (some) => list([...some])), track.runsLeftOut > 0 ? el('p', 'hint', c.moreRuns(track.runsLeftOut)) : null),
  );
}

function faults(ctx: Context, words: CameraWords): HTMLElement | null {
  if (words.faultCount === 0) return null;
  return notice('bad', el('p', null, ctx.t.camera.faults(words.faultCount)), el('ul', 'plain-list', ...cameraFaults(ctx, words).map((line) => el('li', 'technical', alien(line)))));
}

/** Null where the recorder says nothing of a camera. */
export function cameraView(ctx: Context, own: DeviceReport): HTMLElement | null {
  const { app, t } = ctx;
  const c = t.camera;
  const body = (...content: Child[]): HTMLElement => el('section', { class: 'camera', attrs: { 'data-testid': 'camera' } }, el('h4', null, c.heading), ...content);
  const words = app.cameraWords.find((one) => one.device === own.device);
  if (words === undefined) {
    const hasTrack = (app.cameraReading === 'running' || app.cameraReading === 'failed') && app.evidence !== null && saysOfCamera(app.evidence, own.device);
    return hasTrack ? body(el('p', 'hint', app.cameraReading === 'failed' ? c.failed : c.running)) : null;
  }
  const pending = app.evidence === null ? null : pendingSentence(ctx, app.evidence, app.report, words);
  return body(
    el('p', 'hint', c.lead),
    ...cameraCaveats(ctx, words, own.verdict).map((line) => notice('unknown', el('p', null, line))),
    ...words.tracks.map((track) => trackView(ctx, words, track, own)),
    pending === null ? null : el('p', 'hint', pending),
    words.tracks.length === 0 && words.unread === 0 && words.faultCount === 0 && !words.isLeftOut ? el('p', null, c.nothing) : null,
    words.unread > 0 ? notice('unknown', el('p', null, unreadSentence(ctx, words))) : null,
    faults(ctx, words),
  );
}
