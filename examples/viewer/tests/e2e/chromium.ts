/* SPDX-License-Identifier: Apache-2.0 */
/* The viewer in Chromium. Exit status 77: there is no Chromium. */
import { after, before } from 'node:test';
import { accessCases } from './access_cases.js';
import { type Setting, commonCases } from './cases.js';
import { type ChromiumBrowser, findChromium, startChromium } from './chromium_browser.js';
import { clipCases } from './clip_cases.js';
import { codecCases } from './codec_cases.js';
import { honestyCases } from './honesty_cases.js';
import { hostileCases } from './hostile_cases.js';
import { hugeCases } from './huge_cases.js';
import { Material } from './material.js';
import { playCases, playLimits } from './play_cases.js';
import { Scenes } from './scenes.js';

export interface ChromiumSetting extends Setting {
  browser: ChromiumBrowser;
}

const path = findChromium();
const page = process.env['SVMS_VIEWER'];
if (path === null || page === undefined) {
  console.log('SKIPPED: NOTHING WAS TESTED IN CHROMIUM: there is none, or SVMS_VIEWER is not set');
  process.exit(77);
}

let setting: ChromiumSetting | null = null;
const made = (): ChromiumSetting => {
  if (setting === null) throw new Error('Chromium did not start');
  return setting;
};

before(async () => {
  setting = { browser: await startChromium(path), page, scenes: new Scenes(new Material()) };
  console.log(`# ${setting.browser.version}`);
});
after(async () => {
  await setting?.browser.close();
  setting?.scenes.material.remove();
});

commonCases(made);
codecCases(made);
playCases(made);
playLimits(made);
clipCases(made);
honestyCases(made);
hostileCases(made);
accessCases(made);
hugeCases(made);
