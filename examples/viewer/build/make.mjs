/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds the viewer outside of the sources, for Meson: copies them, installs the packages of the lock file
 * beside the copy, and makes the page and the tests. Does nothing that was done before.
 *   node build/make.mjs --work FOLDER --out FILE [--tests]
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { work: { type: 'string' }, out: { type: 'string' }, tests: { type: 'boolean' } } });
if (values.work === undefined || values.out === undefined) throw new Error('usage: make.mjs --work FOLDER --out FILE [--tests]');
const work = resolve(values.work);
const out = resolve(values.out);

/** Names of all files of what is built, relative to the sources. */
function sources(name) {
  const path = join(root, name);
  if (!statSync(path).isDirectory()) return [name];
  return readdirSync(path).sort().flatMap((one) => (join(name, one) === join('build', 'out') ? [] : sources(join(name, one))));
}

function copyAll(names) {
  for (const folder of ['src', 'tests', 'build']) rmSync(join(work, folder), { recursive: true, force: true });
  for (const name of names) {
    mkdirSync(dirname(join(work, name)), { recursive: true });
    copyFileSync(join(root, name), join(work, name));
  }
}

function run(program, words) {
  const done = spawnSync(program, words, { cwd: work, stdio: 'inherit' });
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0) process.exit(done.status ?? 1);
}

function digestOf(names) {
  const hash = createHash('sha256').update(process.version);
  for (const name of names) hash.update(`${name}\0`).update(readFileSync(join(root, name))).update('\0');
  return hash.digest('hex');
}

/** Whether `key` was written for `what` when it was last done. */
const isDone = (what, key) => existsSync(join(work, what)) && readFileSync(join(work, what), 'utf8') === key;

mkdirSync(work, { recursive: true });
const names = ['src', 'tests', 'build', 'package.json', 'package-lock.json', 'tsconfig.json'].flatMap(sources);
const packages = digestOf(['package.json', 'package-lock.json']);
const everything = `${digestOf(names)} ${values.tests === true}`;
const isFresh = isDone('made', everything) && existsSync(out);
if (!isFresh) copyAll(names);
if (!isDone('installed', packages)) {
  run('npm', ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(join(work, 'installed'), packages);
}
if (isFresh) {
  process.stdout.write(`SHA-256 ${readFileSync(`${out}.sha256`, 'utf8')}`);
} else {
  run(process.execPath, ['build/bundle.mjs', '--out', out]);
  if (values.tests === true) run(process.execPath, ['build/tests.mjs']);
  writeFileSync(join(work, 'made'), everything);
}
