/* SPDX-License-Identifier: Apache-2.0 */
import { existsSync } from 'node:fs';
import { type Browser as Driven, type CDPSession, type Page, chromium } from 'playwright-core';
import type { Browser, BrowserPage, PageScript } from './page.js';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The installed Chromium, or null; SVMS_CHROMIUM names another. */
export function findChromium(): string | null {
  return [process.env['SVMS_CHROMIUM'], ...places].find((path) => path !== undefined && existsSync(path)) ?? null;
}

export class ChromiumPage implements BrowserPage {
  private readonly asked: string[] = [];
  private readonly happened: string[] = [];

  private constructor(
    readonly page: Page,
    readonly session: CDPSession,
  ) {}

  static async open(browser: Driven, address: string): Promise<ChromiumPage> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, locale: 'en-GB' });
    const page = await context.newPage();
    const opened = new ChromiumPage(page, await context.newCDPSession(page));
    context.on('request', (request) => opened.asked.push(request.url()));
    page.on('dialog', (dialog) => {
      opened.happened.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('pageerror', (error) => opened.happened.push(`error: ${error.message}`));
    await page.goto(address);
    return opened;
  }

  /** By the debugger, which the page's policy does not bind. */
  async run<In, Out>(script: PageScript<In, Out>, argument: In): Promise<Out> {
    const expression = `(${script.toString()})(${JSON.stringify(argument ?? null)})`;
    const { result, exceptionDetails } = await this.session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as Out;
  }

  choose(testId: string, paths: readonly string[]): Promise<void> {
    return this.page.locator(`[data-testid="${testId}"]`).first().setInputFiles([...paths]);
  }

  requests(): readonly string[] {
    return this.asked;
  }

  incidents(): readonly string[] {
    return this.happened;
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

export interface ChromiumBrowser extends Browser {
  open(address: string): Promise<ChromiumPage>;
  /** Processes that run pages and their workers. */
  pagePids(): Promise<number[]>;
}

export async function startChromium(path: string): Promise<ChromiumBrowser> {
  // Precise figures of memory and a collector that can be called, for the test of bounded memory.
  const args = ['--enable-precise-memory-info', '--js-flags=--expose-gc', '--autoplay-policy=no-user-gesture-required'];
  const browser = await chromium.launch({ executablePath: path, args });
  return {
    version: `Chromium ${browser.version()}`,
    open: (address) => ChromiumPage.open(browser, address),
    pagePids: async () => {
      const session = await browser.newBrowserCDPSession();
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      await session.detach();
      return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    },
    close: () => browser.close(),
  };
}
