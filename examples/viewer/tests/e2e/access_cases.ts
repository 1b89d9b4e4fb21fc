/* SPDX-License-Identifier: Apache-2.0 */
/* Names, order and contrast of what can be used: with the keyboard, by a screen reader, on a phone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { ChromiumSetting } from './chromium.js';
import { withViewer } from './cases.js';
import { ChromiumPage } from './chromium_browser.js';
import { password } from './material.js';
import type { Viewer } from './viewer.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  id: string;
  impact: string;
  nodes: string[];
}

function pageOf(viewer: Viewer): ChromiumPage {
  if (!(viewer.page instanceof ChromiumPage)) throw new Error('this test is for Chromium');
  return viewer.page;
}

const usable = new Set(['button', 'link', 'textbox', 'combobox', 'checkbox', 'slider', 'spinbutton', 'radio', 'listbox', 'tab', 'switch', 'DisclosureTriangle', 'menuitem']);

async function everyControlHasName(viewer: Viewer): Promise<void> {
  const { nodes } = await pageOf(viewer).session.send('Accessibility.getFullAXTree');
  const controls = nodes.filter((node) => !node.ignored && usable.has(String(node.role?.value)));
  const nameless = controls.filter((node) => String(node.name?.value ?? '').trim() === '').map((node) => String(node.role?.value));
  assert.ok(controls.length > 2, 'there are controls');
  assert.deepEqual(nameless, [], 'every control has a name');
}

/** Tab reaches everything that can be used, and comes round again. */
async function tabReachesAll(viewer: Viewer): Promise<void> {
  const wanted = await viewer.page.run(() => {
    const selector = 'a[href], button, input, select, textarea, summary, [tabindex]';
    const all = Array.from(document.querySelectorAll<HTMLElement>(selector)).filter((one) => {
      const isOff = one.matches(':disabled') || one.tabIndex < 0 || one.closest('[inert], [hidden], dialog:not([open])') !== null;
      return !isOff && one.checkVisibility({ visibilityProperty: true });
    });
    all.forEach((one, i) => one.setAttribute('data-tab', String(i)));
    (document.activeElement as HTMLElement | null)?.blur();
    return all.map((one) => `${one.tagName} ${one.id} ${one.textContent?.trim().slice(0, 30) ?? ''}`);
  }, null);
  const reached = new Set<string>();
  for (let i = 0; i < wanted.length + 5; i++) {
    await pageOf(viewer).page.keyboard.press('Tab');
    const at = await viewer.page.run(() => document.activeElement?.getAttribute('data-tab') ?? null, null);
    if (at !== null) reached.add(at);
  }
  const missed = wanted.filter((_, i) => !reached.has(String(i)));
  assert.deepEqual(missed, [], `Tab reaches all ${wanted.length} controls`);
}

async function followsRules(viewer: Viewer, state: string): Promise<void> {
  const page = pageOf(viewer);
  await page.session.send('Runtime.evaluate', { expression: axe });
  const found = await viewer.page.run(async () => {
    const { axe: checker } = window as unknown as { axe: { run(context: Document, options: object): Promise<{ violations: { id: string; impact: string; nodes: { target: unknown[]; failureSummary: string }[] }[] }> } };
    const { violations } = await checker.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
    return violations.map(({ id, impact, nodes }): Violation => ({ id, impact, nodes: nodes.slice(0, 4).map((node) => `${node.target.join(' ')}: ${node.failureSummary}`) }));
  }, null);
  assert.deepEqual(found, [], `WCAG 2.2 AA, ${state}`);
}

/** Nothing is wider than the screen of a phone. */
async function fitsPhone(viewer: Viewer): Promise<void> {
  const [width, screen] = await viewer.page.run(() => [document.documentElement.scrollWidth, window.innerWidth] as const, null);
  assert.ok(width <= screen, `the page is ${width} wide on a screen of ${screen}`);
}

async function inEveryDress(viewer: Viewer, state: string): Promise<void> {
  const { page } = pageOf(viewer);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await followsRules(viewer, `${state}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' });
  await everyControlHasName(viewer);
  await page.emulateMedia({ forcedColors: 'none' });
  await page.setViewportSize({ width: 390, height: 844 });
  await fitsPhone(viewer);
  await followsRules(viewer, `${state}, phone`);
  await page.setViewportSize({ width: 1280, height: 900 });
}

async function startPage(setting: ChromiumSetting): Promise<void> {
  await withViewer(setting, async (viewer) => {
    await everyControlHasName(viewer);
    await tabReachesAll(viewer);
    await inEveryDress(viewer, 'start');
  });
}

async function openedPackage(setting: ChromiumSetting): Promise<void> {
  await withViewer(setting, async (viewer) => {
    await viewer.open(setting.scenes.pair());
    await viewer.verdict();
    await inEveryDress(viewer, 'locked');
    await viewer.unlock(password);
    await viewer.shows(0, null);
    await viewer.verdict();
    await everyControlHasName(viewer);
    await tabReachesAll(viewer);
    await inEveryDress(viewer, 'opened');
  });
}

async function brokenPackage(setting: ChromiumSetting): Promise<void> {
  await withViewer(setting, async (viewer) => {
    await viewer.open(setting.scenes.tampered().path);
    await viewer.verdict();
    await everyControlHasName(viewer);
    await inEveryDress(viewer, 'tampered');
  });
}

export function accessCases(setting: () => ChromiumSetting): void {
  test('the first page can be used by everybody', () => startPage(setting()));
  test('an opened package can be used by everybody', () => openedPackage(setting()));
  test('a tampered package can be read by everybody', () => brokenPackage(setting()));
}
