/* SPDX-License-Identifier: Apache-2.0 */
/* Times, digests, timeline, keys and names of files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unknownUtc } from '../src/container/format.js';
import { segmentState } from '../src/evidence/model.js';
import { readDigest } from '../src/evidence/digest_text.js';
import { compareDigest, groups } from '../src/ui/digest.js';
import { diskName, fromFolder } from '../src/ui/files.js';
import { commandOf, nextRate } from '../src/ui/keyboard.js';
import { readMoment } from '../src/ui/moment_input.js';
import { preferredLanguage } from '../src/ui/settings.js';
import { bars, clamp, extent, gapAt, gapBars, gapsOf, momentAt, paged, place, ticks, zoomed } from '../src/ui/timeline_geometry.js';
import { Times, clipName, compactUtc, milliseconds, snapshotName } from '../src/ui/times.js';
import { alter, begin, makeEvidence, makeReport, second } from './ui_scenes.js';

const en = new Times('en');
const de = new Times('de');
const digest = '0123456789abcdef'.repeat(4);

test('times in words', () => {
  assert.equal(en.utc(begin), '14 March 2026, 07:58:12 UTC');
  assert.equal(en.utc(begin, true), '14 March 2026, 07:58:12.480 UTC');
  assert.equal(de.utc(begin, true), '14. März 2026, 07:58:12,480 Uhr UTC');
  assert.equal(en.utc(null), 'unknown');
  assert.equal(de.utc(unknownUtc), 'unbekannt');
  assert.equal(en.clock(begin), '07:58:12.480');
  assert.equal(en.period(begin, begin + 61n * second), '14 March 2026, 07:58:12 – 07:59:13 UTC');
  assert.equal(en.period(begin, begin + 86_400n * second), '14 March 2026, 07:58:12 UTC – 15 March 2026, 07:58:12 UTC');
});

test('moments before 1970 are rounded down, and every i64 can be shown', () => {
  assert.equal(milliseconds(-1n), -1);
  assert.equal(milliseconds(-1_000_000n), -1);
  assert.equal(milliseconds(-1_000_001n), -2);
  assert.equal(milliseconds(1_999_999n), 1);
  assert.match(en.utc(2n ** 63n - 1n), /2262/);
  assert.match(en.utc(-(2n ** 63n) + 1n), /1677/);
});

test('lengths and sizes', () => {
  assert.equal(en.length(350_000_000n), '350 ms');
  assert.equal(de.length(1_500_000_000n), '1,5 s');
  assert.equal(en.length(95n * second), '1 min 35 s');
  assert.equal(en.length(3_723n * second), '1 h 02 min 03 s');
  assert.equal(en.size(1), '1 byte');
  assert.equal(en.size(1_023), '1,023 bytes');
  assert.equal(en.sizeExact(2_147_483_648), '2.00 GiB (2,147,483,648 bytes)');
  assert.equal(de.sizeExact(1_874_221_056), '1,75 GiB (1.874.221.056 Byte)');
});

test('names of files', () => {
  assert.equal(compactUtc(begin), '20260314T075812.480Z');
  assert.equal(snapshotName('Tiefgarage Ebene −2', begin), 'Tiefgarage Ebene _2_20260314T075812.480Z.png');
  assert.equal(snapshotName('../../etc\u202Egnp', begin), 'etc_gnp_20260314T075812.480Z.png');
  assert.equal(snapshotName('///', begin), 'device_20260314T075812.480Z.png');
  assert.equal(clipName('A', begin, begin + second), 'A_20260314T075812.480Z_20260314T075813.480Z');
  assert.equal(diskName('..\\evil\u202Efdp.exe'), '_evil_fdp.exe');
  assert.equal(diskName('...'), 'file');
  assert.deepEqual(fromFolder([{ name: 'a.svms' }, { name: 'Thumbs.db' }, { name: 'B.SVMS' }]).map((file) => file.name), ['a.svms', 'B.SVMS']);
  assert.deepEqual(fromFolder([{ name: 'a.bin' }, { name: '.hidden' }]).map((file) => file.name), ['a.bin']);
});

test('fingerprints as people paste them', () => {
  const colons = digest.toUpperCase().match(/../g)?.join(':') ?? '';
  for (const text of [digest, colons, `sha256 Fingerprint=${colons}`, `SHA-256: ${colons}\n`, ` ${groups(digest).join(' ')} `, `SHA256:${digest}`]) {
    assert.deepEqual(readDigest(text), { ok: true, hex: digest }, text);
  }
  assert.deepEqual(readDigest('  '), { ok: false, fault: 'empty' });
  assert.deepEqual(readDigest(digest.slice(2)), { ok: false, fault: 'length' });
  assert.deepEqual(readDigest(`${digest.slice(2)}zz`), { ok: false, fault: 'characters' });
});

test('the head is compared while it is typed', () => {
  assert.deepEqual(compareDigest('', digest), { result: 'empty' });
  assert.deepEqual(compareDigest('0123 45', digest), { result: 'partial', given: 6 });
  assert.deepEqual(compareDigest('0123 4x', digest), { result: 'characters' });
  assert.deepEqual(compareDigest('0123 4667', digest), { result: 'differs', group: 2 });
  assert.deepEqual(compareDigest(digest.toUpperCase(), digest), { result: 'match' });
  assert.deepEqual(compareDigest(`${digest}0`, digest), { result: 'differs', group: 17 });
});

test('moments as people type them', () => {
  const noon = BigInt(Date.UTC(2026, 2, 14, 12, 0, 0)) * 1_000_000n;
  assert.equal(readMoment('2026-03-14 12:00:00', 0n), noon);
  assert.equal(readMoment('2026-03-14T12:00Z', 0n), noon);
  assert.equal(readMoment('14.3.2026, 12:00', 0n), noon);
  assert.equal(readMoment('12:00:00,25', begin), noon + 250_000_000n);
  for (const wrong of ['', 'noon', '2026-13-01 00:00', '2026-02-30 00:00', '24:00', '12:60']) assert.equal(readMoment(wrong, begin), null, wrong);
});

test('one bad segment is seen on a timeline of a whole day', () => {
  const evidence = makeEvidence(1);
  const report = alter(evidence, makeReport(evidence, 'authentic', 'trusted', segmentState.authentic), 0, 200, 1);
  const whole = extent(evidence);
  assert.ok(whole !== null);
  const drawn = bars(evidence, report, 0, { from: whole.from - 43_200n * second, to: whole.to + 43_200n * second }, 600);
  assert.ok(drawn.some((bar) => bar.standing === 'failed'));
  assert.ok(drawn.every((bar) => bar.start < bar.end && bar.start >= 0 && bar.end <= 1));
});

test('bars are joined, and gaps stay empty', () => {
  const evidence = makeEvidence(1);
  const report = makeReport(evidence, 'authentic', 'trusted', segmentState.authentic);
  const whole = extent(evidence);
  assert.ok(whole !== null);
  const drawn = bars(evidence, report, 0, whole, 600);
  assert.equal(drawn.length, 3, 'two gaps part it in three');
  assert.ok(drawn.every((bar) => bar.standing === 'authentic'));
  assert.equal(bars(evidence, null, 0, whole, 600)[0]?.standing, 'unchecked');
  const gaps = gapsOf(report, 0);
  assert.equal(gaps.length, 2);
  assert.equal(gapBars(gaps, whole).length, 2);
  assert.equal(gapAt(gaps, (gaps[0]?.from ?? 0n) + second)?.reason, 'signal_lost');
  assert.equal(gapAt(gaps, gaps[0]?.to ?? 0n), null);
});

test('windows of the timeline', () => {
  const whole = { from: 0n, to: 100n * second };
  assert.equal(place(whole, 50n * second), 0.5);
  assert.equal(momentAt(whole, 0.25), 25n * second);
  assert.equal(momentAt(whole, 7), whole.to);
  assert.equal(clamp(whole, -5n), 0n);
  assert.deepEqual(zoomed(whole, 20n * second, 50n * second), { from: 40n * second, to: 60n * second });
  assert.deepEqual(zoomed(whole, 20n * second, 1n), { from: 0n, to: 20n * second });
  assert.deepEqual(zoomed(whole, 200n * second, 1n), whole);
  assert.deepEqual(paged(whole, { from: 40n * second, to: 60n * second }, 1), { from: 60n * second, to: 80n * second });
  assert.deepEqual(paged(whole, { from: 80n * second, to: 100n * second }, 1), { from: 80n * second, to: 100n * second });
  assert.deepEqual(ticks(whole, 5), [0n, 30n, 60n, 90n].map((at) => at * second));
  assert.ok(ticks({ from: 0n, to: 2n ** 62n }, 8).length <= 9, 'absurd times make no endless scale');
});

test('keys', () => {
  const key = (name: string, shiftKey = false, ctrlKey = false): ReturnType<typeof commandOf> => commandOf({ key: name, shiftKey, ctrlKey, altKey: false, metaKey: false });
  assert.equal(key(' '), 'toggle');
  assert.equal(key('K'), 'toggle');
  assert.equal(key('.'), 'step_forward');
  assert.equal(key('ArrowLeft', true), 'back_60');
  assert.deepEqual(key('3'), { device: 2 });
  assert.equal(key('s', false, true), null, 'keys of the browser stay the browser’s');
  assert.equal(key('constructor'), null);
  assert.equal(nextRate(1, 1), 2);
  assert.equal(nextRate(16, 1), 16);
  assert.equal(nextRate(0.25, -1), 0.25);
});

test('language', () => {
  assert.equal(preferredLanguage(['fr-FR', 'de-AT', 'en']), 'de');
  assert.equal(preferredLanguage(['fr']), 'en');
});
