/* SPDX-License-Identifier: Apache-2.0 */
/* A thread of Node.js that checks segments, as a check worker of a page does. */
import { parentPort } from 'node:worker_threads';
import { serveChannels } from '../src/evidence/channels.js';
import { type SessionInput, sourceOf } from './session_platform.js';

const port = parentPort;
if (port !== null) {
  serveChannels<SessionInput>({ send: (message) => port.postMessage(message), receive: (handler) => port.on('message', handler) }, sourceOf);
}
