/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifies every container of the conformance kit and compares the verdicts with its manifest, and what
 * else is known of the vectors with the files beside them.
 *   node compare_containers.mjs [NAME...]
 * The environment variable SVMS_VECTORS names the folder of the vectors, if not the one above.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { webcrypto } from 'node:crypto';
import { hex } from '../src/bytes/octets.js';
import { sha256Now } from '../src/crypto/hash.js';
import { useCrypto } from '../src/crypto/platform.js';
import { type Credentials, openSlot } from '../src/container/access.js';
import { protection, sampleFlag } from '../src/container/format.js';
import { openContainer, slotOwner } from '../src/container/opening.js';
import type { ContainerReport } from '../src/container/report.js';
import { type Sample, readSegment, secretsOf } from '../src/container/samples.js';
import { verifyContainer } from '../src/container/verify.js';
import { FileSource } from './file_source.js';
import { type KitCase, anchorsOf, credentialsOf, isKeyed, kit } from './kit_cases.js';

useCrypto(webcrypto as unknown as Crypto);

/* Those that say something of the sample; the others say what stands in its header. */
const publicFlags = sampleFlag.sync | sampleFlag.discardable | sampleFlag.discontinuity | sampleFlag.first;

interface Expected {
  verdict: string;
  first_failure?: { segment: number | null };
}

type Case = KitCase<Expected>;

interface SampleFacts {
  segment: number;
  track: number;
  dts: number;
  pts: number;
  duration: number;
  flags: number;
  size: number;
  sha256: string | null;
  utc: number;
}

/** What is known of a vector besides its verdict. */
interface Facts {
  segments?: number;
  closed?: boolean;
  unattested?: number;
  officer?: string;
  stamps?: [number, number];
  attested?: [number, number] | null;
  attested_all?: number | null;
  verdict_claimed_time?: string;
  samples?: SampleFacts[];
  container?: { id: string; header_hash: string; software: string | null };
}

const noVerdict = ['malformed', 'unsupported'];

function differencesOf(report: ContainerReport, expected: Expected): string[] {
  const found: string[] = [];
  const isSame = noVerdict.includes(expected.verdict) ? noVerdict.includes(report.outcome) : report.outcome === expected.verdict;
  if (!isSame) found.push(`verdict ${report.outcome} (${report.reason}), expected ${expected.verdict}`);
  if (expected.first_failure !== undefined && report.firstFailure !== null) {
    const { segment } = report.firstFailure;
    if (segment !== expected.first_failure.segment) {
      found.push(`first failure in segment ${segment} (${report.reason}), expected ${expected.first_failure.segment}`);
    }
  }
  return found;
}

/** Vectors' numbers above 2^53 lose digits in JSON; so much may differ. */
function isSameTime(a: bigint | null, b: number | null): boolean {
  if (a === null || b === null) return a === b;
  return Math.abs(Number(a) - b) < 1000;
}

function factDifferences(report: ContainerReport, facts: Facts): string[] {
  const found: string[] = [];
  const compare = (what: string, mine: unknown, theirs: unknown): void => {
    if (theirs !== undefined && mine !== theirs) found.push(`${what} ${String(mine)}, expected ${String(theirs)}`);
  };
  const counted = report.segments.filter((segment) => !segment.isFaulty && (segment.isAttested || report.header?.isSigned === false));
  compare('segments', counted.length, facts.segments);
  compare('closed', report.coverage.isClosed, facts.closed);
  compare('unattested bytes', report.coverage.unattestedBytes, facts.unattested);
  compare('officer', report.access.officer?.identity, facts.officer);
  compare('stamps', report.time.stamps.length, facts.stamps?.[0]);
  compare('stamps that attest', report.time.stamps.filter((one) => one.attests).length, facts.stamps?.[1]);
  if (facts.attested !== undefined && facts.attested !== null) {
    compare('attested segment', report.time.attested?.segment, facts.attested[0]);
    if (!isSameTime(report.time.attested?.time ?? null, facts.attested[1])) found.push('attested time');
  }
  if (facts.attested_all !== undefined && !isSameTime(report.time.attestedAll, facts.attested_all)) found.push('time since when everything is attested');
  if (facts.container !== undefined && report.header !== null) {
    compare('container id', hex(report.header.containerId), facts.container.id);
    compare('h', hex(report.header.hash), facts.container.header_hash);
    compare('software', report.header.software, facts.container.software);
  }
  return found;
}

