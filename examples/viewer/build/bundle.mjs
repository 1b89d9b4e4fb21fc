/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes svms-viewer.html: page, worker, style and notices of licences in one file without any reference.
 * The same input gives the same bytes.
 *   node build/bundle.mjs [--out FILE]
 */
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { notices } from './notices.mjs';
import { policyOf } from './policy.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const common = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  metafile: true,
  platform: 'browser',
  preserveSymlinks: true,
  target: ['es2022', 'chrome109', 'firefox115'],
  minify: true,
  charset: 'ascii',
  legalComments: 'none',
  sourcemap: false,
  logLevel: 'warning',
};

/** Modules whose text is made here. */
function madeModules(texts) {
  return {
    name: 'svms',
    setup(context) {
      context.onResolve({ filter: /^svms:/ }, ({ path }) => ({ path, namespace: 'svms' }));
      context.onLoad({ filter: /.*/, namespace: 'svms' }, ({ path }) =>
        Object.hasOwn(texts, path) ? { contents: texts[path], loader: 'js' } : { errors: [{ text: `nothing makes ${path}` }] },
      );
    },
  };
}

async function textOf(entry, options) {
  const result = await build({ ...common, entryPoints: [entry], ...options });
  const [file, ...others] = result.outputFiles;
  if (file === undefined || others.length > 0) throw new Error(`${entry} gives ${result.outputFiles.length} files`);
  return { text: file.text.trimEnd(), inputs: Object.keys(result.metafile.inputs) };
}

/** What would end a script or style element, or begin a comment in it, must not stand in it. */
function element(name, text) {
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`the text of <${name}> would end it`);
  return `<${name}>${text}</${name}>`;
}

/** In a script `<!--` stands in literals only, where it may be written otherwise. */
const withoutComments = (script) => script.replaceAll('<!--', '\\x3C!--');

function replaceOnce(text, mark, content) {
  const parts = text.split(mark);
  if (parts.length !== 2) throw new Error(`src/ui/index.html has ${parts.length - 1} of ${mark}, not one`);
  return parts.join(content);
}

/** Nothing may be loaded from elsewhere, nor run from an attribute: the policy would refuse it, and so does the build. */
function refuseReferences(template) {
  const found = /<(script|style|link|base|iframe|object|embed)\b|\s(src|href|style|on[a-z]+|action|srcdoc)\s*=\s*(?!["']#)/i.exec(template);
  if (found !== null) throw new Error(`src/ui/index.html must not hold ${found[0].trim()}`);
}

async function makePage() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const texts = { 'svms:build': `export const version = ${JSON.stringify(version)};` };
  const worker = await textOf('src/evidence/worker.ts', { format: 'iife', plugins: [madeModules(texts)] });
  texts['svms:worker'] = `export default ${JSON.stringify(worker.text)};`;
  const page = await textOf('src/ui/main.ts', { format: 'iife', plugins: [madeModules(texts)] });
  const script = withoutComments(page.text);
  const style = await textOf('src/ui/style.css', { loader: { '.svg': 'dataurl' } });
  const inputs = [...new Set([...worker.inputs, ...page.inputs, ...style.inputs])].filter((name) => !name.startsWith('svms:'));

  let html = readFileSync(join(root, 'src', 'ui', 'index.html'), 'utf8');
  refuseReferences(html);
  html = replaceOnce(html, '<!-- svms:policy -->', `<meta http-equiv="Content-Security-Policy" content="${policyOf(script, style.text)}">`);
  html = replaceOnce(html, '<!-- svms:style -->', element('style', style.text));
  html = replaceOnce(html, '<!-- svms:script -->', element('script', script));
  return `${html.trimEnd()}\n${notices(root, inputs)}`;
}

const { values } = parseArgs({ options: { out: { type: 'string' } } });
const out = resolve(values.out ?? join(root, 'build', 'out', 'svms-viewer.html'));
const html = await makePage();
const digest = createHash('sha256').update(html).digest('hex');
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, html);
writeFileSync(`${out}.sha256`, `${digest}  ${basename(out)}\n`);
console.log(`SHA-256 ${digest}  ${basename(out)}`);
