/* SPDX-License-Identifier: Apache-2.0 */
import { Worker } from 'node:worker_threads';
import type { Source } from '../src/bytes/source.js';
import { CheckPool, type Port } from '../src/container/check_pool.js';
import { openHeader } from '../src/container/opening.js';
import { FramePool } from '../src/package/frame_pool.js';

interface Opened<Pool> {
  pool: Pool;
  close(): Promise<void>;
}

/** Threads that run a script, and ports to them. */
export function openWorkers(script: string, count: number): { ports: Port[]; close(): Promise<void> } {
  const workers = Array.from({ length: count }, () => new Worker(new URL(script, import.meta.url)));
  const ports = workers.map(
    (worker): Port => ({
      send: (message) => worker.postMessage(message),
      receive: (handler) => worker.on('message', handler),
      failed: (handler) => worker.on('error', (error: Error) => handler(error.message)),
    }),
  );
  return {
    ports,
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** Threads that check segments of one container; `close` ends them. */
export async function openPool(source: Source, path: string, count: number): Promise<Opened<CheckPool<string>>> {
  const context = await openHeader(source);
  const { ports, close } = openWorkers('check_worker.mjs', count);
  return { pool: new CheckPool(ports, path, context), close };
}

/** Threads that check segments of one package. */
export function openFramePool(path: string, count: number): Opened<FramePool<string>> {
  const { ports, close } = openWorkers('frame_worker.mjs', count);
  return { pool: new FramePool(ports, path), close };
}
