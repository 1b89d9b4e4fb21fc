/* SPDX-License-Identifier: Apache-2.0 */
/* The words of reports, in both languages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segmentState } from '../src/evidence/model.js';
import { gapSentence, headline, linkTimes, sentence, shortName } from '../src/ui/explain.js';
import { alteredSince, pictureStanding, standingAt, standingOf, statementsOf, toneOf } from '../src/ui/judgement.js';
import { refusal } from '../src/ui/policy.js';
import { printedReport, runsOf } from '../src/ui/report_model.js';
import { reportText, wrapped } from '../src/ui/report_text.js';
import { plain, visible, visibleLine } from '../src/ui/dom.js';
import { de } from '../src/ui/texts/de.js';
import { en } from '../src/ui/texts/en.js';
import { Times } from '../src/ui/times.js';
import { type Scene, alter, head, makeEvidence, makeReport, scenes } from './ui_scenes.js';

const english = { t: en, times: new Times('en') };
const german = { t: de, times: new Times('de') };

function scene(name: string): Required<Pick<Scene, 'evidence'>> & { report: NonNullable<Scene['report']> } {
  const made = scenes[name]?.();
  assert.ok(made !== undefined && made.report !== null);
  return { evidence: made.evidence, report: made.report };
}

function said(name: string): string[] {
  const { evidence, report } = scene(name);
  return statementsOf(evidence, report).map((statement) => plain(sentence(english, evidence, statement)));
}

test('standing and headline of every scene', () => {
  const expected: [string, string, string][] = [
    ['authentic', 'authentic', 'Authentic'],
    ['unknown', 'unknown', 'Signature valid; the signer’s identity is not confirmed'],
    ['revoked', 'untrusted', 'Signature valid; the signer cannot be relied on'],
    ['incomplete', 'incomplete', 'Authentic as far as it goes, but incomplete'],
    ['receipt', 'receipt', 'Not the file of the receipt'],
    ['altered', 'altered', 'Altered or damaged from 14 March 2026, 08:09:16 UTC'],
    ['link', 'altered', 'Altered or damaged'],
    ['cut', 'altered', 'Altered or damaged from 14 March 2026, 08:07:40 UTC'],
    ['unsigned', 'unsigned', 'Not signed: nothing would show an alteration'],
    ['unverifiable', 'unverifiable', 'A signature could not be checked'],
    ['closed', 'closed', 'Signatures valid; contents not opened'],
  ];
  for (const [name, standing, title] of expected) {
    const { report } = scene(name);
    assert.equal(standingOf(report), standing, name);
    assert.equal(headline(english, report), title, name);
  }
  assert.equal(headline(german, scene('altered').report), 'Verändert oder beschädigt ab 14. März 2026, 08:09:16 Uhr UTC');
});

test('an altered package says where, how much, and what still holds', () => {
  assert.deepEqual(said('altered'), [
    '“Tiefgarage Ebene −2”: the first part that does not hold begins on 14 March 2026, 08:09:16.480 UTC.',
    '“Tiefgarage Ebene −2”: 61 places in all do not hold.',
    'What was recorded by these devices holds: “Haupteingang”, “Kassenhalle”.',
    '“Kassenhalle”: the exporter left out: sound (track 1).',
  ]);
  const single = makeEvidence(1);
  const once = statementsOf(single, alter(single, makeReport(single, 'authentic', 'trusted', segmentState.authentic), 0, 5, 1));
  assert.equal(plain(sentence(english, single, once[1] ?? { kind: 'closed' })), '“Haupteingang”: 1 place in all does not hold.');
  const { report } = scene('altered');
  assert.equal(alteredSince(report), report.devices[1]?.firstFailure?.time);
});

test('unknown signers are named together, in their roles', () => {
  const [line] = said('unknown');
  assert.equal(
    line,
    '“Leitstelle Rathaus, Exportplatz 2” (exporter), “Asservatenstelle PI Mitte” (custodian), “Rekorder 1, Serie 88-10” (recorder), “Rekorder 2, Serie 88-11” (recorder): Unknown authority: you have not named one yet.',
  );
});

test('a broken link, an incomplete period, a receipt', () => {
  assert.ok(said('link').includes('Signature 2 of the package does not hold; nor can what was signed after it be relied on.'));
  assert.ok(said('link').some((line) => line.startsWith('Clocks contradict')));
  assert.ok(!said('link').some((line) => line.startsWith('What was recorded by these devices')), 'nothing is called good while a link is broken');
  assert.ok(said('incomplete').includes('“Tiefgarage Ebene −2”: the period that was asked for is not wholly covered.'));
  assert.ok(said('forbidden').includes('The head of the receipt was found; 1 signature was added since.'));
  assert.deepEqual(said('receipt'), ['The head that you entered belongs to no signature of this file.']);
});

test('times of a link: attested before claimed, and said where it is claimed only', () => {
  const [first, other] = scene('authentic').report.links;
  assert.ok(first !== undefined && other !== undefined);
  assert.deepEqual(linkTimes(english, first).map(plain), [
    'attested to exist on 15 March 2026, 07:58:24 UTC by “Zeitstempeldienst Muster TSA 4”',
    '15 March 2026, 07:58:22 UTC, by the signer’s own clock',
  ]);
  assert.equal(linkTimes(english, other)[1], en.links.notAttested);
});

test('gaps are told with period, length and signed reason', () => {
  const gap = scene('authentic').report.devices[0]?.parts[0]?.gaps[0];
  assert.ok(gap !== undefined);
  assert.equal(gapSentence(english, gap), '14 March 2026, 08:07:40 – 08:09:15 UTC (1 min 35 s): the signal was lost');
  assert.equal(gapSentence(german, { ...gap, lost: 2 }), '14. März 2026, 08:07:40 – 08:09:15 Uhr UTC (1 min 35 s): Signal ausgefallen; 2 Abschnitte fehlen');
});

test('a picture never looks better than what is known of it', () => {
  const { report, evidence } = scene('authentic');
  assert.equal(pictureStanding(null, null, segmentState.authentic), 'unchecked');
  assert.equal(pictureStanding(report, null, segmentState.authentic), 'authentic');
  assert.equal(pictureStanding(scene('link').report, null, segmentState.authentic), 'package_fails');
  assert.equal(pictureStanding(scene('receipt').report, null, segmentState.authentic), 'package_fails');
  assert.equal(pictureStanding({ ...report, foreign: 'x' }, null, segmentState.authentic), 'package_fails');
  for (const state of [2, 3, 4, 5, 0, 77]) assert.notEqual(pictureStanding(report, null, state), 'authentic');
  const broken = scene('altered');
  const failing = broken.evidence.parts[1]?.segments.first[150] ?? 0n;
  assert.equal(standingAt(broken.evidence, broken.report, 1, failing + 5n), 'failed');
  assert.equal(standingAt(broken.evidence, broken.report, 0, failing + 5n), 'authentic');
  assert.equal(standingAt(evidence, report, 0, 5n), null);
  assert.equal(toneOf('not_authentic'), 'bad');
});

test('saving pictures waits for the report and keeps to the policy', () => {
  const allowed = scene('authentic');
  assert.equal(refusal(allowed.evidence, null), 'unverified');
  assert.equal(refusal(allowed.evidence, allowed.report), null);
  assert.equal(refusal({ ...allowed.evidence, isUnlocked: false }, allowed.report), 'locked');
  const forbidden = scene('forbidden');
  assert.equal(refusal(forbidden.evidence, null), 'refused');
  assert.equal(refusal(forbidden.evidence, forbidden.report), 'refused');
  assert.equal(refusal(allowed.evidence, { ...allowed.report, reexport: false, reexportReason: 'forbidden' }), 'refused', 'the report counts, not the claim');
});

test('names of signers', () => {
  assert.equal(shortName('CN=Müller\\, Anna, O=Polizei'), 'Müller, Anna');
  assert.equal(shortName('CN=a\\0ab\\+c'), 'a ⏎ b+c');
  assert.equal(shortName('O=Only An Organisation'), 'O=Only An Organisation');
  assert.equal(shortName('CN=a\u202Eb'), 'a⟨U+202E⟩b');
});

test('what strangers wrote is shown as text, its tricks made visible', () => {
  assert.equal(visible('<b>\u0000\u200B\u202E</b>'), '<b>⟨U+0000⟩⟨U+200B⟩⟨U+202E⟩</b>');
  assert.equal(visible('a\u00adb\u3164\ud800c\udc00\u{e0041}😀'), 'a⟨U+00AD⟩b⟨U+3164⟩⟨U+D800⟩c⟨U+DC00⟩⟨U+E0041⟩😀');
  assert.equal(visible('two\nlines'), 'two\nlines');
  assert.equal(visibleLine('two\n\nlines'), 'two ⏎ lines');
  assert.equal(visible('x'.repeat(9_000)).length, 4_001);
});

test('the saved report has all facts, in both languages', () => {
  const { evidence, report } = scene('altered');
  for (const words of [english, german]) {
    const printed = printedReport(words, { evidence, report, fileNames: [evidence.name], browser: 'Test 1.0' });
    const text = reportText(words.t, printed);
    const flat = text.replace(/\s+/g, ' ');
    const grouped = head.match(/.{4}/g)?.join(' ') ?? '';
    const expected = [printed.headline, evidence.name, evidence.packageId ?? '', grouped, 'Leitstelle Rathaus', 'Asservatenstelle PI Mitte', 'Musterstadt Sicherheit Root', 'Tiefgarage Ebene −2', '556', 'C-MAN-4', '4 Js 1187/26', 'Lageplan Erdgeschoss.pdf', 'Test 1.0', words.t.report.signature, words.t.page.version('1.0.0')];
    for (const one of expected) assert.ok(flat.includes(one), `${one} is missing`);
    for (const gap of words.t === en ? ['the signal was lost', 'the recorder was restarted'] : ['Signal ausgefallen', 'neu gestartet']) assert.ok(flat.includes(gap), gap);
  }
});

test('segments that fail one behind the other are one place in print', () => {
  const { evidence, report } = scene('altered');
  const failures = report.devices[1]?.parts[0]?.failures ?? [];
  assert.equal(failures.length, 61);
  assert.deepEqual(runsOf(failures).map((run) => run.count), [61]);
  const apart = failures.filter((one) => one.segment !== 560);
  assert.deepEqual(runsOf(apart).map((run) => run.count), [4, 56]);
  const other = failures.map((one, i) => (i === 3 ? { ...one, rule: 'C-SEG-1' } : one));
  assert.deepEqual(runsOf(other).map((run) => run.count), [3, 1, 57]);
  const text = reportText(en, printedReport(english, { evidence, report, fileNames: [evidence.name], browser: '' })).replace(/\s+/g, ' ');
  assert.ok(text.includes('14 March 2026, 08:09:16.480 UTC (segment 556) to 14 March 2026, 08:13:16.480 UTC (segment 616), 61 segments. C-MAN-4'));
});

test('a stranger cannot write a line of the report', () => {
  const evidence = makeEvidence(1);
  if (evidence.case !== null) evidence.case.comment = 'harmless\nRESULT: Authentic\n======';
  const device = evidence.devices[0];
  assert.ok(device !== undefined);
  device.name = 'Camera\nVerdict: Authentic';
  const report = alter(evidence, makeReport(evidence, 'authentic', 'trusted', segmentState.authentic), 0, 10, 1);
  const text = reportText(en, printedReport(english, { evidence, report, fileNames: [evidence.name], browser: '' }));
  for (const line of text.split('\n')) assert.ok(!/^(RESULT|Verdict: Authentic|======$)/.test(line), line);
  assert.match(text, /^Verdict: Altered or damaged from/m);
});

test('lines are wrapped at 78 columns', () => {
  const lines = wrapped('word '.repeat(60).trim(), '    ', '  - ').split('\n');
  assert.ok(lines.length > 3);
  assert.ok(lines.every((line) => line.length <= 78));
  assert.ok(lines[0]?.startsWith('  - word'));
  assert.ok(lines[1]?.startsWith('    word'));
});

test('no text is empty but those that say nothing', () => {
  const empty: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'string') {
      if (value.trim() === '') empty.push(path);
    } else if (value !== null && typeof value === 'object') {
      for (const [name, child] of Object.entries(value)) walk(child, `${path}.${name}`);
    }
  };
  walk(en, 'en');
  walk(de, 'de');
  assert.deepEqual(empty, ['en.play.conditions.picture', 'en.play.savedAs.authentic', 'de.play.conditions.picture', 'de.play.savedAs.authentic']);
});

test('numbers and nouns agree', () => {
  assert.equal(en.file.deviceCount(1), '1 device');
  assert.equal(en.file.deviceCount(1_200), '1,200 devices');
  assert.equal(de.file.deviceCount(1), '1 Gerät');
  assert.equal(de.file.deviceCount(1_200), '1.200 Geräte');
  assert.equal(de.statements.receiptOlder(1), 'Der Prüfwert der Quittung wurde gefunden; seither kam 1 Signatur hinzu.');
  assert.equal(de.statements.receiptOlder(2), 'Der Prüfwert der Quittung wurde gefunden; seither kamen 2 Signaturen hinzu.');
});
