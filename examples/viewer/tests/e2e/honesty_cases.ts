/* SPDX-License-Identifier: Apache-2.0 */
/* What the page must not let out, and must not say: only a browser shows it. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ChromiumSetting } from './chromium.js';
import { withViewer } from './cases.js';
import { ChromiumPage } from './chromium_browser.js';
import { password } from './material.js';
import { pause, until } from './page.js';
import { utcOf } from './scenes.js';
import type { Viewer } from './viewer.js';

function pageOf(viewer: Viewer): ChromiumPage {
  if (!(viewer.page instanceof ChromiumPage)) throw new Error('this test is for Chromium');
  return viewer.page;
}

interface Guard {
  isMenuPrevented: boolean;
  /** Class of what the pointer meets in the middle of the picture. */
  top: string;
  isShieldShown: boolean;
}

/** What keeps somebody from saving the first picture by the browser's own menu. */
async function guard(viewer: Viewer): Promise<Guard> {
  const found = await viewer.page.run(() => {
    const picture = document.querySelector<HTMLElement>('.picture');
    const shield = picture?.querySelector<HTMLElement>('.shield');
    if (picture === null || shield === undefined || shield === null) return null;
    picture.scrollIntoView({ block: 'center', behavior: 'instant' });
    const { left, top, width, height } = picture.getBoundingClientRect();
    const met = document.elementFromPoint(left + width / 2, top + height / 2);
    const isLet = met?.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true })) ?? true;
    return { isMenuPrevented: !isLet, top: met?.className ?? '', isShieldShown: getComputedStyle(shield).display !== 'none' };
  }, null);
  if (found === null) throw new Error('there is no picture');
  return found;
}

const guarded: Guard = { isMenuPrevented: true, top: 'shield', isShieldShown: true };

/** Asks for the menu of a picture whenever the page changes, before there is a verdict. */
const watchMenus = (viewer: Viewer): Promise<null> =>
  viewer.page.run(() => {
    const seen: boolean[] = [];
    (window as { __menus?: boolean[] }).__menus = seen;
    const watcher = new MutationObserver(() => {
      const canvas = document.querySelector('.picture canvas');
      if (document.querySelector<HTMLElement>('#verdict')?.dataset['state'] === 'done' || seen.length >= 50) watcher.disconnect();
      else if (canvas !== null) seen.push(!canvas.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true })));
    });
    watcher.observe(document.body, { childList: true, subtree: true });
    return null;
  }, null);

const menus = (viewer: Viewer): Promise<boolean[]> => viewer.page.run(() => (window as { __menus?: boolean[] }).__menus ?? [], null);

async function guardsPictures(setting: ChromiumSetting): Promise<void> {
  const { scenes } = setting;
  await withViewer(setting, async (viewer) => {
    await watchMenus(viewer);
    await viewer.open(scenes.lockedWithAttachment());
    await viewer.verdict();
    const early = await menus(viewer);
    assert.ok(early.length > 0 && early.every((isPrevented) => isPrevented), `no menu before the verdict: ${early.join()}`);
    await viewer.unlock(password);
    await viewer.shows(0, null);
    assert.deepEqual(await guard(viewer), guarded, 'without an authority');
    await viewer.trust(scenes.ca);
    assert.equal((await viewer.verdictOtherThan('untrusted')).outcome, 'authentic');
    await viewer.shows(0, null);
    assert.deepEqual(await guard(viewer), guarded, 'authentic, and still forbidden');
    await keepsAttachments(viewer);
    await printsNoPicture(viewer);
  });
}

async function keepsAttachments(viewer: Viewer): Promise<void> {
  const refused = await viewer.page.run(() => document.querySelector<HTMLElement>('#attachments-refused')?.dataset['refused'] ?? null, null);
  assert.equal(refused, 'refused');
  const disabled = await viewer.page.run(() => Array.from(document.querySelectorAll<HTMLButtonElement>('[data-testid="attachment"] button'), (button) => button.disabled), null);
  assert.deepEqual(disabled, [true]);
  let downloads = 0;
  pageOf(viewer).page.on('download', () => downloads++);
  await viewer.page.run(() => {
    const button = document.querySelector<HTMLButtonElement>('[data-testid="attachment"] button');
    button?.removeAttribute('disabled');
    button?.click();
  }, null);
  await pause(500);
  assert.equal(downloads, 0, 'nothing is written although the button was freed');
}

const canvasesIn = (viewer: Viewer): Promise<string[]> =>
  viewer.page.run(() => Array.from(document.querySelectorAll('canvas'), (canvas) => getComputedStyle(canvas).display), null);

const imagesOf = async (viewer: Viewer): Promise<number> =>
  (await pageOf(viewer).page.pdf()).toString('latin1').split(/\/Subtype\s*\/Image/).length - 1;

async function printsNoPicture(viewer: Viewer): Promise<void> {
  assert.ok((await canvasesIn(viewer)).some((display) => display !== 'none'), 'it is shown on the screen');
  assert.equal(await imagesOf(viewer), 0, 'no picture is on paper');
  const { page } = pageOf(viewer);
  await page.emulateMedia({ media: 'print' });
  const printed = await canvasesIn(viewer);
  await page.emulateMedia({ media: null });
  assert.ok(printed.length > 0 && printed.every((display) => display === 'none'), printed.join());
}

