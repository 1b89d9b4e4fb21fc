/* SPDX-License-Identifier: Apache-2.0 */
/* The page as somebody uses it: what is done is done on its controls, what is asked is what it shows. */
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserPage, until } from './page.js';

export interface Verdict {
  outcome: string;
  standing: string;
}

export interface Shown {
  /** Nanoseconds since 1970; empty for none. */
  utc: string;
  condition: string;
  width: number;
  height: number;
  detail: string;
}

export interface Picture {
  width: number;
  height: number;
  utc: string;
  /** Three bytes a pixel. */
  rgb: Buffer;
}

interface Asked {
  id: string;
  index: number;
}

/** Addresses of this machine's memory and files; all others would be a connection. */
const isLocal = (address: string): boolean => /^(file|blob|data|about):/.test(address);

export class Viewer {
  constructor(readonly page: BrowserPage) {}

  static async start(browser: Browser, path: string): Promise<Viewer> {
    const viewer = new Viewer(await browser.open(pathToFileURL(path).href));
    await viewer.waitFor('file-input');
    return viewer;
  }

  count(testId: string): Promise<number> {
    return this.page.run((id: string) => document.querySelectorAll(`[data-testid="${id}"]`).length, testId);
  }

  waitFor(testId: string, milliseconds?: number): Promise<true> {
    return until(`"${testId}"`, async () => ((await this.count(testId)) > 0 ? true : null), milliseconds);
  }

  /** What is written in it, or null where it is not there. */
  text(testId: string, index = 0): Promise<string | null> {
    return this.page.run(({ id, index: at }: Asked) => document.querySelectorAll(`[data-testid="${id}"]`)[at]?.textContent?.trim() ?? null, { id: testId, index });
  }

  data(testId: string, index = 0): Promise<Record<string, string> | null> {
    return this.page.run(({ id, index: at }: Asked) => {
      const element = document.querySelectorAll<HTMLElement>(`[data-testid="${id}"]`)[at];
      return element === undefined ? null : (Object.fromEntries(Object.entries(element.dataset)) as Record<string, string>);
    }, { id: testId, index });
  }

  async click(testId: string): Promise<void> {
    const isDone = await this.page.run((id: string) => {
      const element = document.querySelector<HTMLElement>(`[data-testid="${id}"]`);
      element?.click();
      return element !== null;
    }, testId);
    if (!isDone) throw new Error(`there is no ${testId} to click`);
  }

  /** Types into a field and sends its form. */
  async enter(testId: string, text: string, submits = true): Promise<void> {
    const isDone = await this.page.run(({ id, value, isSent }: { id: string; value: string; isSent: boolean }) => {
      const input = document.querySelector<HTMLInputElement | HTMLTextAreaElement>(`[data-testid="${id}"]`);
      if (input === null) return false;
      input.value = value;
      input.dispatchEvent(new Event('input', { bubbles: true }));
      input.dispatchEvent(new Event('change', { bubbles: true }));
      if (isSent) input.form?.requestSubmit();
      return true;
    }, { id: testId, value: text, isSent: submits });
    if (!isDone) throw new Error(`there is no ${testId} to type into`);
  }

  async open(...paths: string[]): Promise<void> {
    await this.page.choose('file-input', paths);
    await until('the files are open or refused', async () => ((await this.count('verdict')) + (await this.count('error')) > 0 ? true : null));
  }

  async unlock(password: string): Promise<void> {
    await this.waitFor('password-input');
    await this.enter('password-input', password);
  }

  /** The verdict of a verification that has ended. */
  verdict(milliseconds = 60_000): Promise<Verdict> {
    return until('the verdict', async () => {
      const shown = await this.data('verdict');
      return shown?.['state'] === 'done' ? { outcome: shown['outcome'] ?? '', standing: shown['standing'] ?? '' } : null;
    }, milliseconds);
  }

  /** A verdict that differs from what was known before. */
  verdictOtherThan(outcome: string, milliseconds = 60_000): Promise<Verdict> {
    return until(`a verdict other than ${outcome}`, async () => {
      const shown = await this.data('verdict');
      return shown?.['state'] === 'done' && shown['outcome'] !== outcome ? { outcome: shown['outcome'] ?? '', standing: shown['standing'] ?? '' } : null;
    }, milliseconds);
  }

  /** Trusts a certificate of an authority, and verifies with it. */
  async trust(path: string): Promise<void> {
    await this.page.choose('authority-input', [path]);
    await until('the certificate is listed', () => this.page.run(() => (document.querySelector('#trust')?.textContent?.includes('ca.pem') === true ? true : null), null));
    await this.click('fingerprint-submit');
  }

  screens(): Promise<Shown[]> {
    return this.page.run(() =>
      Array.from(document.querySelectorAll<HTMLCanvasElement>('[data-testid="canvas"]'), (canvas) => ({
        utc: canvas.dataset['utc'] ?? '',
        condition: canvas.dataset['condition'] ?? '',
        width: canvas.width,
        height: canvas.height,
        detail: canvas.closest('.screen')?.textContent ?? '',
      })), null);
  }

  /** What a device shows once it shows this moment, or a condition that is no picture. */
  shows(device: number, utc: bigint | null, milliseconds?: number): Promise<Shown> {
    return until(`device ${device} shows ${utc === null ? 'a picture' : String(utc)}`, async () => {
      const shown = (await this.screens())[device];
      if (shown === undefined || shown.condition !== 'picture' || shown.utc === '') return null;
      return utc === null || shown.utc === String(utc) ? shown : null;
    }, milliseconds);
  }

  /** Goes to a moment as somebody types it. */
  async goTo(utc: bigint): Promise<void> {
    const text = new Date(Number(utc / 1_000_000n)).toISOString().replace('Z', '').replace('T', ' ');
    await this.enter('goto', text);
  }

  async picture(device: number): Promise<Picture> {
    const taken = await this.page.run((index: number) => {
      const canvas = document.querySelectorAll<HTMLCanvasElement>('[data-testid="canvas"]')[index];
      if (canvas === undefined) return null;
      const copy = document.createElement('canvas');
      copy.width = canvas.width;
      copy.height = canvas.height;
      const context = copy.getContext('2d');
      if (context === null) return null;
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, copy.width, copy.height);
      let text = '';
      for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0);
      return { width: copy.width, height: copy.height, utc: canvas.dataset['utc'] ?? '', text: btoa(text) };
    }, device);
    if (taken === null) throw new Error(`device ${device} has no canvas`);
    return { width: taken.width, height: taken.height, utc: taken.utc, rgb: Buffer.from(taken.text, 'base64') };
  }

  /** What markup in a text would have done. */
  async ran(): Promise<string | null> {
    return this.page.run(() => (window as { __ran?: string }).__ran ?? null, null);
  }

  /** Milliseconds until the page answers a question and has drawn. */
  async answers(): Promise<number> {
    const before = Date.now();
    await this.page.run(() => new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 0)), null);
    return Date.now() - before;
  }

  connections(): string[] {
    return this.page.requests().filter((address) => !isLocal(address));
  }
}

/** Peak signal to noise ratio in decibels, over all colours. */
export function likeness(a: Buffer, b: Buffer): number {
  if (a.length !== b.length) return 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return sum === 0 ? Infinity : 10 * Math.log10((255 * 255 * a.length) / sum);
}

/** Infinity of nothing. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Infinity;
}
