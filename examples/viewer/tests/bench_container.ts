/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures how fast a container is verified, and opened with a password.
 *   node bench_container.mjs FILE CA.pem [PASSWORD]
 */
import { readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { useCrypto } from '../src/crypto/platform.js';
import { verifyContainer } from '../src/container/verify.js';
import { certificatesOf } from '../src/x509/pem.js';
import { FileSource } from './file_source.js';
import { openPool } from './node_pool.js';

useCrypto(webcrypto as unknown as Crypto);

async function measure(file: string, ca: string, password: string | undefined, workers = 0): Promise<void> {
  const source = await FileSource.open(file);
  const anchors = { certificates: certificatesOf(readFileSync(ca)) };
  const trust = { anchors, stampAnchors: { certificates: [] }, now: BigInt(Date.now()) * 1_000_000n };
  const credentials = password === undefined ? {} : { credentials: { password } };
  const threads = workers === 0 ? null : await openPool(source, file, workers);
  const spread = threads === null ? {} : { checker: threads.pool.check, width: 4 * workers };
  // Threads that start are not what is measured: a viewer has them when a file is picked.
  if (threads !== null) await verifyContainer(source, { trust, ...spread });
  const start = performance.now();
  const before = process.cpuUsage();
  const report = await verifyContainer(source, { trust, ...credentials, ...spread });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpu = ((user + system) / 1e6).toFixed(2);
  const speed = (source.size / 1e6 / seconds).toFixed(0);
  const memory = (process.memoryUsage().rss / 1e6).toFixed(0);
  console.log(`${workers} workers, ${report.outcome} ${report.access.state}: ${seconds.toFixed(2)} s (${cpu} s of processors), ${speed} MB/s, ${report.segments.length} segments, ${memory} MB resident`);
  await threads?.close();
  await source.close();
}

const [file, ca, password] = process.argv.slice(2);
if (file === undefined || ca === undefined) throw new Error('FILE and CA.pem are needed');
for (const workers of [0, 1, 2, 0, 1, 2]) await measure(file, ca, undefined, workers);
if (password !== undefined) await measure(file, ca, password);
