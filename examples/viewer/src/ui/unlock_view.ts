/* SPDX-License-Identifier: Apache-2.0 */
/* Password or key file of a sealed file. */
import type { Context } from './context.js';
import { button, card, details } from './context.js';
import { alien, el } from './dom.js';
import { pickedFiles } from './files.js';
import { icon } from './icons.js';
import { largestTrustFile } from './controller.js';

/** What is derived, said in place of the form's button. */
export function unlockProgress(ctx: Context): HTMLElement {
  const { app, t } = ctx;
  const share = app.unlocking ?? 0;
  return el(
    'div',
    { class: 'unlock-progress', attrs: { role: 'status' } },
    el('p', null, t.unlock.deriving),
    el('progress', { id: 'unlock-bar', class: 'bar', attrs: { max: 100, 'aria-label': t.unlock.deriving, ...(share > 0 ? { value: Math.round(share * 100) } : {}) } }),
    button(t.unlock.cancel, { id: 'unlock-cancel', icon: 'close', onClick: () => app.cancelUnlock() }),
  );
}

export function updateUnlockProgress(ctx: Context): void {
  const bar = document.getElementById('unlock-bar');
  if (bar instanceof HTMLProgressElement && ctx.app.unlocking !== null) bar.value = Math.round(ctx.app.unlocking * 100);
}

function fault(ctx: Context): HTMLElement | null {
  const { app, t } = ctx;
  const problem = app.unlockProblem;
  if (problem === null) return null;
  const text = problem.code === 'wrong_key' ? (app.triedKey === 'password' ? t.unlock.wrong : t.unlock.wrongKey) : `${t.problems.titles[problem.code]}. ${t.problems.help[problem.code]}`;
  return el(
    'div',
    { id: 'password-error', class: 'field-fault', attrs: { role: 'alert', 'data-testid': 'password-error', 'data-code': problem.code } },
    icon('warning'),
    el('div', null, el('p', null, text), problem.code === 'wrong_key' || problem.message === '' ? null : details(t.problems.technical, alien(problem.message))),
  );
}

function passwordField(ctx: Context): { field: HTMLElement; input: HTMLInputElement } {
  const { app, t } = ctx;
  const input = el('input', {
    id: 'password',
    class: 'input',
    attrs: {
      type: 'password',
      // The only value that keeps managers of passwords from offering to store it.
      autocomplete: 'new-password',
      autocapitalize: 'off',
      spellcheck: 'false',
      'data-testid': 'password-input',
      'aria-invalid': app.unlockProblem !== null && app.triedKey === 'password' ? 'true' : null,
      'aria-describedby': app.unlockProblem !== null ? 'password-error' : null,
      disabled: app.unlocking !== null,
    },
  });
  const toggle = button(t.unlock.show, { id: 'password-show', icon: 'eye', isLabelHidden: true, attrs: { 'aria-pressed': 'false' }, onClick: () => {
    const isShown = input.type === 'text';
    input.type = isShown ? 'password' : 'text';
    toggle.setAttribute('aria-pressed', String(!isShown));
    toggle.setAttribute('aria-label', isShown ? t.unlock.show : t.unlock.hide);
    toggle.title = isShown ? t.unlock.show : t.unlock.hide;
  } });
  const field = el('div', 'field', el('label', { attrs: { for: 'password' } }, t.unlock.password), el('div', 'input-row', input, toggle));
  return { field, input };
}

function keyFilePart(ctx: Context): HTMLElement {
  const { app, t } = ctx;
  const input = el('input', { id: 'keyfile', class: 'visually-hidden', attrs: { type: 'file', accept: '.pem,.key,.p8', tabindex: -1, 'aria-hidden': 'true', 'aria-label': t.unlock.keyFile, 'data-testid': 'key-input' } });
  input.addEventListener('change', () => {
    const [file] = pickedFiles(input);
    if (file === undefined) return;
    if (file.size > largestTrustFile) {
      app.refuseKeyFile(`${file.name}: ${file.size} bytes; ${largestTrustFile} at most`);
      return;
    }
    void file.arrayBuffer().then(
      (buffer) => app.unlock({ keyFile: new Uint8Array(buffer) }),
      (error: unknown) => app.refuseKeyFile(error instanceof Error ? `${file.name}: ${error.name}` : file.name),
    );
  });
  return el(
    'div',
    'keyfile',
    app.evidence?.locks.password === true ? el('p', 'hint', t.unlock.keyOpens) : el('p', 'hint', t.unlock.noPassword),
    button(t.unlock.keyFile, { id: 'keyfile-button', icon: 'file', attrs: { 'aria-describedby': 'keyfile-hint' }, onClick: () => input.click() }),
    el('p', { class: 'hint', id: 'keyfile-hint' }, t.unlock.keyFileHint),
    input,
  );
}

function form(ctx: Context): HTMLFormElement {
  const { app, t } = ctx;
  const locks = app.evidence?.locks ?? { password: false, privateKey: false, keyEncryptionKey: false };
  const password = locks.password ? passwordField(ctx) : null;
  const element = el('form', { id: 'unlock-form', class: 'form', attrs: { novalidate: true, autocomplete: 'off' } });
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    if (password === null || app.unlocking !== null) return;
    const { input } = password;
    if (input.value === '') {
      ctx.announce(t.unlock.empty);
      input.focus();
      return;
    }
    const given = input.value;
    input.value = '';
    void app.unlock({ password: given });
  });
  const submit = el('button', { class: 'button is-primary', id: 'password-submit', attrs: { type: 'submit', 'data-testid': 'password-submit' } }, icon('lock'), el('span', null, t.unlock.open));
  element.append(
    ...[
      password === null ? null : password.field,
      app.unlocking === null ? fault(ctx) : unlockProgress(ctx),
      password === null || app.unlocking !== null ? null : el('div', 'form-actions', submit),
      (locks.privateKey || locks.keyEncryptionKey) && app.unlocking === null ? keyFilePart(ctx) : null,
      !locks.password && !locks.privateKey && !locks.keyEncryptionKey ? el('p', null, t.unlock.noWay) : null,
    ].filter((part) => part !== null),
  );
  return element;
}

/** Null where nothing is sealed, or it is open. */
export function unlockView(ctx: Context): HTMLElement | null {
  const { app, t } = ctx;
  if (app.evidence === null || !app.evidence.isSealed || app.evidence.isUnlocked) return null;
  return card({ id: 'unlock', heading: t.unlock.heading, icon: 'lock', class: 'unlock' }, el('p', null, t.unlock.text), form(ctx));
}
