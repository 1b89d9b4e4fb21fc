/* SPDX-License-Identifier: Apache-2.0 */
/* What a recorder says of a camera's signature, along the time: beside what was found out about the recording, and never better. */
import type { Outcome } from '../container/report.js';
import { type CameraRun, type CameraTrack, type CameraWords, type Evidence, type Report, type Utc, cameraCodec } from '../evidence/model.js';
import { type Window, joined, place, stretches } from './timeline_geometry.js';

/** `unsure`: the recorder says that it is authentic, of a signer whom it did not trust, or in a recording that is not confirmed. `pending`: it says nothing of it here. */
export const cameraStandings = ['authentic', 'pending', 'unsure', 'unsigned', 'doubted'] as const;
export type CameraStanding = (typeof cameraStandings)[number];

export interface CameraBar {
  /** In parts of the window, 0 to 1. */
  start: number;
  end: number;
  standing: CameraStanding;
}

/** A stretch of which the recorder says the same. */
export interface CameraSpan {
  from: Utc;
  to: Utc;
  standing: CameraStanding;
  run: CameraRun;
}

/** Clocks of camera and recording differ a little, and the last picture of a group lasts for a while. */
const slack = 1_000_000_000n;

/** Is everything there that the recorder says? Otherwise what is not said here may be said elsewhere. */
function isComplete(words: CameraWords): boolean {
  return words.unread === 0 && words.faultCount === 0 && !words.isLeftOut && words.tracks.length > 0 && words.tracks.every((track) => track.groups > 0 && track.runsLeftOut === 0);
}

function standingOf(words: CameraWords, track: CameraTrack, run: CameraRun, verdict: Outcome): CameraStanding {
  if (run.isDoubted) return 'doubted';
  if (run.verdict === 'unsigned') return 'unsigned';
  const signer = run.signer === null ? undefined : track.signers[run.signer];
  return signer?.identity === 'trusted' && verdict === 'authentic' && !words.isUnsigned ? 'authentic' : 'unsure';
}

/** Of one track; `end` is where pictures end. */
function spansOf(words: CameraWords, track: CameraTrack, verdict: Outcome, end: Utc): CameraSpan[] {
  const runs = [...track.runs].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  return runs.map((run, at) => {
    const next = runs[at + 1]?.from ?? null;
    let to = run.until ?? next ?? end;
    if (next !== null && next - to <= slack) to = next;
    return { from: run.from, to: to > run.to ? to : run.to, standing: standingOf(words, track, run, verdict), run };
  });
}

/** What the recorder of a device says, of all tracks; empty where it says nothing. */
export function cameraSpans(evidence: Evidence, report: Report | null, words: CameraWords | undefined): CameraSpan[] {
  if (words === undefined) return [];
  const verdict = report?.devices.find((one) => one.device === words.device)?.verdict ?? 'untrusted';
  const ends = (evidence.devices[words.device]?.parts ?? []).flatMap((index) => evidence.parts[index]?.segments.last.at(-1) ?? []);
  const end = ends.reduce<Utc>((latest, one) => (one > latest ? one : latest), ends[0] ?? 0n);
  return words.tracks.flatMap((track) => spansOf(words, track, verdict, end));
}

function severity(standing: CameraStanding): number {
  return cameraStandings.indexOf(standing);
}

function hasRecords(evidence: Evidence, part: number): boolean {
  return evidence.parts[part]?.tracks.some(({ kind, codec, isRemoved }) => kind === 'metadata' && codec === cameraCodec && !isRemoved) === true;
}

function columnsOf(window: Window, from: Utc, to: Utc, columns: number): [number, number] | null {
  if (to < window.from || from > window.to) return null;
  const first = Math.min(columns - 1, Math.max(0, Math.floor(place(window, from) * columns)));
  return [first, Math.min(columns - 1, Math.max(first, Math.ceil(place(window, to) * columns) - 1))];
}

/** Bars of a device, at most one for each of `columns`; the worst of what falls into a column. */
export function cameraBars(evidence: Evidence, report: Report | null, words: CameraWords | undefined, window: Window, columns: number): CameraBar[] {
  if (words === undefined) return [];
  const worst = new Array<CameraStanding | null>(columns).fill(null);
  const isSaid = new Array<boolean>(columns).fill(false);
  for (const { from, to, standing } of cameraSpans(evidence, report, words)) {
    const [first, last] = columnsOf(window, from, to, columns) ?? [1, 0];
    for (let column = first; column <= last; column += 1) {
      const there = worst[column] ?? null;
      if (there === null || severity(standing) > severity(there)) worst[column] = standing;
    }
    const [firstSaid, lastSaid] = columnsOf(window, from - slack, to + slack, columns) ?? [1, 0];
    isSaid.fill(true, firstSaid, lastSaid + 1);
  }
  if (isComplete(words)) {
    for (const { start, end } of stretches(evidence, report, words.device, window, (part) => hasRecords(evidence, part))) {
      const last = Math.min(columns - 1, Math.ceil(end * columns) - 1);
      for (let column = Math.floor(start * columns); column <= last; column += 1) if (isSaid[column] !== true) worst[column] ??= 'pending';
    }
  }
  return joined(worst);
}

export interface CameraMoment {
  standing: CameraStanding;
  /** Null where nothing is said. */
  run: CameraRun | null;
}

/** What is said of a moment at which there are pictures; null where no recorder says anything of this device. */
export function cameraAt(evidence: Evidence, report: Report | null, words: CameraWords | undefined, moment: Utc): CameraMoment | null {
  if (words === undefined) return null;
  let worst: CameraSpan | null = null;
  let isNear = false;
  for (const span of cameraSpans(evidence, report, words)) {
    if (span.from - slack <= moment && moment <= span.to + slack) isNear = true;
    if (span.from <= moment && moment < (span.to > span.from ? span.to : span.from + slack) && (worst === null || severity(span.standing) > severity(worst.standing))) worst = span;
  }
  if (worst !== null) return { standing: worst.standing, run: worst.run };
  return !isNear && isComplete(words) ? { standing: 'pending', run: null } : null;
}

/** From when on the recorder says nothing of the pictures at the end; null where it says something of all of them. */
export function pendingFrom(evidence: Evidence, report: Report | null, words: CameraWords): Utc | null {
  if (!isComplete(words)) return null;
  const spans = cameraSpans(evidence, report, words);
  const said = spans.reduce<Utc>((latest, { to }) => (to > latest ? to : latest), spans[0]?.to ?? 0n);
  const ends = (evidence.devices[words.device]?.parts ?? []).filter((part) => hasRecords(evidence, part)).flatMap((part) => evidence.parts[part]?.segments.last.at(-1) ?? []);
  return ends.some((end) => end > said + slack) ? said : null;
}
