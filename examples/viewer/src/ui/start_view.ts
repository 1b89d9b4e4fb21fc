/* SPDX-License-Identifier: Apache-2.0 */
/* What is seen before anything is open. */
import type { Context } from './context.js';
import { button, details, notice } from './context.js';
import { alien, el, plain, spoken } from './dom.js';
import { fromFolder, pickedFiles } from './files.js';
import { icon } from './icons.js';
import { quoted } from './names.js';

/** Inputs for files stay invisible; buttons open them, so that they look and are read out like buttons. */
export function filePicker(ctx: Context, options: { id: string; testId: string; isFolder: boolean; label: string }): HTMLInputElement {
  const input = el('input', {
    id: options.id,
    class: 'visually-hidden',
    attrs: {
      type: 'file',
      multiple: true,
      tabindex: -1,
      'aria-hidden': 'true',
      'aria-label': options.label,
      'data-testid': options.testId,
      webkitdirectory: options.isFolder,
    },
  });
  input.addEventListener('change', () => {
    const files = pickedFiles(input);
    void ctx.app.open(options.isFolder ? fromFolder(files) : files);
  });
  return input;
}

function dropZone(ctx: Context): HTMLElement {
  const { t } = ctx;
  const files = filePicker(ctx, { id: 'pick', testId: 'file-input', isFolder: false, label: t.start.pick });
  const folder = filePicker(ctx, { id: 'pick-folder', testId: 'folder-input', isFolder: true, label: t.start.pickFolder });
  return el(
    'div',
    { id: 'drop', class: 'drop', attrs: { 'data-testid': 'drop' } },
    icon('drop', 'icon drop-icon'),
    el('p', 'drop-title', t.start.drop),
    el('p', 'drop-or', t.start.or),
    el(
      'div',
      'drop-buttons',
      button(t.start.pick, { id: 'pick-button', look: 'primary', icon: 'file', onClick: () => files.click() }),
      button(t.start.pickFolder, { id: 'pick-folder-button', icon: 'folder', onClick: () => folder.click() }),
    ),
    files,
    folder,
  );
}

function missing(ctx: Context): HTMLElement | null {
  const { t } = ctx;
  if (globalThis.crypto?.subtle === undefined) return notice('bad', el('p', null, t.environment.noCrypto));
  if (typeof globalThis.VideoDecoder === 'undefined') return notice('unknown', el('p', null, t.environment.noDecoder));
  return null;
}

function digestHelp(ctx: Context): HTMLElement {
  const { t } = ctx;
  const name = decodeURIComponent(location.pathname.split('/').pop() ?? '').slice(0, 120) || 'svms-viewer.html';
  const command = (label: string, text: string): HTMLElement =>
    el('div', 'command', el('span', 'command-label', label), el('code', { attrs: { translate: 'no' } }, text));
  return el(
    'div',
    null,
    el('p', null, t.start.genuineText),
    command(t.start.genuineWindows, `Get-FileHash "${name}"`),
    command(t.start.genuineMac, `shasum -a 256 "${name}"`),
    command(t.start.genuineLinux, `sha256sum "${name}"`),
  );
}

export function environmentNotice(ctx: Context): HTMLElement | null {
  return missing(ctx);
}

export function startView(ctx: Context): HTMLElement {
  const { t } = ctx;
  return el(
    'div',
    'start',
    el('h1', { id: 'page-heading', attrs: { tabindex: -1 } }, t.start.heading),
    el('p', 'lead', t.start.lead),
    missing(ctx),
    dropZone(ctx),
    el(
      'div',
      'start-notes',
      el(
        'section',
        'start-note',
        el('h2', null, icon('file'), el('span', null, t.start.accepts)),
        el('ul', null, ...t.start.acceptsList.map((line) => el('li', null, line))),
      ),
      el('section', 'start-note', el('h2', null, icon('closed'), el('span', null, t.start.privacy)), el('p', null, t.start.privacyText)),
      el(
        'section',
        'start-note',
        el('h2', null, icon('good'), el('span', null, t.start.genuine)),
        el('p', null, t.page.version(ctx.app.makers.version)),
        details(t.page.details, digestHelp(ctx)),
      ),
    ),
  );
}

export function openingView(ctx: Context): HTMLElement {
  const { app, t } = ctx;
  const [name] = app.fileNames;
  const text = app.fileNames.length === 1 && name !== undefined ? t.start.opening(quoted(t, name)) : t.start.openingFiles(app.fileNames.length);
  return el(
    'div',
    'opening',
    el('h1', { id: 'page-heading', attrs: { tabindex: -1 } }, spoken(text)),
    el('progress', { class: 'bar', attrs: { 'aria-label': plain(text) } }),
    button(t.verify.cancel, { id: 'opening-cancel', icon: 'close', onClick: () => app.reset() }),
  );
}

export function problemView(ctx: Context): HTMLElement {
  const { app, t } = ctx;
  const problem = app.problem ?? { code: 'internal' as const, message: '' };
  const files = filePicker(ctx, { id: 'pick', testId: 'file-input', isFolder: false, label: t.start.pick });
  const folder = filePicker(ctx, { id: 'pick-folder', testId: 'folder-input', isFolder: true, label: t.start.pickFolder });
  return el(
    'div',
    { class: 'problem', id: 'problem', attrs: { 'data-code': problem.code, 'data-testid': 'error', role: 'alert' } },
    icon('bad', 'icon problem-icon'),
    el('h1', { id: 'page-heading', attrs: { tabindex: -1 } }, t.problems.titles[problem.code]),
    el('p', 'problem-files', ...app.fileNames.slice(0, 5).map((name) => alien(name, 'alien chip'))),
    el('p', 'lead', t.problems.help[problem.code]),
    problem.message === '' ? null : details(t.problems.technical, el('p', 'technical', alien(problem.message))),
    el(
      'div',
      'drop-buttons',
      button(t.start.pick, { look: 'primary', icon: 'file', onClick: () => files.click() }),
      button(t.start.pickFolder, { icon: 'folder', onClick: () => folder.click() }),
    ),
    files,
    folder,
  );
}

