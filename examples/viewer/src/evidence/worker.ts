/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread beside the page, from one script: what the page sends first says whether it reads the
 * evidence, or checks segments for the one that does.
 */
import { BlobSource } from '../bytes/source.js';
import { serveChannels } from './channels.js';
import { LocalSession } from './local_session.js';
import { portOf } from './message_port.js';
import { serveSession } from './remote.js';
import { type FirstMessage, nanoseconds } from './start_message.js';

function start(first: FirstMessage): void {
  if (first.role === 'check') {
    serveChannels<Blob>(portOf(first.port), (blob) => new BlobSource(blob));
    return;
  }
  const session = new LocalSession({
    sourceOf: (blob) => new BlobSource(blob),
    inputOf: (blob) => blob,
    checkPorts: first.checkPorts.map(portOf),
    now: nanoseconds,
    version: first.version,
  });
  serveSession(portOf(first.port), session);
}

globalThis.addEventListener('message', (event: MessageEvent<FirstMessage>) => start(event.data), { once: true });
