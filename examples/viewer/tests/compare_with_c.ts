/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifies every file of the conformance kit with the C command line and with the viewer's code, without
 * and with the key, and compares what both say: verdicts, first failures, links, sources, gaps, times, heads.
 *   node compare_with_c.mjs SVMS [NAME...]
 * SVMS_VECTORS names the folder of the vectors, if not the one above.
 */
import { spawn } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { useCrypto } from '../src/crypto/platform.js';
import { verifyContainer } from '../src/container/verify.js';
import { verifyProof } from '../src/package/proof.js';
import { verifyPackage } from '../src/package/verify.js';
import { type Members, answerOfContainer, answerOfPackage, answerOfProof, disagreements } from './c_answers.js';
import { FileSource } from './file_source.js';
import { type KitCase, anchorsOf, credentialsOf, isKeyed, kit } from './kit_cases.js';
import type { KitValue } from './kit_report.js';

useCrypto(webcrypto as unknown as Crypto);

type Case = KitCase<Members>;

interface Question {
  one: Case;
  withKey: boolean;
  claimedTime: boolean;
}

interface Answer {
  status: number;
  /** Null where nothing was printed. */
  report: KitValue;
}

const now = BigInt(Date.now()) * 1_000_000n;

/** What the viewer's code says, in the words of the command line. */
async function askViewer({ one, withKey, claimedTime }: Question): Promise<Members> {
  const source = await FileSource.open(join(kit, one.file));
  const film = one.presentation === undefined ? null : await FileSource.open(join(kit, one.presentation));
  const trust = { anchors: anchorsOf(one.trust), stampAnchors: anchorsOf(one.stamp_trust), now, acceptClaimedTime: claimedTime };
  const options = {
    trust,
    ...(withKey ? { credentials: await credentialsOf(one) } : {}),
    ...(one.expect_head === undefined ? {} : { expectedHead: new Uint8Array(Buffer.from(one.expect_head, 'hex')) }),
  };
  try {
    if (one.class === 'container') return answerOfContainer(await verifyContainer(source, options));
    if (film === null) return answerOfPackage(await verifyPackage(source, options));
    return answerOfProof(await verifyProof(source, film, options), one.name);
  } finally {
    await film?.close();
    await source.close();
  }
}

class CommandLine {
  constructor(
    private readonly program: string,
    private readonly folder: string,
  ) {}

  private passwordFile(password: string): string {
    const path = join(this.folder, Buffer.from(password).toString('hex'));
    if (!existsSync(path)) writeFileSync(path, `${password}\n`, { mode: 0o600 });
    return path;
  }

  private words({ one, withKey, claimedTime }: Question): string[] {
    const path = (name: string): string => join(kit, name);
    const words = { container: ['verify'], package: ['export', 'verify'], proof: ['verify-proof', path(one.presentation ?? '')] }[one.class];
    words.push(path(one.file), '--json');
    const add = (option: string, value: string | undefined): void => {
      if (value !== undefined) words.push(option, value);
    };
    add('--trust', one.trust && path(one.trust));
    add('--tsa-anchors', one.stamp_trust && path(one.stamp_trust));
    add('--expect-head', one.expect_head);
    if (claimedTime) words.push('--accept-claimed-time');
    if (!withKey) return words;
    add('--password-file', one.password === undefined ? undefined : this.passwordFile(one.password));
    add('--identity', one.identity && path(one.identity));
    add('--kek', one.kek && path(one.kek));
    return words;
  }

  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.program, this.words(question), { stdio: ['ignore', 'pipe', 'ignore'] });
      const parts: Buffer[] = [];
      child.stdout.on('data', (part: Buffer) => parts.push(part));
      child.on('error', reject);
      child.on('close', (status, signal) => {
        const text = Buffer.concat(parts).toString('utf8');
        if (status === null) reject(new Error(`ended by ${String(signal)}`));
        else resolve({ status, report: text.trim() === '' ? null : (JSON.parse(text) as KitValue) });
      });
    });
  }
}

/** Each file as it is, with its key, and with claimed times believed where that may say something else. */
function questionsOf(cases: readonly Case[]): Question[] {
  return cases.flatMap((one) => [
    { one, withKey: false, claimedTime: false },
    ...(isKeyed(one) ? [{ one, withKey: true, claimedTime: false }] : []),
    ...(/expired|future|stamp/.test(one.name) && one.class !== 'proof' ? [{ one, withKey: false, claimedTime: true }] : []),
  ]);
}

async function compare(question: Question, program: CommandLine): Promise<string[]> {
  try {
    const [theirs, mine] = await Promise.all([program.ask(question), askViewer(question)]);
    const { one, withKey } = question;
    const expected = withKey ? (one.expected_with_key ?? one.expected) : one.expected;
    return disagreements(mine, theirs.report, theirs.status, expected, one.class === 'container');
  } catch (error) {
    return [`no answer: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  }
}

async function main(): Promise<number> {
  const [path, ...names] = process.argv.slice(2);
  if (path === undefined) {
    console.error('usage: compare_with_c.mjs SVMS [NAME...]');
    return 2;
  }
  const { cases } = JSON.parse(readFileSync(join(kit, 'manifest.json'), 'utf8')) as { cases: Case[] };
  const questions = questionsOf(cases.filter((one) => names.length === 0 || names.includes(one.name)));
  const folder = mkdtempSync(join(tmpdir(), 'svms-compare-'));
  const program = new CommandLine(path, folder);
  const waiting = questions.values();
  let differing = 0;
  let count = 0;
  const work = async (): Promise<void> => {
    for (const question of waiting) {
      const found = await compare(question, program);
      const { one, withKey, claimedTime } = question;
      const how = `${withKey ? ' with key' : ''}${claimedTime ? ' with claimed time' : ''}`;
      for (const text of found) console.log(`${one.class} ${one.name}${how}: ${text}`);
      differing += found.length > 0 ? 1 : 0;
      count++;
    }
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(`${cases.length} files, ${count} verdicts of both: ${differing} differ`);
  return differing === 0 && count > 0 ? 0 : 1;
}

process.exitCode = await main();
