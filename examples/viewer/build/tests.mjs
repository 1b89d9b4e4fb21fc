/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles each test and each program beside them, for Node.js; those of browsers leave packages where they are. */
import { build } from 'esbuild';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'build', 'out', 'tests');

async function bundleFolder(folder, into, options) {
  if (!existsSync(join(root, folder))) return;
  const entries = readdirSync(join(root, folder)).filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
  await build({
    absWorkingDir: root,
    entryPoints: entries.map((name) => join(folder, name)),
    outdir: into,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: ['es2022', 'node18'],
    sourcemap: 'inline',
    logLevel: 'warning',
    ...options,
  });
}

rmSync(out, { recursive: true, force: true });
await bundleFolder('tests', out, {});
await bundleFolder(join('tests', 'e2e'), join(out, 'e2e'), { packages: 'external' });