async function freesPictures(setting: ChromiumSetting): Promise<void> {
  const { scenes } = setting;
  await withViewer(setting, async (viewer) => {
    await viewer.open(scenes.sealedRecording());
    await viewer.verdict();
    await viewer.trust(scenes.ca);
    assert.deepEqual(await viewer.verdictOtherThan('untrusted'), { outcome: 'authentic', standing: 'closed' }, 'nobody has looked inside');
    await viewer.unlock(password);
    await until('the verdict of what is inside', async () => ((await viewer.data('verdict'))?.['standing'] === 'authentic' ? true : null));
    await viewer.shows(0, null);
    assert.deepEqual(await guard(viewer), { isMenuPrevented: false, top: 'canvas', isShieldShown: false });
  });
}

interface Marks {
  standing: string;
  authentic: number;
  lost: number;
}

/** Banner of the first device, and pieces of the timeline; the legend does not count. */
const marks = (viewer: Viewer): Promise<Marks> =>
  viewer.page.run(() => ({
    standing: document.querySelector<HTMLElement>('.screen')?.dataset['standing'] ?? '',
    authentic: document.querySelectorAll('.bar-piece.is-authentic:not(.swatch)').length,
    lost: document.querySelectorAll('.gap-piece.is-lost:not(.swatch)').length,
  }), null);

async function marksWhatIsLeft(setting: ChromiumSetting): Promise<void> {
  const { scenes } = setting;
  await withViewer(setting, async (viewer) => {
    await viewer.open(scenes.cutOut());
    await viewer.verdict();
    await viewer.trust(scenes.ca);
    await until('the authority is in use', () => viewer.page.run(() => (document.querySelector('.anchors') === null ? null : true), null));
    assert.deepEqual(await viewer.verdict(), { outcome: 'not_authentic', standing: 'altered' });
    await viewer.goTo(utcOf(5));
    await viewer.shows(0, utcOf(5));
    const found = await marks(viewer);
    assert.equal(found.standing, 'recording_fails', 'the first segment is whole, the recording is not');
    assert.equal(found.authentic, 0);
    assert.ok(found.lost > 0, 'what was cut out is a gap');
  });
}

async function tellsUnsigned(setting: ChromiumSetting): Promise<void> {
  const { scenes } = setting;
  await withViewer(setting, async (viewer) => {
    await viewer.open(scenes.unsigned());
    assert.deepEqual(await viewer.verdict(), { outcome: 'untrusted', standing: 'unsigned' });
    assert.equal((await marks(viewer)).authentic, 0);
  });
}

const draft = (viewer: Viewer): Promise<string | null> =>
  viewer.page.run(() => document.querySelector<HTMLElement>('#draft-notice')?.dataset['draft'] ?? null, null);

async function tellsDrafts(setting: ChromiumSetting): Promise<void> {
  const { scenes } = setting;
  await withViewer(setting, async (viewer) => {
    await viewer.open(scenes.frontRecording());
    await viewer.verdict();
    assert.equal(await draft(viewer), '');
    await viewer.enter('head-input', '7'.repeat(64), false);
    assert.equal(await draft(viewer), 'unapplied');
    await viewer.enter('head-input', 'zz12', false);
    assert.equal(await draft(viewer), 'unusable_head');
    await viewer.page.choose('authority-input', [scenes.ca]);
    assert.equal((await viewer.verdictOtherThan('untrusted')).outcome, 'authentic');
    assert.equal(await draft(viewer), 'unusable_head', 'a mistyped head is not left out in silence');
    await viewer.enter('head-input', '', false);
    assert.equal(await draft(viewer), '');
    assert.ok((await marks(viewer)).authentic > 0);
  });
}

async function keepsVerdict(setting: ChromiumSetting): Promise<void> {
  const { scenes } = setting;
  const leaf = new X509Certificate(readFileSync(scenes.material.path('front/cert.pem'))).fingerprint256;
  await withViewer(setting, async (viewer) => {
    await viewer.open(scenes.withAuthority());
    const first = await viewer.verdict();
    await viewer.enter('fingerprint-input', '00'.repeat(32));
    await viewer.waitFor('fingerprint-missing');
    assert.deepEqual(await viewer.verdict(), first);
    await viewer.enter('fingerprint-input', leaf);
    await viewer.waitFor('trust-error');
    const code = await viewer.page.run(() => document.querySelector<HTMLElement>('[data-testid="trust-error"] [data-code]')?.dataset['code'] ?? null, null);
    assert.equal(code, 'fingerprint_of_signer');
    assert.deepEqual(await viewer.verdict(), first, 'the verdict before it stays');
  });
}

export function honestyCases(setting: () => ChromiumSetting): void {
  test('a picture that forbids re-export has no menu and is not printed, its attachments stay', () => guardsPictures(setting()));
  test('a sealed recording is closed until its password is known, then its pictures are free', () => freesPictures(setting()));
  test('what is left of a recording with segments cut out is not called authentic', () => marksWhatIsLeft(setting()));
  test('a recording that nobody signed is called so', () => tellsUnsigned(setting()));
  test('a head that was typed and is not applied, or mistyped, is said', () => tellsDrafts(setting()));
  test('a fingerprint that does not help is said, and the verdict stays', () => keepsVerdict(setting()));
}
