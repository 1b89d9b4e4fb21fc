/* SPDX-License-Identifier: Apache-2.0 */
/* The page's side: starts the threads and joins them. */
import type { Port } from '../container/check_pool.js';
import { portOf } from './message_port.js';
import type { EvidenceSession } from './model.js';
import { RemoteSession } from './remote.js';
import type { FirstMessage, GoneMessage } from './start_message.js';
import { startWorker } from './start_worker.js';

const maxCheckers = 8;
/** While one waits for the browser, which reads files in another process, the other has something to do. */
const checkersPerProcessor = 2;

function checkersWanted(): number {
  const processors = globalThis.navigator?.hardwareConcurrency ?? 1;
  return Math.max(1, Math.min(maxCheckers, checkersPerProcessor * processors));
}

function tell(worker: Worker, first: FirstMessage): void {
  worker.postMessage(first, first.role === 'session' ? [first.port, ...first.checkPorts] : [first.port]);
}

/** A port of which it is known when the thread behind it fails. */
function watched(port: MessagePort, worker: Worker): Port {
  const plain = portOf(port);
  return {
    ...plain,
    failed: (handler) => {
      plain.failed?.(handler);
      worker.addEventListener('error', (event) => handler(event.message || 'it could not be started'));
    },
  };
}

/**
 * Starts a session in a thread of its own, and threads that check segments for it. `worker` is the
 * text of the worker's script, or makes workers of it.
 */
export function createSession(worker: string | (() => Worker), version = ''): EvidenceSession {
  const make = typeof worker === 'string' ? (name: string): Worker => startWorker(worker, name) : (): Worker => worker();
  const checkers: Worker[] = [];
  const checkPorts: MessagePort[] = [];
  for (let i = 0; i < checkersWanted(); i++) {
    const checker = make(`check ${i + 1}`);
    const { port1, port2 } = new MessageChannel();
    tell(checker, { role: 'check', port: port1 });
    checkers.push(checker);
    checkPorts.push(port2);
  }
  const reader = make('session');
  const { port1, port2 } = new MessageChannel();
  const remote = new RemoteSession(watched(port1, reader), () => {
    for (const one of [reader, ...checkers]) one.terminate();
  });
  tell(reader, { role: 'session', port: port2, checkPorts, version });
  for (const [gone, checker] of checkers.entries()) {
    checker.addEventListener('error', (event) => {
      const lost: GoneMessage = { gone, reason: event.message || 'it could not be started' };
      // What it may still do nobody waits for.
      checker.terminate();
      reader.postMessage(lost);
    });
  }
  return remote;
}
