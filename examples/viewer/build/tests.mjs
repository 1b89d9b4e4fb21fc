/* SPDX-License-Identifier: Apache-2.0 */
import { build } from 'esbuild';
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'build', 'out', 'tests');
const entries = readdirSync(join(root, 'tests')).filter((name) => name.endsWith('.ts'));

rmSync(out, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: entries.map((name) => join('tests', name)),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: ['es2022', 'node18'],
  sourcemap: 'inline',
  logLevel: 'warning',
});
