/* SPDX-License-Identifier: Apache-2.0 */
import { version } from 'svms:build';
import workerText from 'svms:worker';
import { createSession } from '../evidence/session.js';
import { createPlayer } from '../play/player.js';
import { start } from './app.js';

const root = document.getElementById('app');
if (root !== null) start(root, { createSession: () => createSession(workerText, version), createPlayer, version });
