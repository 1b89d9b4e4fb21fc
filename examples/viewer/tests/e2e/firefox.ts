/* SPDX-License-Identifier: Apache-2.0 */
/* The viewer in Firefox: opening, verifying, playing. Exit status 77: there is no Firefox. */
import { after, before, test } from 'node:test';
import { type Setting, commonCases, opensRecording } from './cases.js';
import { findFirefox, startFirefox } from './firefox_browser.js';
import { Material } from './material.js';
import { playCases } from './play_cases.js';
import { Scenes } from './scenes.js';

const path = findFirefox();
const page = process.env['SVMS_VIEWER'];
if (path === null || page === undefined) {
  console.log('SKIPPED: NOTHING WAS TESTED IN FIREFOX: there is no firefox-esr, or SVMS_VIEWER is not set');
  process.exit(77);
}

let setting: Setting | null = null;
const made = (): Setting => {
  if (setting === null) throw new Error('Firefox did not start');
  return setting;
};

before(async () => {
  setting = { browser: await startFirefox(path), page, scenes: new Scenes(new Material()) };
  console.log(`# ${setting.browser.version}`);
});
after(async () => {
  await setting?.browser.close();
  setting?.scenes.material.remove();
});

commonCases(made);
playCases(made);
test('a recording with MJPEG plays', () => opensRecording(made(), made().scenes.mjpeg(), made().scenes.mjpegClip(), 41));
