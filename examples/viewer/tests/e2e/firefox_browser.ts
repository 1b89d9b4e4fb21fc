/* SPDX-License-Identifier: Apache-2.0 */
/* Firefox, driven by WebDriver BiDi: it speaks the protocol itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { Browser, BrowserPage, PageScript } from './page.js';

const places = ['/usr/bin/firefox-esr', '/usr/bin/firefox'];

/** The installed Firefox, or null; SVMS_FIREFOX names another. */
export function findFirefox(): string | null {
  return [process.env['SVMS_FIREFOX'], ...places].find((path) => path !== undefined && existsSync(path)) ?? null;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}
interface Incoming {
  id?: number;
  type: string;
  result?: unknown;
  error?: string;
  message?: string;
  method?: string;
  params?: unknown;
}

/** Commands and events of one session. */
class Connection {
  private next = 1;
  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners: ((method: string, params: unknown) => void)[] = [];

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.take(JSON.parse(data.toString('utf8')) as Incoming));
    socket.on('close', () => {
      for (const { reject } of this.waiting.values()) reject(new Error('Firefox has gone'));
    });
  }

  static async open(address: string): Promise<Connection> {
    const socket = new WebSocket(address, { perMessageDeflate: false });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', reject);
    });
    return new Connection(socket);
  }

  private take({ id, type, result, error, message, method, params }: Incoming): void {
    if (type === 'event' && method !== undefined) for (const listener of this.listeners) listener(method, params);
    const waiting = id === undefined ? undefined : this.waiting.get(id);
    if (id === undefined || waiting === undefined) return;
    this.waiting.delete(id);
    if (type === 'success') waiting.resolve(result);
    else waiting.reject(new Error(`${String(error)}: ${String(message)}`));
  }

  listen(listener: (method: string, params: unknown) => void): void {
    this.listeners.push(listener);
  }

  send<Result>(method: string, params: object): Promise<Result> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: (value) => resolve(value as Result), reject });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  close(): void {
    this.socket.close();
  }
}

interface Evaluated {
  type: string;
  result?: { value?: unknown; sharedId?: string };
  exceptionDetails?: { text: string };
}

class FirefoxPage implements BrowserPage {
  private readonly asked: string[] = [];
  private readonly happened: string[] = [];

  constructor(
    private readonly connection: Connection,
    private readonly context: string,
  ) {
    connection.listen((method, params) => {
      const event = params as { request?: { url: string }; text?: string; message?: string; type?: string };
      if (method === 'network.beforeRequestSent' && event.request !== undefined) this.asked.push(event.request.url);
      if (method === 'log.entryAdded' && event.type === 'javascript') this.happened.push(`error: ${String(event.text)}`);
      if (method === 'browsingContext.userPromptOpened') this.happened.push(`dialog: ${String(event.message)}`);
    });
  }

  private async call(expression: string, words: string[]): Promise<Evaluated['result']> {
    const done = await this.connection.send<Evaluated>('script.callFunction', {
      functionDeclaration: expression,
      arguments: words.map((value) => ({ type: 'string', value })),
      awaitPromise: true,
      target: { context: this.context },
    });
    if (done.type !== 'success') throw new Error(done.exceptionDetails?.text ?? 'the script failed');
    return done.result;
  }

  async run<In, Out>(script: PageScript<In, Out>, argument: In): Promise<Out> {
    const wrapped = `async (argument) => JSON.stringify({ value: await (${script.toString()})(JSON.parse(argument)) })`;
    const result = await this.call(wrapped, [JSON.stringify(argument ?? null)]);
    return (JSON.parse(String(result?.value)) as { value: Out }).value;
  }

  async choose(testId: string, paths: readonly string[]): Promise<void> {
    const element = await this.call('(id) => document.querySelector(`[data-testid="${id}"]`)', [testId]);
    if (element?.sharedId === undefined) throw new Error(`there is no ${testId}`);
    await this.connection.send('input.setFiles', { context: this.context, element: { sharedId: element.sharedId }, files: paths });
  }

  requests(): readonly string[] {
    return this.asked;
  }

  incidents(): readonly string[] {
    return this.happened;
  }

  async close(): Promise<void> {
    await this.connection.send('browsingContext.close', { context: this.context });
  }
}

/** Nothing of the browser's own may go out while it is watched. */
const preferences = {
  'app.update.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
  'browser.aboutwelcome.enabled': false,
  'intl.accept_languages': 'en-GB',
  'media.autoplay.default': 0,
  'remote.active-protocols': 1,
};

async function addressOf(process: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    process.stderr?.on('data', (part: Buffer) => {
      said += part.toString('utf8');
      const found = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(said);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    process.once('error', reject);
    process.once('exit', () => reject(new Error(`Firefox ended: ${said.slice(-2000)}`)));
  });
}

export async function startFirefox(path: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'svms-firefox-'));
  const lines = Object.entries(preferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
  writeFileSync(join(profile, 'user.js'), lines.join('\n'));
  const words = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'];
  const firefox = spawn(path, words, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: profile } });
  const connection = await Connection.open(`${await addressOf(firefox)}/session`);
  const session = await connection.send<{ capabilities: { browserName: string; browserVersion: string } }>('session.new', { capabilities: {} });
  await connection.send('session.subscribe', { events: ['log.entryAdded', 'network.beforeRequestSent', 'browsingContext.userPromptOpened'] });
  return {
    version: `Firefox ${session.capabilities.browserVersion}`,
    open: async (address) => {
      const { context } = await connection.send<{ context: string }>('browsingContext.create', { type: 'tab' });
      const page = new FirefoxPage(connection, context);
      await connection.send('browsingContext.setViewport', { context, viewport: { width: 1280, height: 900 } });
      await connection.send('browsingContext.navigate', { context, url: address, wait: 'complete' });
      return page;
    },
    close: async () => {
      const isGone = new Promise((resolve) => firefox.once('exit', resolve));
      await connection.send('browser.close', {}).catch(() => firefox.kill());
      connection.close();
      await isGone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
