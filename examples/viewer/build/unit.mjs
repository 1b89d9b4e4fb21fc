/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the unit tests that build/tests.mjs bundled. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'out', 'tests');
const files = readdirSync(folder).filter((name) => name.endsWith('.test.mjs')).sort();
if (files.length === 0) throw new Error(`there are no tests in ${folder}`);
const done = spawnSync(process.execPath, ['--test', ...files.map((name) => join(folder, name))], { stdio: 'inherit' });
process.exitCode = done.status ?? 1;
