/* SPDX-License-Identifier: Apache-2.0 */
/* A package of more than 2 GiB: opened, played and verified in bounded memory. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import type { ChromiumSetting } from './chromium.js';
import { withViewer } from './cases.js';
import { password } from './material.js';
import { hugeSize, utcOf } from './scenes.js';

/** Milliseconds for what takes a minute and a half on an idle machine. */
const longest = 300_000;

/** What the pages' processes may grow by while more than 2 GiB are read. */
const bound = 480 << 20;

function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Looks at the memory of all processes of pages, again and again. */
class MemoryWatch {
  private peak = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly pids: readonly number[],
    private readonly before: number,
  ) {
    this.timer = setInterval(() => this.look(), 100);
  }

  private look(): void {
    this.peak = Math.max(this.peak, sumOf(this.pids));
  }

  /** Bytes that were taken above those at the beginning. */
  end(): number {
    clearInterval(this.timer);
    this.look();
    return this.peak - this.before;
  }
}

const sumOf = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + residentBytes(pid), 0);

async function readsHuge(setting: ChromiumSetting): Promise<void> {
  const path = setting.scenes.huge();
  assert.ok(statSync(path).size > hugeSize, 'the package is larger than 2 GiB');
  await withViewer(setting, async (viewer) => {
    await viewer.open(setting.scenes.pair());
    await viewer.verdict();
    const pids = await setting.browser.pagePids();
    const watch = new MemoryWatch(pids, sumOf(pids));
    await viewer.page.run(() => {
      (globalThis as { gc?: () => void }).gc?.();
    }, null);
    await viewer.open(path);
    const asked = Date.now();
    await viewer.unlock(password);
    await viewer.shows(0, null, longest);
    const first = Date.now() - asked;
    await viewer.goTo(utcOf(33));
    await viewer.shows(0, utcOf(33), longest);
    const begun = Date.now();
    await viewer.trust(setting.scenes.ca);
    const { outcome } = await viewer.verdictOtherThan('untrusted', longest);
    const taken = (Date.now() - begun) / 1000;
    const grown = watch.end();
    console.log(`# 2 GiB: first picture ${first} ms after the password; verified in ${taken.toFixed(1)} s; pages grew by ${(grown / (1 << 20)).toFixed(0)} MiB`);
    assert.equal(outcome, 'authentic');
    assert.ok(grown < bound, `pages grew by ${(grown / (1 << 20)).toFixed(0)} MiB`);
  });
}

export function hugeCases(setting: () => ChromiumSetting): void {
  test('a package of more than 2 GiB is read in bounded memory', { timeout: 500_000 }, () => readsHuge(setting()));
}
