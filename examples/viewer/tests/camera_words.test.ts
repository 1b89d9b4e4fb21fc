/* SPDX-License-Identifier: Apache-2.0 */
/* What recorders say of cameras' signatures, gathered; and that nobody takes it for more than their word. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormatError } from '../src/bytes/errors.js';
import type { Track } from '../src/container/header.js';
import { type Sample, UndecryptableError } from '../src/container/samples.js';
import { type CameraCall, collectCameraWords } from '../src/evidence/camera_words.js';
import { type CameraWords, type Evidence, type Part, ProblemError, segmentState } from '../src/evidence/model.js';
import type { ReadableSegment } from '../src/evidence/part_reader.js';
import { plain } from '../src/ui/dom.js';
import { sentence } from '../src/ui/explain.js';
import { cameraTone, saysOfCamera, statementsOf } from '../src/ui/judgement.js';
import { cameraSummary, runSentence } from '../src/ui/camera_text.js';
import { printedReport } from '../src/ui/report_model.js';
import { reportText } from '../src/ui/report_text.js';
import { de } from '../src/ui/texts/de.js';
import { en } from '../src/ui/texts/en.js';
import { Times } from '../src/ui/times.js';
import { namedVector, session, trust } from './session_platform.js';
import { begin, cameraTrack, cameraWords, makeEvidence, makeReport, second } from './ui_scenes.js';

const english = { t: en, times: new Times('en') };
const german = { t: de, times: new Times('de') };
const recordTrack = 2;

/** As CS-REC-1 has it. */
function record(changes: Record<string, unknown> = {}): Uint8Array {
  const whole = {
    track: 0, verdict: 'authentic', reasons: [], trusted: true, identity: 'trusted', key: 'ab'.repeat(32), subject: 'CN=Kamera 17', counter: 1, first_frame: 0, frames: 25,
    missing: 0, changed: 0, inserted: 0, missing_gops: 0, from: '1000', to: '2000', remarks: [], ...changes,
  };
  return new TextEncoder().encode(JSON.stringify(whole));
}

type Row = Uint8Array[] | Error | null;

function segmentOf(part: Part, row: number, data: readonly Uint8Array[], isOpen: boolean): ReadableSegment {
  return {
    number: row,
    hash: new Uint8Array(32),
    isSigned: true,
    tracks: new Set(isOpen ? [0, recordTrack] : [0]),
    async *samples(wanted?: (track: Track) => boolean): AsyncGenerator<Sample> {
      if (wanted?.({ number: recordTrack } as Track) !== true) return;
      const utc = part.segments.first[row] ?? 0n;
      for (const [i, one] of data.entries()) yield { track: { number: recordTrack }, utc: utc + BigInt(i) * second, data: one } as unknown as Sample;
    },
  };
}

interface Made {
  evidence: Evidence;
  isSigned?: boolean;
  isLocked?: boolean;
}

function evidenceOf(rows: number): Evidence {
  const evidence = makeEvidence(1);
  const [part] = evidence.parts as [Part];
  part.segments = { numbers: Float64Array.from({ length: rows }, (_, i) => i), first: BigInt64Array.from({ length: rows }, (_, i) => begin + BigInt(10 * i) * second), last: BigInt64Array.from({ length: rows }, (_, i) => begin + BigInt(10 * i + 9) * second) };
  for (const track of part.tracks) if (track.kind === 'metadata') track.codec = 'svcv';
  return evidence;
}

async function collected(rows: readonly Row[], made: Partial<Made> = {}): Promise<CameraWords> {
  const evidence = made.evidence ?? evidenceOf(rows.length);
  const shares: number[] = [];
  const call: CameraCall = {
    evidence,
    isSigned: () => made.isSigned ?? true,
    isLocked: () => made.isLocked ?? false,
    read: (part, row) => {
      const given = rows[row] ?? null;
      return given instanceof Error ? Promise.reject(given) : Promise.resolve(given === null ? null : segmentOf(evidence.parts[part] as Part, row, given, made.isLocked !== true));
    },
    progress: (share) => shares.push(share),
    check: () => undefined,
  };
  const [words, ...more] = await collectCameraWords(call);
  assert.ok(words !== undefined && more.length === 0);
  assert.ok(shares.every((share, i) => share > (shares[i - 1] ?? 0) && share <= 1));
  return words;
}

