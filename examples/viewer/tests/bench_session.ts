/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures what somebody waits for: opening, the key, the first sample, verification.
 *   node bench_session.mjs FILE CA.pem WORKERS [PASSWORD]
 */
import { readFileSync } from 'node:fs';
import { LocalSession } from '../src/evidence/local_session.js';
import { checkWorkers, namedPath, platform, trust } from './session_platform.js';

async function timed<T>(what: string, run: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const before = process.cpuUsage();
  const result = await run();
  const { user, system } = process.cpuUsage(before);
  console.log(`${what}: ${(performance.now() - start).toFixed(0)} ms (${((user + system) / 1000).toFixed(0)} ms of processors)`);
  return result;
}

async function main(file: string, ca: string, workers: number, password: string | undefined): Promise<void> {
  const threads = checkWorkers(workers);
  const session = new LocalSession(platform(threads.ports, BigInt(Date.now()) * 1_000_000n));
  const opened = await timed('open', () => session.openNamed([namedPath(file)]));
  if (password !== undefined) await timed('unlock', () => session.unlock({ password }));
  const number = opened.parts[0]?.segments.numbers[0] ?? 0;
  if (password !== undefined || !opened.isSealed) await timed('first samples', () => session.samples(0, number, [0]));
  const authorities = [new Uint8Array(readFileSync(ca))];
  for (let i = 0; i < 2; i++) {
    const { outcome, reason } = await timed(`verify (${workers} workers)`, () => session.verify(trust({ authorities })));
    console.log(`${outcome} ${reason}, ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB resident`);
  }
  session.close();
  await threads.close();
}

const [file, ca, workers, password] = process.argv.slice(2);
if (file === undefined || ca === undefined) throw new Error('FILE and CA.pem are needed');
await main(file, ca, Number(workers ?? 2), password);
