/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares how fast a file is verified by the command line, by the page in Chromium, and what Chromium takes to
 * read and hash as many bytes in as many threads without looking at them: no page can be faster than that.
 * With a password both open every sample besides, and the page's time begins when the password is sent.
 *   SVMS_VIEWER=PAGE node speed.mjs SVMS FILE ca.pem [ROUNDS [PASSWORD-FILE]]
 * The program is to be a release build, the file large, and the machine idle.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chunkSize } from '../../src/bytes/streamed_source.js';
import { type ChromiumBrowser, findChromium, startChromium } from './chromium_browser.js';
import { pause, until } from './page.js';
import { Viewer, median } from './viewer.js';

const longest = 600_000;
const usualSample = 40 << 10;

/** Runs in a worker of the page: reads its share as the viewer does, digests as large as a sample. */
const bareWorker = `onmessage = async ({ data: { file, first, step, sample } }) => {
  const share = Math.ceil(file.size / step);
  const reader = file.slice(first * share, (first + 1) * share).stream().getReader({ mode: 'byob' });
  let memory = new ArrayBuffer(${chunkSize});
  let digests = [];
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(memory));
    if (done) break;
    await Promise.all(digests);
    digests = [];
    for (let from = 0; from < value.length; from += sample) digests.push(crypto.subtle.digest('SHA-256', value.subarray(from, from + sample)));
    memory = value.buffer;
  }
  await Promise.all(digests);
  postMessage(0);
};`;

const barePage = `<!doctype html><input type="file" data-testid="bare"><script>
const source = ${JSON.stringify(bareWorker)};
window.bare = async (sample) => {
  const [file] = document.querySelector('input').files;
  const step = Math.max(1, navigator.hardwareConcurrency);
  const workers = Array.from({ length: step }, () => new Worker(URL.createObjectURL(new Blob([source]))));
  const start = performance.now();
  await Promise.all(workers.map((worker, first) => new Promise((resolve) => {
    worker.onmessage = resolve;
    worker.postMessage({ file, first, step, sample });
  })));
  const taken = performance.now() - start;
  for (const worker of workers) worker.terminate();
  return taken;
};
</script>`;

interface Asked {
  program: string;
  file: string;
  authority: string;
  passwordFile: string | undefined;
}

function byCommandLine({ program, file, authority, passwordFile }: Asked): number {
  const command = file.endsWith('.svmx') ? ['export', 'verify'] : ['verify'];
  const start = performance.now();
  const opening = passwordFile === undefined ? [] : ['--password-file', passwordFile];
  execFileSync(program, [...command, file, '--trust', authority, ...opening], { stdio: 'ignore' });
  return performance.now() - start;
}

interface Watched {
  __chosen?: number;
  __done?: number;
  /** Was there no verdict since? The one before stays for a moment. */
  __isBusy?: boolean;
}

/** Notes in the page when a file is chosen and when the verdict is there: asking again and again would take time away. */
function watch(viewer: Viewer): Promise<boolean> {
  return viewer.page.run(() => {
    const page = window as unknown as Watched;
    document.addEventListener('change', () => (page.__chosen ??= performance.now()), true);
    new MutationObserver(() => {
      if (document.querySelector<HTMLElement>('[data-testid="verdict"]')?.dataset['state'] !== 'done') page.__isBusy = true;
      else if (page.__isBusy === true) page.__done ??= performance.now();
    }).observe(document.body, { subtree: true, childList: true });
    return true;
  }, null);
}

/** How long somebody looks for the file in a page that has just been opened: its threads start meanwhile. */
const searchTime = 1000;

/** Sends the password once what is done without it is done, and forgets how long that took. */
async function open(viewer: Viewer, passwordFile: string): Promise<void> {
  const [password = ''] = readFileSync(passwordFile, 'utf8').split('\n');
  await viewer.waitFor('password-input');
  await viewer.verdict(longest);
  await viewer.page.run(() => {
    const page = window as unknown as Watched;
    document.addEventListener('submit', () => {
      page.__chosen = performance.now();
      page.__isBusy = false;
      delete page.__done;
    }, true);
    return true;
  }, null);
  await viewer.unlock(password);
}

/** From choosing the file, or sending the password, to the verdict; whom to trust takes no reading afterwards. */
async function byViewer(browser: ChromiumBrowser, page: string, { file, authority, passwordFile }: Asked): Promise<number> {
  const viewer = await Viewer.start(browser, page);
  try {
    await watch(viewer);
    await pause(searchTime);
    await viewer.page.choose('file-input', [file]);
    if (passwordFile !== undefined) await open(viewer, passwordFile);
    const times = (): Promise<Watched> => viewer.page.run(() => {
      const { __chosen, __done } = window as unknown as Watched;
      return { ...(__chosen === undefined ? {} : { __chosen }), ...(__done === undefined ? {} : { __done }) };
    }, null);
    const { __chosen, __done } = await until('the verdict', async () => {
      await pause(500);
      const known = await times();
      return known.__done === undefined ? null : known;
    }, longest);
    await viewer.trust(authority);
    const { outcome } = await viewer.verdictOtherThan('untrusted', longest);
    if (outcome !== 'authentic') throw new Error(`the viewer says ${outcome}`);
    return (__done ?? 0) - (__chosen ?? 0);
  } finally {
    await viewer.page.close();
  }
}

async function bare(browser: ChromiumBrowser, path: string, file: string): Promise<number> {
  const page = await browser.open(pathToFileURL(path).href);
  try {
    await page.choose('bare', [file]);
    const once = (): Promise<number> => page.run((sample: number) => (window as unknown as { bare(size: number): Promise<number> }).bare(sample), usualSample);
    await once();
    return await once();
  } finally {
    await page.close();
  }
}

async function measure(asked: Asked, page: string, rounds: number): Promise<void> {
  const chromium = findChromium();
  if (chromium === null) throw new Error('there is no Chromium');
  const folder = mkdtempSync(join(tmpdir(), 'svms-speed-'));
  const browser = await startChromium(chromium);
  const taken: { who: string; values: number[] }[] = ['command line', 'viewer', 'reading and hashing alone'].map((who) => ({ who, values: [] }));
  try {
    const path = join(folder, 'bare.html');
    writeFileSync(path, barePage);
    for (let round = 0; round < rounds; round++) {
      taken[0]?.values.push(byCommandLine(asked));
      taken[1]?.values.push(await byViewer(browser, page, asked));
      taken[2]?.values.push(await bare(browser, path, asked.file));
    }
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const reference = median(taken[0]?.values ?? []);
  console.log(`${asked.file}: ${(statSync(asked.file).size / 1e6).toFixed(0)} MB, ${rounds} rounds, ${browser.version}`);
  for (const { who, values } of taken) {
    const middle = median(values);
    console.log(`${who.padEnd(26)} ${middle.toFixed(0).padStart(6)} ms (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})  ratio ${(reference / middle).toFixed(2)}`);
  }
}

const [program, file, authority, rounds = '5', passwordFile] = process.argv.slice(2);
const viewerPage = process.env['SVMS_VIEWER'];
if (program === undefined || file === undefined || authority === undefined || viewerPage === undefined) {
  console.error('usage: SVMS_VIEWER=PAGE node speed.mjs SVMS FILE ca.pem [ROUNDS [PASSWORD-FILE]]');
  process.exit(2);
}
await measure({ program, file, authority, passwordFile }, viewerPage, Number(rounds));
