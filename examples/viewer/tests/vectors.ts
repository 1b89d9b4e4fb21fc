/* SPDX-License-Identifier: Apache-2.0 */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder `tests/vectors` above this file, or the one that SVMS_VECTORS names. */
export function vectorFolder(): string {
  const named = process.env['SVMS_VECTORS'];
  if (named !== undefined) return resolve(named);
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const found = join(folder, 'tests', 'vectors');
    if (existsSync(join(found, 'kit', 'manifest.json'))) return found;
  }
  throw new Error('there are no vectors above this folder');
}

export function vectorPath(name: string): string {
  return join(vectorFolder(), 'data', name);
}
