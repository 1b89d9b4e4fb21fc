/* SPDX-License-Identifier: Apache-2.0 */
/* What every browser must do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { password } from './material.js';
import { type Browser, until } from './page.js';
import { type Scenes, utcOf } from './scenes.js';
import { Viewer, likeness } from './viewer.js';

/** A picture that was decoded by another decoder, and turned into colours by other rules, is as like as this. */
const leastLikeness = 35;

export interface Setting {
  browser: Browser;
  page: string;
  scenes: Scenes;
}

/** A page for one test; whatever the test did, nothing may have gone out, run or failed unseen. */
export async function withViewer(setting: Setting, body: (viewer: Viewer) => Promise<void>): Promise<void> {
  const viewer = await Viewer.start(setting.browser, setting.page);
  try {
    await body(viewer);
    assert.deepEqual(viewer.connections(), [], 'nothing is asked for but files and memory');
    assert.deepEqual(viewer.page.incidents(), [], 'no dialog, and no error that nobody caught');
    assert.equal(await viewer.ran(), null, 'no text became markup');
  } finally {
    await viewer.page.close();
  }
}

/** Goes to this picture of a clip and compares it with FFmpeg's. */
export async function comparePicture(setting: Setting, viewer: Viewer, device: number, clip: string, number: number): Promise<void> {
  await viewer.goTo(utcOf(number));
  await viewer.shows(device, utcOf(number));
  const shown = await viewer.picture(device);
  const likely = likeness(shown.rgb, setting.scenes.material.picture(clip, number));
  console.log(`# ${setting.browser.version}: device ${device}, picture ${number}: ${likely.toFixed(1)} dB of FFmpeg's`);
  assert.ok(likely > leastLikeness, `picture ${number} is FFmpeg's: ${likely.toFixed(1)} dB`);
}

export async function opensPackage(setting: Setting): Promise<void> {
  const { scenes } = setting;
  await withViewer(setting, async (viewer) => {
    await viewer.open(scenes.pair());
    assert.equal((await viewer.verdict()).standing, 'unknown', 'nobody known vouches for it yet');
    await viewer.unlock('wrong');
    await viewer.waitFor('password-error');
    const asked = Date.now();
    await viewer.unlock(password);
    await viewer.shows(0, null);
    console.log(`# ${setting.browser.version}: first picture ${Date.now() - asked} ms after the password`);
    await viewer.verdict();
    await viewer.trust(scenes.ca);
    assert.equal((await viewer.verdictOtherThan('untrusted')).outcome, 'authentic');
    assert.equal(await viewer.count('device'), 2);
    assert.equal(await viewer.count('link'), 2);
    const head = ((await viewer.text('head')) ?? '').replace(/[^0-9a-f]/gi, '').toLowerCase();
    assert.equal(head, scenes.receipt());
  });
}

/** A fingerprint is enough where the file carries the authority's certificate; one that it does not carry is said. */
export async function trustsFingerprint(setting: Setting): Promise<void> {
  const { scenes } = setting;
  await withViewer(setting, async (viewer) => {
    await viewer.open(scenes.withAuthority());
    assert.equal((await viewer.verdict()).outcome, 'untrusted');
    await viewer.enter('fingerprint-input', '00'.repeat(32));
    await viewer.waitFor('fingerprint-missing');
    await viewer.enter('fingerprint-input', scenes.material.fingerprint());
    const isAuthentic = async (): Promise<true | null> => ((await viewer.data('verdict'))?.['outcome'] === 'authentic' ? true : null);
    assert.ok(await until('the fingerprint makes it authentic', isAuthentic));
  });
}

export async function playsPackage(setting: Setting): Promise<void> {
  const { scenes } = setting;
  await withViewer(setting, async (viewer) => {
    await viewer.open(scenes.pair());
    await viewer.unlock(password);
    await viewer.shows(0, null);
    await comparePicture(setting, viewer, 0, scenes.frontClip(), 57);
    await comparePicture(setting, viewer, 1, scenes.yardClip(), 57);
    await viewer.click('step-forward');
    await viewer.shows(0, utcOf(58));
    await viewer.click('step-back');
    await viewer.shows(0, utcOf(57));
    await viewer.click('play');
    const moved = await viewer.shows(0, utcOf(67), 20_000).catch(async () => (await viewer.screens())[0]);
    assert.ok(moved !== undefined && BigInt(moved.utc) > utcOf(60), 'it plays on');
  });
}

export async function findsTampering(setting: Setting): Promise<void> {
  const { path, named } = setting.scenes.tampered();
  await withViewer(setting, async (viewer) => {
    await viewer.open(path);
    assert.equal((await viewer.verdict()).outcome, named.verdict);
    const failure = await viewer.data('failure');
    assert.equal(failure?.['segment'], String(named.segment));
    assert.equal(Date.parse(failure?.['time'] ?? ''), Date.parse(named.time));
  });
}

/** A recording in the clear: verdict with the authority, and a picture. */
export async function opensRecording(setting: Setting, path: string, clip: string, number: number): Promise<void> {
  await withViewer(setting, async (viewer) => {
    await viewer.open(path);
    await viewer.verdict();
    await viewer.trust(setting.scenes.ca);
    assert.equal((await viewer.verdictOtherThan('untrusted')).outcome, 'authentic');
    await comparePicture(setting, viewer, 0, clip, number);
  });
}

export function commonCases(setting: () => Setting): void {
  test('a package asks for its password and for an authority, and verifies', () => opensPackage(setting()));
  test('an authority is trusted by its fingerprint', () => trustsFingerprint(setting()));
  test('pictures of two devices are those that FFmpeg decodes', () => playsPackage(setting()));
  test('an altered byte is found in the segment and at the time that the command line names', () => findsTampering(setting()));
}