/** Reads all samples of attested segments and compares them with what they must be. */
async function sampleDifferences(source: FileSource, report: ContainerReport, facts: Facts, credentials: Credentials | null): Promise<string[]> {
  if (facts.samples === undefined || report.header === null) return [];
  const opened = await openContainer(source);
  const { keys } = opened.header;
  const access = keys === null || credentials === null ? null : await openSlot(opened.slot, credentials, slotOwner(opened.header), keys.check);
  const secrets = access?.state === 'opened' ? secretsOf(access.keys) : null;
  const found: Sample[] = [];
  for (const segment of report.segments) {
    if (!segment.isAttested && opened.header.isSigned) continue;
    const readable = await readSegment(opened, source, segment, secrets);
    for await (const sample of readable.samples()) found.push(sample);
  }
  const wanted = facts.samples.filter((one) => secrets !== null || opened.header.tracks[one.track]?.protection === protection.none);
  if (found.length !== wanted.length) return [`${found.length} samples, expected ${wanted.length}`];
  return found.flatMap((sample, i) => (isSameSample(sample, wanted[i] as SampleFacts) ? [] : [`sample ${i} differs`]));
}

function isSameSample(sample: Sample, facts: SampleFacts): boolean {
  return (
    sample.segment === facts.segment &&
    sample.track.number === facts.track &&
    Number(sample.dts) === facts.dts &&
    Number(sample.pts) === facts.pts &&
    sample.duration === facts.duration &&
    (sample.flags & publicFlags) === facts.flags &&
    sample.data.length === facts.size &&
    hex(sha256Now(sample.data)) === facts.sha256 &&
    Number(sample.utc) === facts.utc
  );
}

async function runCase(one: Case, now: bigint): Promise<{ differences: string[]; extra: string[]; runs: number }> {
  const source = await FileSource.open(join(kit, one.file));
  const trust = { anchors: anchorsOf(one.trust), stampAnchors: anchorsOf(one.stamp_trust), now };
  const facts = JSON.parse(readFileSync(join(kit, dirname(one.file), `${basename(one.file, '.svms')}.json`), 'utf8')) as Facts;
  const report = await verifyContainer(source, { trust });
  const differences = differencesOf(report, one.expected);
  const extra = factDifferences(report, facts);
  let runs = 1;
  if (facts.verdict_claimed_time !== undefined) {
    const claimed = await verifyContainer(source, { trust: { ...trust, acceptClaimedTime: true } });
    if (claimed.outcome !== facts.verdict_claimed_time) extra.push(`verdict with claimed time ${claimed.outcome}, expected ${facts.verdict_claimed_time}`);
  }
  const credentials = isKeyed(one) ? await credentialsOf(one) : null;
  if (credentials !== null) {
    const opened = await verifyContainer(source, { trust, credentials });
    differences.push(...differencesOf(opened, one.expected_with_key ?? one.expected).map((text) => `with key: ${text}`));
    runs++;
  }
  extra.push(...(await sampleDifferences(source, report, facts, credentials)));
  await source.close();
  return { differences, extra, runs };
}

async function main(): Promise<number> {
  const manifest = JSON.parse(readFileSync(join(kit, 'manifest.json'), 'utf8')) as { checked: string; cases: Case[] };
  const now = BigInt(Date.parse(manifest.checked)) * 1_000_000n;
  const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const cases = manifest.cases.filter((one) => one.class === 'container' && (names.length === 0 || names.includes(one.name)));
  let runs = 0;
  let wrong = 0;
  let extraWrong = 0;
  for (const one of cases) {
    const result = await runCase(one, now).catch((error: unknown) => ({
      differences: [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
      extra: [],
      runs: 1,
    }));
    runs += result.runs;
    wrong += result.differences.length;
    extraWrong += result.extra.length;
    for (const text of result.differences) console.log(`${one.name}: ${text}`);
    for (const text of result.extra) console.log(`${one.name}: (beside the manifest) ${text}`);
  }
  console.log(`${cases.length} containers, ${runs} verifications: ${wrong} differences from the manifest, ${extraWrong} from the facts beside it`);
  return wrong + extraWrong === 0 && cases.length > 0 ? 0 : 1;
}

process.exitCode = await main();
