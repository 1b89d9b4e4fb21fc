/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at a page that was built: it is made again, from another folder, with the same bytes; it refers to
 * nothing; its policy allows its own script and style and nothing else; licences and digest are there.
 *   node build/check_page.mjs [PAGE]
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { policyOf } from './policy.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const path = resolve(process.argv[2] ?? join(root, 'build', 'out', 'svms-viewer.html'));
const page = readFileSync(path, 'utf8');

/** Built again in a folder of another name, another time zone and another language. */
function builtElsewhere() {
  const folder = mkdtempSync(join(tmpdir(), 'svms-page-'));
  try {
    for (const name of ['src', 'build', 'package.json', 'tsconfig.json']) {
      cpSync(join(root, name), join(folder, name), { recursive: true, filter: (one) => basename(one) !== 'out' });
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const out = join(folder, 'again', 'svms-viewer.html');
    const env = { ...process.env, TZ: 'Asia/Kathmandu', LC_ALL: 'de_DE.UTF-8', SOURCE_DATE_EPOCH: '1' };
    const said = execFileSync(process.execPath, [join(folder, 'build', 'bundle.mjs'), '--out', out], { cwd: tmpdir(), env, encoding: 'utf8' });
    return { text: readFileSync(out, 'utf8'), said };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The one element of this name, and what stands in front of it. */
function only(name) {
  const parts = page.split(`<${name}>`);
  assert.equal(parts.length, 2, `one <${name}>`);
  const [inside] = parts[1].split(`</${name}>`);
  return { inside, before: parts[0] };
}

const again = builtElsewhere();
assert.ok(again.text === page, 'the same input gives the same bytes');
const digest = createHash('sha256').update(page).digest('hex');
assert.equal(again.said, `SHA-256 ${digest}  svms-viewer.html\n`);
assert.equal(readFileSync(`${path}.sha256`, 'utf8'), `${digest}  ${basename(path)}\n`);

const script = only('script');
const style = only('style');
const policy = `<meta http-equiv="Content-Security-Policy" content="${policyOf(script.inside, style.inside)}">`;
const head = page.slice(page.indexOf('<head>') + '<head>'.length);
assert.match(head.trimStart(), /^<meta charset="utf-8">\s*<meta http-equiv="Content-Security-Policy"/i, 'the policy is the first of the head');
assert.ok(page.includes(policy), 'the policy is that of this script and style');
assert.doesNotMatch(policy, /unsafe|https?:|\*/, 'the policy opens nothing');
for (const directive of ["default-src 'none'", "connect-src 'none'", "form-action 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"]) {
  assert.ok(policy.includes(directive), directive);
}

const markup = page.replace(script.inside, '').replace(style.inside, '').replace(/<!--[^]*?-->/g, '');
assert.doesNotMatch(markup, /<(link|base|iframe|object|embed|img|video|audio)\b/i, 'nothing is loaded by an element');
assert.doesNotMatch(markup, /\s(src|srcset|href|action|data|style|on[a-z]+)\s*=\s*["'][^#"']/i, 'no attribute refers or runs');
assert.doesNotMatch(style.inside, /@import|url\((?!["']?(data:|#))/i, 'the style loads nothing');
assert.doesNotMatch(page, /sourceMappingURL|\/\/# sourceURL/, 'no source map');
assert.doesNotMatch(page, new RegExp(`${root.replace(/[^\w/]/g, '.')}|node_modules/`), 'no path of the machine that built it');
assert.doesNotMatch(script.inside, /\b(innerHTML|outerHTML|insertAdjacentHTML|localStorage|sessionStorage|indexedDB|XMLHttpRequest|sendBeacon|importScripts)\b|\b(eval|Function)\(|document\.write\b/, 'nothing in the script interprets markup, stores or sends');

const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const notices = page.slice(page.indexOf('</html>'));
for (const [name, version] of Object.entries(dependencies)) {
  if (page.includes(`${name} ${version}`)) assert.match(notices.slice(notices.indexOf(`${name} ${version}`)), /SPDX-License-Identifier: .+\n[^]*copyright/i, name);
}
assert.ok(!Object.keys(dependencies).length || /SPDX-License-Identifier: MIT/.test(notices), 'licences of what is bundled are kept');
console.log(`${page.length} bytes, SHA-256 ${digest}: made again with the same bytes, refers to nothing`);
