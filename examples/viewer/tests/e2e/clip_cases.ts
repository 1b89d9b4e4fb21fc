/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { ChromiumSetting } from './chromium.js';
import { withViewer } from './cases.js';
import { ChromiumPage } from './chromium_browser.js';
import { password } from './material.js';
import { pause } from './page.js';
import { utcOf } from './scenes.js';
import type { Viewer } from './viewer.js';

interface Buttons {
  clip: boolean;
  snapshot: boolean;
}

function pageOf(viewer: Viewer): ChromiumPage {
  if (!(viewer.page instanceof ChromiumPage)) throw new Error('this test is for Chromium');
  return viewer.page;
}

const buttons = (viewer: Viewer): Promise<Buttons> =>
  viewer.page.run(() => ({
    clip: document.querySelector<HTMLButtonElement>('#clip-save')?.disabled === false,
    snapshot: document.querySelector<HTMLButtonElement>('[data-testid="snapshot"]')?.disabled === false,
  }), null);

/** Marks begin and end of a clip at these pictures. */
async function mark(viewer: Viewer, from: number, to: number): Promise<void> {
  await viewer.goTo(utcOf(from));
  await viewer.shows(0, utcOf(from));
  await viewer.page.run(() => document.querySelector<HTMLButtonElement>('#clip-begin')?.click(), null);
  await viewer.goTo(utcOf(to));
  await viewer.shows(0, utcOf(to));
  await viewer.page.run(() => document.querySelector<HTMLButtonElement>('#clip-end')?.click(), null);
}

/** Bytes of each packet of pictures, as FFmpeg counts them. */
function packetsOf(path: string): string[] {
  const text = execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-map', '0:v:0', '-c', 'copy', '-f', 'framemd5', '-'], { encoding: 'utf8' });
  return text.split('\n').filter((line) => /^\d/.test(line)).map((line) => line.split(',').at(-1)?.trim() ?? '');
}

async function savesClip(setting: ChromiumSetting): Promise<void> {
  const { scenes } = setting;
  await withViewer(setting, async (viewer) => {
    await viewer.open(scenes.pair());
    await viewer.unlock(password);
    await viewer.verdict();
    await viewer.trust(scenes.ca);
    await viewer.verdictOtherThan('untrusted');
    await mark(viewer, 40, 90);
    assert.deepEqual(await buttons(viewer), { clip: true, snapshot: true });
    const page = pageOf(viewer);
    const saved = page.page.waitForEvent('download', { timeout: 30_000 });
    await viewer.page.run(() => document.querySelector<HTMLButtonElement>('#clip-save')?.click(), null);
    const clip = scenes.material.path('clip.mp4');
    await (await saved).saveAs(clip);
    const recorded = packetsOf(scenes.frontClip());
    const written = packetsOf(clip);
    const first = recorded.indexOf(written[0] ?? '');
    assert.ok(first >= 0 && first <= 40 && first + written.length >= 90, `pictures 40 to 89 are in it: ${first}, ${written.length}`);
    assert.deepEqual(written, recorded.slice(first, first + written.length), 'every byte of every picture is the recorded one');
    execFileSync('ffmpeg', ['-v', 'error', '-xerror', '-i', clip, '-f', 'null', '-']);
    const snapshot = page.page.waitForEvent('download', { timeout: 30_000 });
    await viewer.click('snapshot');
    assert.match((await snapshot).suggestedFilename(), /\.png$/);
  });
}

async function honoursNoReexport(setting: ChromiumSetting): Promise<void> {
  await withViewer(setting, async (viewer) => {
    await viewer.open(setting.scenes.locked());
    await viewer.unlock(password);
    await viewer.shows(0, null);
    await viewer.verdict();
    await viewer.trust(setting.scenes.ca);
    assert.equal((await viewer.verdictOtherThan('untrusted')).outcome, 'authentic');
    await mark(viewer, 20, 50);
    assert.deepEqual(await buttons(viewer), { clip: false, snapshot: false });
    let downloads = 0;
    pageOf(viewer).page.on('download', () => downloads++);
    await viewer.page.run(() => {
      for (const id of ['clip-begin', 'clip-end', 'clip-save', 'snapshot']) {
        const button = document.getElementById(id);
        button?.removeAttribute('disabled');
        button?.click();
      }
    }, null);
    await pause(1000);
    assert.equal(downloads, 0, 'nothing is written although the button was freed');
  });
}

export function clipCases(setting: () => ChromiumSetting): void {
  test('a clear clip holds the recorded pictures, and a snapshot is a picture', () => savesClip(setting()));
  test('a package that forbids re-export gives neither clip nor snapshot', () => honoursNoReexport(setting()));
}