test('a key that signed in two formats is told once for each, and older records say none', async () => {
  const words = await collected([[record({ format: 'axis_signed_video_1' }), record({ format: 'onvif_media_signing' }), record({ format: 'axis_signed_video_1' }), record()]]);
  assert.deepEqual(words.tracks[0]?.signers.map(({ format, groups }) => [format, groups]), [['axis_signed_video_1', 2], ['onvif_media_signing', 1], [null, 1]]);
  assert.equal(words.faultCount, 0);
  assert.equal(en.camera.formats.axis_signed_video_1, 'Axis Signed Video, before version 2');
  assert.equal(de.camera.formats.axis_signed_video_1, 'Axis Signed Video, vor Version 2');
  const [unknown] = (await collected([[record({ format: 'none' })]])).tracks;
  assert.equal(unknown, undefined, 'a format that is none is refused');
});

test('groups of which the same is said are one run; every other one is told by itself', async () => {
  const words = await collected([
    [record(), record({ from: '2000', to: '3000' })],
    [record({ from: '3000', to: '4000' }), record({ verdict: 'changed', changed: 3, reasons: ['no_list'], from: '4000', to: '5000' }), record({ verdict: 'changed', changed: 1, from: '5000', to: '6000' })],
    [record({ missing_gops: 2, verdict: 'missing', from: '8000', to: '9000' }), record(), record({ verdict: 'unsigned', reasons: ['tail'], trusted: false, identity: 'unsigned', key: undefined, subject: undefined, from: undefined, to: undefined })],
  ]);
  const [track] = words.tracks;
  assert.ok(track !== undefined);
  assert.deepEqual(track.runs.map((run) => [run.verdict, run.groups, run.signedFrom, run.signedTo]), [['authentic', 3, 1000n, 4000n], ['changed', 1, 4000n, 5000n], ['changed', 1, 5000n, 6000n], ['missing', 1, 8000n, 9000n], ['authentic', 1, 1000n, 2000n], ['unsigned', 1, null, null]]);
  assert.deepEqual([track.groups, track.doubted, track.missingGroups], [8, 3, 2]);
  assert.deepEqual(track.runs.map((run) => run.isDoubted), [false, true, true, true, false, false], 'a stream may end without a signature');
  assert.deepEqual(track.verdicts, { authentic: 4, missing: 1, changed: 2, inserted: 0, unsigned: 1 });
  assert.deepEqual(track.signers, [{ subject: 'CN=Kamera 17', fingerprint: 'ab'.repeat(32), identity: 'trusted', format: null, groups: 7 }]);
  assert.deepEqual([track.runs[0]?.from, track.runs[0]?.to], [begin, begin + 10n * second]);
  assert.deepEqual(track.runs.map((run) => run.until === null ? null : run.until - run.to), [1000n, 1000n, 1000n, 1000n, 1000n, null], 'as long as the camera signed that it lasted');
  assert.equal(track.runs[0]?.frames, 75);
});

test('of what nobody signed the reason says whether it is an alarm', async () => {
  const unsigned = { verdict: 'unsigned', trusted: false, identity: 'unsigned', key: undefined, subject: undefined };
  for (const reason of ['tail', 'head', 'new_session', 'other_format', 'no_key', 'unsupported', 'limit']) assert.equal((await collected([[record({ ...unsigned, reasons: [reason] })]])).tracks[0]?.doubted, 0, reason);
  for (const reason of ['sei_missing', 'sei_changed', 'sei_malformed', 'stripped']) assert.equal((await collected([[record({ ...unsigned, reasons: ['tail', reason] })]])).tracks[0]?.doubted, 1, reason);
});

test('a record that is not as it must be is named and counts for nothing', async () => {
  const words = await collected([[record({ verdict: 'splendid' }), new Uint8Array(3), record({ track: 1 }), record({ track: 9 }), record()], Array.from({ length: 60 }, () => new Uint8Array(1))]);
  assert.equal(words.faultCount, 64);
  assert.equal(words.faults.length, 50);
  assert.match(words.faults[0]?.reason ?? '', /"verdict" is none of the words/);
  assert.match(words.faults[2]?.reason ?? '', /a track that is no video/, 'sound is no video');
  assert.equal(words.faults[1]?.utc, begin + second);
  assert.deepEqual(words.tracks.map((track) => [track.number, track.groups, track.doubted]), [[0, 1, 0]]);
});

