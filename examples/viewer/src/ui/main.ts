/* SPDX-License-Identifier: Apache-2.0 */
import { version } from 'svms:build';
import workerText from 'svms:worker';
import { createSession } from '../evidence/session.js';
import { SpareSession } from '../evidence/spare_session.js';
import { createPlayer } from '../play/player.js';
import { start } from './app.js';

const root = document.getElementById('app');
if (root !== null) {
  const sessions = new SpareSession(() => createSession(workerText, version));
  start(root, { createSession: () => sessions.take(), createPlayer, version });
  // The page is drawn first.
  requestAnimationFrame(() => setTimeout(() => sessions.prepare()));
}
