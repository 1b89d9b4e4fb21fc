/* SPDX-License-Identifier: Apache-2.0 */
import { Worker } from 'node:worker_threads';
import { CheckPool, type Port } from '../src/container/check_pool.js';

/** Threads that check segments of one file; `close` ends them. */
export function openPool(path: string, count: number): { pool: CheckPool<string>; close(): Promise<void> } {
  const workers = Array.from({ length: count }, () => new Worker(new URL('check_worker.mjs', import.meta.url)));
  const ports = workers.map(
    (worker): Port => ({
      send: (message) => worker.postMessage(message),
      receive: (handler) => worker.on('message', handler),
      failed: (handler) => worker.on('error', (error: Error) => handler(error.message)),
    }),
  );
  return {
    pool: new CheckPool(ports, path),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
