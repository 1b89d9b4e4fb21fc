/* SPDX-License-Identifier: Apache-2.0 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Folder of the package that a bundled file belongs to, or null for the viewer's own. */
function packageOf(input) {
  const place = input.lastIndexOf('node_modules/');
  if (place < 0) return null;
  const words = input.slice(place + 'node_modules/'.length).split('/');
  const name = words[0]?.startsWith('@') ? words.slice(0, 2).join('/') : words[0];
  return `${input.slice(0, place)}node_modules/${name}`;
}

function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (typeof license !== 'string') throw new Error(`${name} does not say its licence`);
  const files = readdirSync(folder).filter((one) => /^(licen[cs]e|copying|copyright|notice)/i.test(one)).sort();
  if (files.length === 0) throw new Error(`${name} carries no text of its licence`);
  const texts = files.map((one) => readFileSync(join(folder, one), 'utf8').replaceAll('\r\n', '\n').trim());
  return `${name} ${version}\nSPDX-License-Identifier: ${license}\n\n${texts.join('\n\n')}`;
}

/** A comment with the licences of everything that was bundled. */
export function notices(root, inputs) {
  const folders = [...new Set(inputs.map(packageOf).filter((one) => one !== null))].sort();
  const own = folders.map((one) => noticeOf(join(root, one)));
  const text = ['SPDX-License-Identifier: Apache-2.0', 'The page holds these packages:', ...own].join('\n\n----\n\n');
  if (/--!?>|<!--/.test(text)) throw new Error('a notice would end its comment');
  return `<!--\n${text}\n-->\n`;
}
