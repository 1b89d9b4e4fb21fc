/* SPDX-License-Identifier: Apache-2.0 */
/* What a recorder says of a camera, along the time: beside the recording's own verdict, never better, and nothing made up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CameraWords, type Evidence, type Part, type Report, segmentState } from '../src/evidence/model.js';
import { type CameraStanding, cameraAt, cameraBars, cameraStandings, pendingFrom } from '../src/ui/camera_timeline.js';
import { cameraMomentWords, pendingSentence } from '../src/ui/camera_text.js';
import { extent } from '../src/ui/timeline_geometry.js';
import { de } from '../src/ui/texts/de.js';
import { en } from '../src/ui/texts/en.js';
import { Times } from '../src/ui/times.js';
import { begin, cameraTrack, cameraWords, makeEvidence, makeReport, second } from './ui_scenes.js';

const english = { t: en, times: new Times('en') };
const german = { t: de, times: new Times('de') };

/** Segments of ten seconds, one behind the other. */
function evidenceOf(rows: number): Evidence {
  const evidence = makeEvidence(1);
  const [part] = evidence.parts as [Part];
  part.segments = { numbers: Float64Array.from({ length: rows }, (_, i) => i), first: BigInt64Array.from({ length: rows }, (_, i) => at(10 * i)), last: BigInt64Array.from({ length: rows }, (_, i) => at(10 * i + 10) - 40_000_000n) };
  for (const track of part.tracks) if (track.kind === 'metadata') track.codec = 'svcv';
  return evidence;
}

function at(seconds: number): bigint {
  return begin + BigInt(Math.round(seconds * 1000)) * 1_000_000n;
}

function reportOf(evidence: Evidence): Report {
  return makeReport(evidence, 'authentic', 'trusted', segmentState.authentic);
}

/** Standings with the seconds at which they begin and end, in whole columns of a second. */
function drawn(evidence: Evidence, report: Report | null, words: CameraWords | undefined): [CameraStanding, number, number][] {
  const whole = extent(evidence);
  assert.ok(whole !== null);
  const columns = Number((whole.to - whole.from + second - 1n) / second);
  return cameraBars(evidence, report, words, { from: whole.from, to: whole.from + BigInt(columns) * second }, columns).map(({ standing, start, end }) => [standing, Math.round(start * columns), Math.round(end * columns)]);
}

test('each verdict has its place, and what has none is pending', () => {
  const evidence = evidenceOf(5);
  const track = cameraTrack();
  track.runs = track.runs.slice(0, 4);
  assert.deepEqual(drawn(evidence, reportOf(evidence), cameraWords(0, track)), [
    ['authentic', 0, 30], ['doubted', 30, 31], ['authentic', 31, 39], ['doubted', 39, 40], ['pending', 41, 50],
  ]);
  assert.equal(pendingFrom(evidence, reportOf(evidence), cameraWords(0, track)), at(40));
});

test('an end that no signature covers is unsigned as far as there are pictures, and not pending', () => {
  const evidence = evidenceOf(5);
  const bars = drawn(evidence, reportOf(evidence), cameraWords(0));
  assert.deepEqual(bars.at(-1), ['unsigned', 40, 50]);
  assert.equal(pendingFrom(evidence, reportOf(evidence), cameraWords(0)), null);
});

test('the word is never better than the recording that holds it, nor than its signer', () => {
  const evidence = evidenceOf(5);
  const kinds = (report: Report | null, words: CameraWords): Set<CameraStanding> => new Set(drawn(evidence, report, words).map(([standing]) => standing));
  assert.ok(kinds(reportOf(evidence), cameraWords(0)).has('authentic'));
  assert.ok(!kinds(null, cameraWords(0)).has('authentic'), 'nothing was verified');
  assert.ok(!kinds(makeReport(evidence, 'untrusted', 'no_anchor', segmentState.untrusted), cameraWords(0)).has('authentic'));
  assert.ok(!kinds(reportOf(evidence), { ...cameraWords(0), isUnsigned: true }).has('authentic'));
  const stranger = cameraTrack();
  for (const signer of stranger.signers) signer.identity = 'unknown_issuer';
  assert.deepEqual([...kinds(reportOf(evidence), cameraWords(0, stranger))].sort(), ['doubted', 'unsigned', 'unsure']);
});

test('where words may be elsewhere, nothing is called pending', () => {
  const evidence = evidenceOf(9);
  const track = cameraTrack();
  track.runs = track.runs.slice(0, 2);
  const pending = (words: CameraWords): boolean => drawn(evidence, reportOf(evidence), words).some(([standing]) => standing === 'pending');
  assert.ok(pending(cameraWords(0, track)));
  for (const change of [{ unread: 1 }, { faultCount: 1 }, { isLeftOut: true }]) {
    const words = { ...cameraWords(0, track), ...change };
    assert.ok(!pending(words), JSON.stringify(change));
    assert.equal(pendingFrom(evidence, reportOf(evidence), words), null);
  }
  assert.ok(!pending(cameraWords(0, { ...track, runsLeftOut: 3 })));
  assert.deepEqual(drawn(evidence, reportOf(evidence), undefined), [], 'a recorder that says nothing');
});

test('one bad group is seen on a timeline of a whole day', () => {
  const evidence = evidenceOf(8_640);
  const track = cameraTrack();
  track.runs = track.runs.slice(0, 2);
  const whole = extent(evidence);
  assert.ok(whole !== null);
  assert.ok(cameraBars(evidence, reportOf(evidence), cameraWords(0, track), whole, 600).some((bar) => bar.standing === 'doubted'));
});

test('a moment is told in words, in both languages', () => {
  const evidence = evidenceOf(5);
  const track = cameraTrack();
  track.runs = track.runs.slice(0, 4);
  const words = cameraWords(0, track);
  const told = (seconds: number): string[] => {
    const moment = cameraAt(evidence, reportOf(evidence), words, at(seconds));
    return moment === null ? [] : [english, german].map((language) => cameraMomentWords(language, moment));
  };
  assert.deepEqual(told(5), ['camera: as the camera signed it, says the recorder', 'Kamera: wie von der Kamera signiert, sagt das Aufzeichnungsgerät']);
  assert.deepEqual(told(30.5), ['camera: changed since the camera signed it, says the recorder', 'Kamera: verändert, seit die Kamera es signiert hat, sagt das Aufzeichnungsgerät']);
  assert.deepEqual(told(45), ['camera: no verdict of the recorder here', 'Kamera: hier kein Urteil des Aufzeichnungsgeräts']);
  assert.equal(cameraAt(evidence, reportOf(evidence), undefined, at(5)), null);
  assert.match(pendingSentence(english, evidence, reportOf(evidence), words) ?? '', /^From .* on there is no verdict of the recorder here\. It comes behind the pictures/);
  assert.match(pendingSentence(german, evidence, reportOf(evidence), words) ?? '', /^Ab .* liegt hier kein Urteil des Aufzeichnungsgeräts vor\./);
  for (const { t } of [english, german]) assert.equal(new Set(cameraStandings.map((standing) => t.play.cameraStates[standing])).size, cameraStandings.length);
});
