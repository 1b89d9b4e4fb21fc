/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { statSync, truncateSync, copyFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Setting, withViewer } from './cases.js';
import { password } from './material.js';
import { pause } from './page.js';
import { utcOf } from './scenes.js';
import { Viewer } from './viewer.js';

/** The page may be busy, but never for longer than this. */
const longestSilence = 1000;

async function isAwake(viewer: Viewer): Promise<void> {
  const milliseconds = await viewer.answers();
  assert.ok(milliseconds < longestSilence, `the page answers within a second: ${milliseconds} ms`);
}

async function showsTexts(setting: Setting): Promise<void> {
  const { scenes } = setting;
  scenes.telephone();
  await withViewer(setting, async (viewer) => {
    await viewer.open(scenes.hostileTexts());
    await viewer.unlock(password);
    await viewer.shows(0, null);
    await viewer.trust(scenes.ca);
    assert.equal((await viewer.verdictOtherThan('untrusted')).outcome, 'authentic');
    await isAwake(viewer);
    const seen = await viewer.page.run(() => ({
      text: document.body.textContent ?? '',
      images: document.querySelectorAll('img[src="x"]').length,
      scripts: document.querySelectorAll('script').length,
    }), null);
    for (const name of ['device', 'case', 'operator', 'reason', 'comment', 'note', 'description']) {
      assert.ok(seen.text.includes(`window.__ran='${name}'`), `${name} is shown as it was written`);
    }
    assert.deepEqual([seen.images, seen.scripts], [0, 1], 'no text became an element');
    await viewer.click('report');
    await isAwake(viewer);
  });
}

async function survivesMetadata(setting: Setting, path: string): Promise<void> {
  await withViewer(setting, async (viewer) => {
    await viewer.open(path);
    await viewer.verdict();
    for (let picture = 0; picture < 6; picture++) {
      await viewer.goTo(utcOf(picture));
      await viewer.shows(0, utcOf(picture));
      await isAwake(viewer);
    }
    await viewer.click('play');
    await pause(300);
    await isAwake(viewer);
    assert.equal(await viewer.page.run(() => document.querySelectorAll('img[src="x"]').length, null), 0);
  });
}

/** A file is refused in words, or judged; never does it stop the page. */
async function survivesFile(setting: Setting, path: string): Promise<void> {
  await withViewer(setting, async (viewer) => {
    await viewer.open(path);
    await isAwake(viewer);
    if ((await viewer.count('error')) > 0) return;
    assert.notEqual((await viewer.verdict()).outcome, 'authentic');
    await isAwake(viewer);
  });
}

/** Files that lie about themselves: numbers as large as their fields, cut off, of nothing. */
function liars(setting: Setting): string[] {
  const { material } = setting.scenes;
  const whole = setting.scenes.pair();
  const make = (name: string, change: (path: string) => void): string => {
    const path = material.path(name);
    copyFileSync(whole, path);
    change(path);
    return path;
  };
  const size = statSync(whole).size;
  const empty = material.path('empty.svmx');
  writeFileSync(empty, '');
  const noise = material.path('noise.svmx');
  writeFileSync(noise, Buffer.concat([Buffer.from('8a5356580d0a1a0a', 'hex'), Buffer.alloc(4 << 20, 0xff)]));
  const recording = material.path('noise.svms');
  writeFileSync(recording, Buffer.concat([Buffer.from('8a53564d0d0a1a0a', 'hex'), Buffer.alloc(4 << 20, 0xff)]));
  return [empty, noise, recording, make('cut.svmx', (path) => truncateSync(path, Math.floor(size / 2))), make('longer.svmx', (path) => truncateSync(path, size * 4))];
}

/** What a page might try that somebody had got into; each must be refused. */
async function attempts(): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {};
  const attempt = async (name: string, action: () => unknown): Promise<void> => {
    try {
      await action();
      outcomes[name] = 'done';
    } catch {
      outcomes[name] = 'refused';
    }
  };
  const loaded = (target: HTMLElement & { src?: string }, address: string): Promise<void> =>
    new Promise((resolve, reject) => {
      target.onload = () => resolve();
      target.onerror = () => reject(new Error('refused'));
      target.src = address;
      document.body.append(target);
    });
  await attempt('fetch', () => fetch('https://192.0.2.1/'));
  await attempt('fetch of a file', () => fetch('file:///etc/hostname'));
  await attempt('socket', () => new Promise((resolve, reject) => {
    const socket = new WebSocket('wss://192.0.2.1/');
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('refused'));
  }));
  await attempt('image', () => loaded(new Image(), 'https://192.0.2.1/x.png'));
  await attempt('script', () => loaded(document.createElement('script'), 'https://192.0.2.1/x.js'));
  await attempt('markup', () => document.body.insertAdjacentHTML('beforeend', '<b>x</b>'));
  await attempt('worker', () => new Worker('https://192.0.2.1/x.js'));
  return outcomes;
}

async function closedToTheWorld(setting: Setting): Promise<void> {
  const viewer = await Viewer.start(setting.browser, setting.page);
  try {
    const outcomes = await viewer.page.run(attempts, null);
    assert.equal(Object.keys(outcomes).length, 7);
    assert.ok(!Object.values(outcomes).includes('done'), `everything is refused: ${JSON.stringify(outcomes)}`);
    const stored = await viewer.page.run(async () => document.cookie.length + localStorage.length + (await indexedDB.databases()).length, null);
    assert.equal(stored, 0, 'nothing is stored');
  } finally {
    await viewer.page.close();
  }
}

export function hostileCases(setting: () => Setting): void {
  test('markup in names, notes and case texts is text', () => showsTexts(setting()));
  test('entities, files, depth and markup in metadata do nothing', () => survivesMetadata(setting(), setting().scenes.hostileMetadata()));
  test('bombs in metadata do not go off', () => survivesMetadata(setting(), setting().scenes.bombs()));
  test('files that lie about themselves are refused', async () => {
    for (const path of liars(setting())) await survivesFile(setting(), path);
  });
  test('the page cannot reach anything', () => closedToTheWorld(setting()));
}
