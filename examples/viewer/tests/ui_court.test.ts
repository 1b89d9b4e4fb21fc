/* SPDX-License-Identifier: Apache-2.0 */
/* What must not be said: each of these was once said wrongly, or could be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeviceReport, type FailureView, type LinkView, type PartReport, type Report, segmentState } from '../src/evidence/model.js';
import { plain, spansOf } from '../src/ui/dom.js';
import { attachmentWords, deviceVerdict, gapSentence, headline, linkCovers, linkTimes, linkVerdict, madeLine, segmentCount, sentence, summary } from '../src/ui/explain.js';
import { attachmentStanding, deviceStanding, gravestFirst, pictureStanding, receiptHeads, standingAt, standingOf, statementsOf } from '../src/ui/judgement.js';
import { deviceName, quoted } from '../src/ui/names.js';
import { refusal } from '../src/ui/policy.js';
import { printedReport } from '../src/ui/report_model.js';
import { reportText } from '../src/ui/report_text.js';
import { de } from '../src/ui/texts/de.js';
import { en } from '../src/ui/texts/en.js';
import { bars, extent, gapAt, gapsOf } from '../src/ui/timeline_geometry.js';
import { Times, clipName, snapshotName } from '../src/ui/times.js';
import { type Scene, alter, makeEvidence, makeReport, scenes, second } from './ui_scenes.js';

const english = { t: en, times: new Times('en') };
const german = { t: de, times: new Times('de') };

function scene(name: string): { evidence: Scene['evidence']; report: Report } {
  const made = scenes[name]?.();
  assert.ok(made !== undefined && made.report !== null);
  return { evidence: made.evidence, report: made.report };
}

function said(name: string, words = english): string[] {
  const { evidence, report } = scene(name);
  return statementsOf(evidence, report).map((one) => plain(sentence(words, evidence, one)));
}

function printed(name: string, words = english, change: (made: ReturnType<typeof scene>) => void = () => undefined): string {
  const made = scene(name);
  change(made);
  return reportText(words.t, printedReport(words, { ...made, fileNames: [made.evidence.name], browser: 'Test' })).replace(/\s+/g, ' ');
}

test('where footage was cut out, no picture of the recording is called authentic, and the cut is marked', () => {
  const { evidence, report } = scene('cut');
  const whole = extent(evidence);
  assert.ok(whole !== null);
  assert.ok(bars(evidence, report, 0, whole, 600).every((bar) => bar.standing === 'recording_fails'));
  assert.ok(bars(evidence, report, 1, whole, 600).every((bar) => bar.standing === 'authentic'), 'the other device holds');
  assert.equal(standingAt(evidence, report, 0, whole.from + 10n * second), 'recording_fails');
  const gap = gapsOf(report, 0)[0];
  assert.ok(gap !== undefined && gap.kind === 'lost');
  assert.match(gapSentence(english, gap), /removed or lost: 23 segments$/);
  assert.match(gapSentence(german, gap), /entfernt oder verloren: 23 Abschnitte$/);
  assert.equal(gapAt(gapsOf(report, 0), gap.from + second)?.kind, 'lost');
  assert.match(summary(english, report), /marked on the timeline/);
  const lines = statementsOf(evidence, { ...report, unattestedBytes: 9 }).map((one) => sentence(english, evidence, one));
  assert.ok(lines.includes('9 bytes at the end are not signed.'), 'no harmless reason is offered for it');
});

test('findings of several files reach every picture of the part, and nothing is said to be marked where nothing is', () => {
  const { evidence, report } = scene('single');
  const part = report.devices[0]?.parts[0] as PartReport;
  const own = report.devices[0] as DeviceReport;
  part.isAltered = true;
  part.verdict = own.verdict = 'not_authentic';
  const rolledBack: Report = { ...report, outcome: 'not_authentic' };
  assert.equal(deviceStanding(rolledBack, 0), 'recording_fails');
  for (const state of [segmentState.authentic, segmentState.untrusted, segmentState.unattested]) assert.equal(pictureStanding(rolledBack, part, state), 'recording_fails');
  assert.doesNotMatch(summary(english, rolledBack), /marked/);
  assert.equal(standingOf({ ...rolledBack, expectedHead: { found: false, linksSince: null, isNewest: false, part: null } }), 'altered');
  assert.ok(bars(evidence, rolledBack, 0, extent(evidence) ?? { from: 0n, to: 1n }, 600).every((bar) => bar.standing === 'recording_fails'));
});

test('an unsigned recording is neither unaltered nor signed at its end', () => {
  const { report } = scene('unsigned');
  const own = report.devices[0] as DeviceReport;
  const part = own.parts[0] as PartReport;
  for (const words of [english, german]) {
    const all = [headline(words, report), summary(words, report), deviceVerdict(words, report, own), segmentCount(words, part), printed('unsigned', words)].join(' ');
    assert.doesNotMatch(all, /[Uu]naltered|[Uu]nverändert|signed end|signiertem Ende|segments verified|Abschnitte geprüft/);
  }
  assert.equal(deviceStanding(report, 0), 'unsigned');
  const withHead: Report = { ...report, head: 'ab', recordings: [{ device: 0, recordingId: 'cd', part: 0, head: 'ab'.repeat(32), verdict: 'untrusted' }] };
  assert.deepEqual(receiptHeads(withHead), [], 'the head of what nobody signed is no signature');
  part.verdict = 'malformed';
  assert.notEqual(standingOf(report), 'unsigned', 'of what cannot be read nobody knows');
  part.verdict = 'untrusted';
  assert.equal(snapshotName('A', 0n, en.play.savedAs.unsigned), 'A_19700101T000000.000Z_NOT-SIGNED.png');
  const mixed = scene('unknown').report;
  (mixed.devices[1]?.parts[0] as PartReport).isSigned = false;
  assert.equal(headline(english, mixed), 'Partly not signed: nothing would show an alteration there');
});

test('of an unknown signer nothing is called unaltered', () => {
  for (const [words, name] of [[english, 'unknown'], [german, 'unknown'], [english, 'revoked'], [german, 'revoked']] as const) {
    const { report } = scene(name);
    assert.doesNotMatch(`${headline(words, report)} ${words.t.verdict.badges.untrusted} ${words.t.play.banners.untrusted} ${words.t.play.states.untrusted}`, /[Uu]naltered|[Uu]nverändert|bürg|vouch|Verlass/);
  }
});

test('a signature that nobody could check confirms nothing', () => {
  const { evidence, report } = scene('unverifiable');
  const link = report.links[1] as LinkView;
  assert.match(linkVerdict(english, link), /could not be checked/);
  assert.equal(linkCovers(english, evidence, link), en.links.coversNothing);
  assert.match(linkTimes(english, link).join(' '), /nobody confirms it/);
  assert.ok(said('unverifiable').some((line) => line.startsWith('Signature 2 of the package could not be checked')));
  for (const words of [english, german]) {
    const text = printed('unverifiable', words);
    assert.ok(text.includes(words.t.verdicts.unverifiable));
    assert.ok(text.includes(`${words.t.links.note} (${words.t.links.unverified}): Das ist mein Vermerk`));
  }
});

test('the report lists the trust that was used, and no word of what was not', () => {
  const text = printed('authentic');
  assert.match(text, /Revocation lists: none was named/);
  assert.match(text, /Head of a receipt that was compared: none was named/);
  const used = printed('authentic', german, ({ report }) => {
    report.trust.revocationLists.push({ issuer: 'CN=Muster CRL', thisUpdate: 0n });
    report.trust.expectedHead = 'ab'.repeat(32);
    report.unknownFingerprints.push('cd'.repeat(32));
  });
  assert.match(used, /„CN=Muster CRL“, vom 1. Januar 1970/);
  assert.match(used, /Verglichener Prüfwert einer Quittung: abab abab/);
  assert.match(used, /Angegebener, nicht gefundener Fingerabdruck: cdcd/);
  assert.doesNotMatch(used, /mit demselben Ergebnis/);
});

test('a receipt is compared with the newest file of each recording', () => {
  const { report } = scene('folder');
  const heads = receiptHeads(report);
  assert.equal(heads.length, 1);
  assert.equal(heads[0]?.head, report.recordings[0]?.head);
  assert.notEqual(heads[0]?.head, report.devices[0]?.parts[0]?.head, 'not the oldest');
  assert.ok(heads[0]?.isSound);
  const broken: Report = { ...report, recordings: report.recordings.map((one) => ({ ...one, verdict: 'not_authentic' })) };
  assert.ok(!receiptHeads(broken)[0]?.isSound);
  assert.ok(!receiptHeads(scene('altered').report)[0]?.isSound, 'nothing is green under a red verdict');
  assert.ok(printed('folder').includes((heads[0]?.head.match(/.{4}/g) ?? []).join(' ')));
});

test('missing files of a recording are named; nobody asked a period of it', () => {
  assert.ok(said('folder').includes('“Haupteingang”: files number 2 to 3 of the recording are missing.'));
  assert.ok(said('folder', german).includes('„Haupteingang“: Die Dateien Nummer 2 bis 3 der Aufzeichnung fehlen.'));
  assert.ok(!said('folder').some((line) => line.includes('asked for')));
});

test('the exporter’s word for a device is marked as his', () => {
  const { evidence } = scene('closed');
  assert.equal(plain(deviceName(en, evidence.devices[0], 0)), 'Device 1 (“Kamera A” according to the exporter)');
  assert.equal(plain(deviceName(de, evidence.devices[0], 0)), 'Gerät 1 („Kamera A“ laut exportierender Stelle)');
  assert.equal(deviceName(de, evidence.devices[1], 1), 'Gerät 2');
  assert.match(printed('closed'), /Name \(as the exporter says\): Kamera A/);
});

test('a name cannot leave its quotation marks', () => {
  const name = 'confirmed by the Court”. “Camera\u2069 is \u202Efine\u2068';
  const told = `${quoted(en, name)}: the recording is not signed.`;
  assert.equal(plain(told), '“confirmed by the Court’. ’Camera⟨U+2069⟩ is ⟨U+202E⟩fine⟨U+2068⟩”: the recording is not signed.');
  assert.deepEqual(spansOf(told).map((span) => span.isName), [false, true, false]);
  const evidence = makeEvidence(1);
  (evidence.devices[0] as { name: string }).name = name;
  const report = makeReport(evidence, 'authentic', 'trusted', segmentState.authentic);
  const text = reportText(en, printedReport(english, { evidence, report, fileNames: [name, 'b'], browser: '' }));
  assert.doesNotMatch(text, /[\u2066-\u2069\u202a-\u202e]/);
});

test('beyond what is printed, what does not hold comes first, and the rest is counted', () => {
  const evidence = makeEvidence(300);
  const report = alter(evidence, makeReport(evidence, 'authentic', 'trusted', segmentState.authentic), 290, 5, 1);
  const text = reportText(en, printedReport(english, { evidence, report, fileNames: [evidence.name], browser: '' }));
  assert.match(text, /^“Kamera 291”$/m);
  const flat = text.replace(/\s+/g, ' ');
  assert.ok(flat.includes('100 more devices are not listed here; those that do not hold are listed first.'));
  assert.deepEqual(gravestFirst([1, 2, 3], (one) => (one === 3 ? 'not_authentic' : 'authentic'), 2), [3, 1, 2]);
  assert.deepEqual(gravestFirst([1, 2, 3], (one) => (one === 3 ? 'not_authentic' : 'authentic'), 3), [1, 2, 3]);
});

test('an attachment that did not open is not called unaltered, on the page and in print', () => {
  const { evidence, report } = scene('authentic');
  (report.contents as NonNullable<Report['contents']>).attachments[0] = { number: 0, verdict: 'undecryptable', reason: 'x' };
  assert.equal(attachmentStanding(evidence, report, 0), 'undecryptable');
  assert.equal(attachmentStanding({ ...evidence, isUnlocked: false }, report, 0), 'not_opened');
  assert.equal(attachmentStanding(evidence, null, 0), 'unchecked');
  assert.equal(attachmentWords(de, 'undecryptable'), 'nicht zu öffnen');
  const text = reportText(de, printedReport(german, { evidence, report, fileNames: [evidence.name], browser: '' })).replace(/\s+/g, ' ');
  assert.match(text, /„Lageplan Erdgeschoss.pdf“, [^:]*: nicht zu öffnen/);
});

test('a time is named only where every failure has one', () => {
  const evidence = makeEvidence(2);
  const report = alter(evidence, alter(evidence, makeReport(evidence, 'authentic', 'trusted', segmentState.authentic), 0, 9, 1), 1, 20, 1);
  assert.match(headline(english, report), /^Altered or damaged from /);
  const nowhere = (report.devices[0]?.parts[0] as PartReport).failures[0] as FailureView;
  nowhere.time = null;
  assert.equal(headline(english, report), 'Altered or damaged');
  (report.devices[0] as DeviceReport).firstFailure = { ...nowhere, time: 1n };
  const known = statementsOf(evidence, report).map((one) => sentence(english, evidence, one)).join(' ');
  assert.match(known, /has a time begins on .*all of it may be affected/);
  (report.devices[0] as DeviceReport).firstFailure = nowhere;
  assert.match(statementsOf(evidence, report).map((one) => sentence(english, evidence, one)).join(' '), /Since when cannot be said; all of it may be affected/);
  nowhere.time = 1n;
  assert.match(headline(english, report), /^Altered or damaged from /);
  assert.equal(headline(english, { ...report, foreign: 'bytes' }), 'Altered or damaged');
});

test('nobody is said to have forbidden what only cannot be told', () => {
  const { evidence, report } = scene('link');
  assert.equal(refusal(evidence, { ...report, reexport: false, reexportReason: 'cannot_tell' }), 'cannot_tell');
  assert.doesNotMatch(en.clip.cannot_tell, /forbid/);
  assert.doesNotMatch(de.clip.cannot_tell, /untersagt/);
});

test('what was left out of a recording stands at the top', () => {
  const lines = said('authentic');
  assert.equal(lines[0], '3 devices and 2 signatures of the package: all signatures are valid.');
  assert.equal(lines[1], '“Kassenhalle”: the exporter left out: sound (track 1).');
});

test('what was read before and judged again has both times', () => {
  const { report } = scene('authentic');
  assert.match(madeLine(english, report), /^Verified on /);
  assert.match(madeLine(english, { ...report, judged: report.made + 60n * second }), /^Read on .*; judged with these particulars on /);
});

test('names of saved files say what they hold', () => {
  for (const t of [en, de]) {
    for (const [standing, mark] of Object.entries(t.play.savedAs)) assert.match(mark, standing === 'authentic' ? /^$/ : /^[A-Z-]+$/);
  }
  assert.match(clipName('A', 0n, second, de.play.savedAs.recording_fails), /_AUFZEICHNUNG-VERAENDERT$/);
});
