/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Setting, comparePicture, opensRecording, withViewer } from './cases.js';
import { pause, until } from './page.js';
import { utcOf } from './scenes.js';

/** Browsers may lack H.265; then the page says so and goes on. */
async function playsH265(setting: Setting): Promise<void> {
  const { scenes } = setting;
  await withViewer(setting, async (viewer) => {
    await viewer.open(scenes.h265());
    await viewer.verdict();
    const shown = await until('a picture, or why there is none', async () => {
      const [screen] = await viewer.screens();
      return screen !== undefined && ['picture', 'unsupported_codec'].includes(screen.condition) ? screen : null;
    });
    console.log(`# ${setting.browser.version}: H.265: ${shown.condition}`);
    if (shown.condition === 'picture') await comparePicture(setting, viewer, 0, scenes.h265Clip(), 23);
    else assert.match(shown.detail, /H\.?265|HEVC|hvc1/i, 'the page names the codec that the browser lacks');
  });
}

async function playsTelephone(setting: Setting): Promise<void> {
  await withViewer(setting, async (viewer) => {
    await viewer.open(setting.scenes.telephone());
    await viewer.verdict();
    await viewer.shows(0, null);
    const isAudible = await viewer.page.run(() => document.querySelector<HTMLSelectElement>('#audible')?.disabled === false, null);
    assert.ok(isAudible, 'there is sound to be heard');
    await viewer.click('play');
    await pause(1500);
    const [shown] = await viewer.screens();
    assert.ok(BigInt(shown?.utc ?? '0') > utcOf(5), 'pictures go on with the sound');
    const length = BigInt(shown?.utc ?? '0') - utcOf(0);
    assert.ok(length < 4_000_000_000n, 'by the clock and not faster');
  });
}

async function opensContainers(setting: Setting): Promise<void> {
  const { scenes } = setting;
  const files = scenes.rotated();
  assert.ok(files.length > 2, 'there are several containers');
  await withViewer(setting, async (viewer) => {
    await viewer.open(...[...files].reverse());
    await viewer.verdict();
    await viewer.trust(scenes.ca);
    assert.equal((await viewer.verdictOtherThan('untrusted')).outcome, 'authentic');
    assert.equal(await viewer.count('device'), 1, 'containers of one recording are one device');
    await comparePicture(setting, viewer, 0, scenes.yardClip(), 120);
  });
}

export function codecCases(setting: () => Setting): void {
  test('a recording with MJPEG plays', () => opensRecording(setting(), setting().scenes.mjpeg(), setting().scenes.mjpegClip(), 41));
  test('a recording with H.264 and AAC plays', () => opensRecording(setting(), setting().scenes.frontRecording(), setting().scenes.frontClip(), 87));
  test('a recording with H.265 plays, or it is said that the browser cannot', () => playsH265(setting()));
  test('a recording with G.711 plays by the clock', () => playsTelephone(setting()));
  test('several containers are one recording', () => opensContainers(setting()));
}
