/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread beside the page, from one script: what the page sends first says whether it reads the
 * evidence, or checks segments for the one that does.
 */
import { BlobSource } from '../bytes/source.js';
import type { Port } from '../container/check_pool.js';
import { serveChannels } from './channels.js';
import { LocalSession } from './local_session.js';
import { portOf } from './message_port.js';
import { serveSession } from './remote.js';
import { type FirstMessage, type GoneMessage, nanoseconds } from './start_message.js';

/** A port of which the page says when the thread behind it fails. */
function watchedBy(port: Port, failures: ((reason: string) => void)[]): Port {
  const failed = (handler: (reason: string) => void): void => {
    port.failed?.(handler);
    failures.push(handler);
  };
  return { ...port, failed };
}

function start(first: FirstMessage): void {
  if (first.role === 'check') {
    serveChannels<Blob>(portOf(first.port), (blob) => new BlobSource(blob));
    return;
  }
  const lost = first.checkPorts.map((): ((reason: string) => void)[] => []);
  globalThis.addEventListener('message', ({ data }: MessageEvent<Partial<GoneMessage>>) => {
    if (data.gone !== undefined) for (const tell of lost[data.gone] ?? []) tell(data.reason ?? '');
  });
  const session = new LocalSession({
    sourceOf: (blob) => new BlobSource(blob),
    inputOf: (blob) => blob,
    checkPorts: first.checkPorts.map((port, i) => watchedBy(portOf(port), lost[i] ?? [])),
    now: nanoseconds,
    version: first.version,
  });
  serveSession(portOf(first.port), session);
}

globalThis.addEventListener('message', (event: MessageEvent<FirstMessage>) => start(event.data), { once: true });