test('what no signature covers, what is altered and what is sealed is counted, and not believed', async () => {
  const words = await collected([null, new FormatError('C-SEG-5', 'altered'), [record()], new ProblemError('unsupported', 'too large')]);
  assert.deepEqual([words.unread, words.unreadCode, words.tracks[0]?.groups], [3, 'not_attested', 1]);
  const shut = await collected([[record()], [record()], [record()]], { isLocked: true });
  assert.deepEqual([shut.unread, shut.unreadCode, shut.tracks.length], [3, 'sealed', 0]);
  const wrong = await collected([new UndecryptableError(1, 0, 'no'), [record()]]);
  assert.deepEqual([wrong.unread, wrong.unreadCode, wrong.tracks[0]?.groups], [1, 'undecryptable', 1]);
  await assert.rejects(collected([new ProblemError('unreadable', 'gone'), [record()]]), /gone/);
  assert.equal((await collected([[record()]], { isSigned: false })).isUnsigned, true);
});

test('records that the exporter left out are missed', async () => {
  const evidence = evidenceOf(1);
  for (const track of evidence.parts[0]?.tracks ?? []) if (track.kind === 'metadata') track.isRemoved = true;
  const words = await collected([[record()]], { evidence });
  assert.deepEqual([words.isLeftOut, words.tracks.length, words.unread], [true, 0, 0]);
  assert.equal(saysOfCamera(evidence), true);
  assert.equal(saysOfCamera(makeEvidence(2)), false);
  assert.equal(saysOfCamera({ ...evidence, kind: 'proof' }), false, 'a proof holds no records');
});

test('lists that a stranger can make long are bounded, and numbers are not', async () => {
  const words = await collected([Array.from({ length: 2_100 }, (_, i) => record({ verdict: 'changed', key: i.toString(16).padStart(64, '0') }))]);
  const [track] = words.tracks;
  assert.deepEqual([track?.runs.length, track?.runsLeftOut, track?.signers.length, track?.signersLeftOut, track?.doubted], [2_000, 100, 64, 2_036, 2_100]);
});

test('a session says nothing before it verified, and nothing of what has no records', async () => {
  const opened = session();
  await opened.openNamed([namedVector('packages/good-recording.svmx')]);
  await assert.rejects(opened.cameraWords(), (error: unknown) => error instanceof ProblemError && error.code === 'not_attested');
  await opened.verify(trust());
  assert.deepEqual(await opened.cameraWords(), []);
});

test('the recorder’s word never looks better than the recording that holds it', () => {
  const good = { ...cameraTrack(), verdicts: { authentic: 40, missing: 0, changed: 0, inserted: 0, unsigned: 0 }, doubted: 0 };
  const words = cameraWords(0, good);
  assert.equal(cameraTone(words, good, 'authentic'), 'good');
  for (const verdict of ['untrusted', 'incomplete', 'not_authentic', 'undecryptable'] as const) assert.notEqual(cameraTone(words, good, verdict), 'good', verdict);
  for (const change of [{ isUnsigned: true }, { isLeftOut: true }, { unread: 1 }, { faultCount: 1 }]) assert.equal(cameraTone({ ...words, ...change }, good, 'authentic'), 'unknown', JSON.stringify(change));
  const signers = [{ subject: null, fingerprint: null, identity: 'no_anchor' as const, format: null, groups: 40 }];
  assert.equal(cameraTone(words, { ...good, signers }, 'authentic'), 'unknown');
  assert.equal(cameraTone(words, { ...good, doubted: 1 }, 'authentic'), 'bad');
  assert.equal(cameraTone(words, { ...good, verdicts: { ...good.verdicts, authentic: 39, unsigned: 1 } }, 'authentic'), 'partial');
  assert.equal(cameraTone(words, { ...good, verdicts: { ...good.verdicts, authentic: 0, unsigned: 40 } }, 'authentic'), 'unknown');
});

