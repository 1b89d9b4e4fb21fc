/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures how fast a package is verified, and how soon the first sample is there.
 *   node bench_package.mjs FILE CA.pem [PASSWORD]
 */
import { readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { useCrypto } from '../src/crypto/platform.js';
import { openPackage, unlockPackage } from '../src/package/opening.js';
import { SourceReader } from '../src/package/reading.js';
import { verifyPackage } from '../src/package/verify.js';
import { certificatesOf } from '../src/x509/pem.js';
import { FileSource } from './file_source.js';
import { openFramePool } from './node_pool.js';

useCrypto(webcrypto as unknown as Crypto);

async function measure(file: string, ca: string, password: string | undefined, workers: number, opensSamples: boolean): Promise<void> {
  const source = await FileSource.open(file);
  const anchors = { certificates: certificatesOf(readFileSync(ca)) };
  const trust = { anchors, stampAnchors: { certificates: [] }, now: BigInt(Date.now()) * 1_000_000n };
  const credentials = password === undefined ? {} : { credentials: { password } };
  const threads = workers === 0 ? null : openFramePool(file, workers);
  const spread = threads === null ? {} : { checker: threads.pool.check, attachments: threads.pool.checkAttachment, width: 4 * workers };
  const start = performance.now();
  const before = process.cpuUsage();
  const report = await verifyPackage(source, { trust, ...credentials, ...spread, opensSamples });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const speed = (source.size / 1e6 / seconds).toFixed(0);
  const memory = (process.memoryUsage().rss / 1e6).toFixed(0);
  const what = `${workers} workers, ${report.outcome} ${report.access.state}${opensSamples ? ', samples opened' : ''}`;
  console.log(`${what}: ${seconds.toFixed(2)} s (${((user + system) / 1e6).toFixed(2)} s of processors), ${speed} MB/s, ${memory} MB resident ${report.reason}`);
  await threads?.close();
  await source.close();
}

async function firstSample(file: string, password: string): Promise<void> {
  const source = await FileSource.open(file);
  const opened = await openPackage(source);
  const start = performance.now();
  const unlocked = await unlockPackage(opened, { password });
  const reader = await SourceReader.open(opened, 0, unlocked?.state === 'opened' ? unlocked.keys : null);
  const listed = await reader.locate(-(2n ** 63n) + 1n);
  if (listed === null) throw new Error('there is no segment');
  for await (const sample of (await reader.read(listed)).samples()) {
    console.log(`first sample, ${sample.data.length} bytes, ${(performance.now() - start).toFixed(0)} ms after the password`);
    break;
  }
  await source.close();
}

const [file, ca, password] = process.argv.slice(2);
if (file === undefined || ca === undefined) throw new Error('FILE and CA.pem are needed');
await measure(file, ca, undefined, 0, true);
await measure(file, ca, undefined, 2, true);
if (password !== undefined) {
  await firstSample(file, password);
  await measure(file, ca, password, 0, false);
  await measure(file, ca, password, 0, true);
  await measure(file, ca, password, 2, true);
}
