/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifies every package and proof of the conformance kit and compares the reports with its manifest.
 *   node compare_packages.mjs [--class package|proof] [NAME...]
 * The environment variable SVMS_VECTORS names the folder of the vectors, if not the one above.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { webcrypto } from 'node:crypto';
import { useCrypto } from '../src/crypto/platform.js';
import { verifyProof } from '../src/package/proof.js';
import { type PackageOptions, verifyPackage } from '../src/package/verify.js';
import { FileSource } from './file_source.js';
import { type KitCase, anchorsOf, credentialsOf, isKeyed, kit } from './kit_cases.js';
import { type KitValue, differences, kitOfPackage, kitOfProof } from './kit_report.js';

useCrypto(webcrypto as unknown as Crypto);

type Case = KitCase<{ [name: string]: KitValue }>;

interface Judged {
  kit: KitValue;
  reason: string;
}

/** A package, or a proof with the file beside it. */
async function judge(one: Case, source: FileSource, options: PackageOptions): Promise<Judged> {
  if (one.presentation === undefined) {
    const report = await verifyPackage(source, options);
    return { kit: kitOfPackage(report), reason: report.reason };
  }
  const file = await FileSource.open(join(kit, one.presentation));
  const report = await verifyProof(source, file, options);
  await file.close();
  return { kit: kitOfProof(report), reason: report.reason };
}

async function runCase(one: Case, now: bigint): Promise<{ found: string[]; runs: number }> {
  const source = await FileSource.open(join(kit, one.file));
  const trust = { anchors: anchorsOf(one.trust), stampAnchors: anchorsOf(one.stamp_trust), now };
  const head = one.expect_head === undefined ? {} : { expectedHead: new Uint8Array(Buffer.from(one.expect_head, 'hex')) };
  const judged = await judge(one, source, { trust, ...head });
  const found = differences(one.expected, judged.kit).map((text) => `${text} (${judged.reason})`);
  let runs = 1;
  const credentials = isKeyed(one) ? await credentialsOf(one) : null;
  if (credentials !== null) {
    const opened = await judge(one, source, { trust, credentials, ...head });
    const expected = one.expected_with_key ?? one.expected;
    found.push(...differences(expected, opened.kit).map((text) => `with key: ${text} (${opened.reason})`));
    runs++;
  }
  await source.close();
  return { found, runs };
}

async function main(): Promise<number> {
  const manifest = JSON.parse(readFileSync(join(kit, 'manifest.json'), 'utf8')) as { checked: string; cases: Case[] };
  const now = BigInt(Date.parse(manifest.checked)) * 1_000_000n;
  const words = process.argv.slice(2);
  const at = words.indexOf('--class');
  const only = at < 0 ? null : words.splice(at, 2)[1];
  let runs = 0;
  let wrong = 0;
  const cases = manifest.cases.filter(
    (one) => one.class !== 'container' && (only === null || one.class === only) && (words.length === 0 || words.includes(one.name)),
  );
  for (const one of cases) {
    const result = await runCase(one, now).catch((error: unknown) => ({
      found: [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
      runs: 1,
    }));
    runs += result.runs;
    wrong += result.found.length;
    for (const text of result.found) console.log(`${one.name}: ${text}`);
  }
  console.log(`${cases.length} packages and proofs, ${runs} verifications: ${wrong} differences from the manifest`);
  return wrong === 0 && cases.length > 0 ? 0 : 1;
}

process.exitCode = await main();