test('what the recorder says stands in the report in both languages, as its word', () => {
  const evidence = evidenceOf(1);
  const report = makeReport(evidence, 'authentic', 'trusted', segmentState.authentic);
  const cameras = [cameraWords(0)];
  const printed = (words: typeof english, given: CameraWords[] | undefined = cameras, reading: 'running' | 'done' = 'done'): string =>
    reportText(words.t, printedReport(words, { evidence, report, fileNames: ['a'], browser: 'Test', ...(given === undefined ? {} : { cameras: given }), cameraReading: reading })).replace(/\s+/g, ' ');
  const text = printed(english);
  for (const line of [
    'This is the recorder’s word, signed like the recording. Nothing here checks the camera’s signature once more.',
    'Camera: authentic: 37 of 40 groups of pictures (says the recorder)',
    '“Haupteingang”: by the word of the recorder, 2 of 40 groups of pictures are not as the camera signed them.',
    'CN=Kamera 17, O=Optik Werke',
    'yes: an authority that the recorder trusted confirmed it',
    'Format of the signature: ONVIF Media Signing',
    'changed since the camera signed it; 2 pieces of pictures changed',
    'before it 1 group of pictures missing that the camera signed; a signature is missing',
    'no valid signature of the camera; the stream ended before the next signature',
  ]) assert.ok(text.includes(line), line);
  assert.match(text, /Fingerprint of the camera’s certificate, as the recorder says: [0-9a-f]{4} /);
  const other = printed(german);
  for (const line of ['Das ist das Wort des Aufzeichnungsgeräts', 'echt: 37 von 40 Bildgruppen (sagt das Aufzeichnungsgerät)', '2 von 40 Bildgruppen nicht so, wie die Kamera sie signiert hat', 'verändert, seit die Kamera es signiert hat; 2 Bildteile verändert', 'davor 1 signierte Bildgruppe fehlt; eine Signatur fehlt', 'ja: Eine Stelle, der das Aufzeichnungsgerät vertraute']) assert.ok(other.includes(line), line);
  assert.ok(printed(english, [], 'running').includes(en.camera.running));
  assert.ok(!printed(english, [], 'done').includes(en.camera.heading));
  const faulty = printed(english, [{ ...cameraWords(0), tracks: [], faultCount: 1, faults: [{ part: 0, utc: begin, reason: 'a record whose "verdict" is missing' }], isUnsigned: true }]);
  assert.ok(faulty.includes('Records that are not as they must be (1). Nothing in them is believed.') && faulty.includes('"verdict" is missing') && faulty.includes(en.camera.unsignedLead));
});

test('what is doubted is named before what an exporter left out, and what is not doubted is not', () => {
  const evidence = evidenceOf(1);
  const report = makeReport(evidence, 'authentic', 'trusted', segmentState.authentic);
  const said = (words: CameraWords): string[] => statementsOf(evidence, report, [words]).map((one) => plain(sentence(english, evidence, one)));
  assert.ok(said(cameraWords(0)).some((line) => line.includes('by the word of the recorder')));
  assert.ok(!said(cameraWords(0, { ...cameraTrack(), doubted: 0 })).some((line) => line.includes('by the word of the recorder')));
  assert.ok(said({ ...cameraWords(0), faultCount: 2 }).includes('“Haupteingang”: 2 records of the recorder on the camera’s signature are not as they must be; nothing in them is believed.'));
});

test('every reason and every verdict on a signer has words in both languages', () => {
  for (const words of [english, german]) {
    const [run] = cameraTrack().runs;
    assert.ok(run !== undefined);
    for (const reason of Object.keys(en.camera.reasons) as (keyof typeof en.camera.reasons)[]) assert.ok(runSentence(words, { ...run, reasons: [reason] }).includes(words.t.camera.reasons[reason]), reason);
    assert.equal(cameraSummary(words, { ...cameraTrack(), groups: 0 }), words.t.camera.nothing);
    const doubtful = { ...cameraTrack(), signers: [{ subject: null, fingerprint: null, identity: 'unknown_issuer' as const, format: null, groups: 39 }] };
    assert.ok(cameraSummary(words, doubtful).endsWith(words.t.camera.untrusted), 'authentic by nobody who is trusted is no praise');
    assert.doesNotMatch(cameraSummary(words, { ...cameraTrack(), groups: 4, verdicts: { authentic: 0, missing: 0, changed: 4, inserted: 0, unsigned: 0 } }), new RegExp(words.t.camera.verdicts.unsigned));
  }
});
