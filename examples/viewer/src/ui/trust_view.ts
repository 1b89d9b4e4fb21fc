/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the user trusts: what a receiver got on another way than the file. */
import type { Context } from './context.js';
import { button, card, digest, notice, problemText } from './context.js';
import type { NamedBytes } from './controller.js';
import { alien, el, plain, spoken } from './dom.js';
import { readDigest } from '../evidence/digest_text.js';
import { signerName } from './explain.js';
import { pickedFiles } from './files.js';
import { icon } from './icons.js';
import { quoted } from './names.js';

type FileKind = 'authorities' | 'timeAuthorities' | 'revocationLists';

function fileField(ctx: Context, kind: FileKind, options: { id: string; label: string; hint?: string; testId: string }): HTMLElement {
  const { app, t } = ctx;
  const input = el('input', {
    id: options.id,
    class: 'visually-hidden',
    attrs: { type: 'file', multiple: true, tabindex: -1, 'aria-hidden': 'true', 'aria-label': options.label, 'data-testid': options.testId },
  });
  input.addEventListener('change', () => {
    const files = pickedFiles(input);
    void app.addTrustFiles(kind, files).then(() => {
      // What was refused is said, and does not keep the others from being used.
      if (files.length > app.refusedFiles.length) return app.verify();
    });
  });
  const labelId = `${options.id}-label`;
  return el(
    'div',
    'field',
    el('span', { class: 'label', id: labelId }, options.label),
    options.hint === undefined ? null : el('span', { class: 'hint', id: `${options.id}-hint` }, options.hint),
    chosen(ctx, kind, app.trust[kind]),
    button(t.trust.choose, { id: `${options.id}-button`, icon: 'file', attrs: { 'aria-describedby': labelId }, onClick: () => input.click() }),
    input,
  );
}

function chosen(ctx: Context, kind: FileKind, files: readonly NamedBytes[]): HTMLElement | null {
  const { app, t } = ctx;
  if (files.length === 0) return null;
  const remove = (index: number, name: string): HTMLElement =>
    button(plain(t.trust.remove(quoted(t, name))), { icon: 'close', look: 'bare', isLabelHidden: true, onClick: () => {
      app.removeTrustFile(kind, index);
      void app.verify();
    } });
  return el('ul', 'chosen', ...files.map((file, index) => el('li', null, icon('file'), alien(file.name), remove(index, file.name))));
}

function digestField(ctx: Context, options: { id: string; label: string; hint: string; testId: string; value: string; faults: Record<'empty' | 'characters' | 'length', string>; good: string; isMissing: boolean; onInput(text: string): void }): HTMLElement {
  const { t, app } = ctx;
  const state = el('p', { class: 'hint', id: `${options.id}-state`, attrs: { 'aria-live': 'polite' } });
  const input = el('textarea', {
    id: options.id,
    class: 'input is-digest',
    attrs: { rows: 3, spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off', 'data-testid': options.testId, 'aria-describedby': `${options.id}-hint ${options.id}-state` },
  });
  input.value = options.value;
  const show = (): void => {
    const read = readDigest(input.value);
    state.textContent = read.ok ? options.good : read.fault === 'empty' ? '' : options.faults[read.fault];
    state.classList.toggle('is-good', read.ok);
    state.classList.toggle('is-bad', !read.ok && read.fault === 'characters');
  };
  input.addEventListener('input', () => {
    options.onInput(input.value);
    input.removeAttribute('aria-invalid');
    show();
    app.draftChanged();
  });
  show();
  const missing = options.isMissing ? el('div', { id: `${options.id}-missing`, class: 'field-fault', attrs: { 'data-testid': 'fingerprint-missing' } }, icon('warning'), el('p', null, t.trust.fingerprintMissing)) : null;
  return el('div', 'field', el('label', { attrs: { for: options.id } }, options.label), el('span', { class: 'hint', id: `${options.id}-hint` }, options.hint), input, state, missing);
}

function more(ctx: Context): HTMLElement {
  const { app, t } = ctx;
  const element = el(
    'details',
    'details',
    el('summary', null, t.trust.more),
    el(
      'div',
      'details-body form',
      fileField(ctx, 'timeAuthorities', { id: 'time-files', label: t.trust.timeAuthorities, testId: 'time-input' }),
      fileField(ctx, 'revocationLists', { id: 'crl-files', label: t.trust.revocation, testId: 'crl-input' }),
      digestField(ctx, {
        id: 'expected-head',
        label: t.trust.head,
        hint: t.trust.headHint,
        testId: 'head-input',
        value: app.trust.expectedHead,
        faults: t.trust.headFault,
        good: t.trust.headGood,
        isMissing: false,
        onInput: (text) => (app.trust.expectedHead = text),
      }),
    ),
  );
  element.open = app.trust.isMoreOpen;
  element.addEventListener('toggle', () => (app.trust.isMoreOpen = element.open));
  return element;
}

/** The one that stands in the field, and nowhere in the file. */
function isFingerprintMissing({ app }: Context): boolean {
  const read = readDigest(app.trust.fingerprint);
  return read.ok && app.report !== null && app.report.unknownFingerprints.includes(read.hex);
}

function firstFault(ctx: Context): { id: string; text: string } | null {
  const { app, t } = ctx;
  for (const [id, value, faults] of [['fingerprint', app.trust.fingerprint, t.trust.fingerprintFault], ['expected-head', app.trust.expectedHead, t.trust.headFault]] as const) {
    const read = readDigest(value);
    if (!read.ok && read.fault !== 'empty') return { id, text: faults[read.fault] };
  }
  return null;
}

function apply(ctx: Context): void {
  const fault = firstFault(ctx);
  if (fault === null) {
    void ctx.app.verify();
    return;
  }
  const field = document.getElementById(fault.id);
  const state = document.getElementById(`${fault.id}-state`);
  if (state !== null) {
    state.textContent = fault.text;
    state.classList.add('is-bad');
  }
  if (field instanceof HTMLTextAreaElement) {
    field.setAttribute('aria-invalid', 'true');
    field.focus();
    field.select();
  }
}

function inUse(ctx: Context): HTMLElement {
  const { app, t } = ctx;
  const anchors = app.report?.anchors ?? [];
  if (anchors.length === 0) return notice('unknown', el('p', null, t.trust.noneYet));
  return el(
    'div',
    'anchors',
    el('h3', null, t.trust.inUse),
    el('ul', null, ...anchors.map((anchor) => el('li', null, icon('good'), el('div', null, el('span', 'strong', spoken(signerName(t, anchor.subject))), digest(anchor.fingerprint))))),
  );
}

function isAnythingGiven(ctx: Context): boolean {
  const { trust } = ctx.app;
  return trust.authorities.length + trust.timeAuthorities.length + trust.revocationLists.length > 0 || trust.fingerprint !== '' || trust.expectedHead !== '';
}

export function trustView(ctx: Context): HTMLElement {
  const { app, t } = ctx;
  const form = el('form', { id: 'trust-form', class: 'form', attrs: { novalidate: true } });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    apply(ctx);
  });
  const submit = el('button', { class: 'button is-primary', id: 'trust-apply', attrs: { type: 'submit', 'data-testid': 'fingerprint-submit' } }, icon('good'), el('span', null, t.trust.apply));
  form.append(
    fileField(ctx, 'authorities', { id: 'authority-files', label: t.trust.authorities, hint: t.trust.authoritiesHint, testId: 'authority-input' }),
    digestField(ctx, {
      id: 'fingerprint',
      label: t.trust.fingerprint,
      hint: t.trust.fingerprintHint,
      testId: 'fingerprint-input',
      value: app.trust.fingerprint,
      faults: t.trust.fingerprintFault,
      good: t.trust.fingerprintGood,
      isMissing: isFingerprintMissing(ctx),
      onInput: (text) => (app.trust.fingerprint = text),
    }),
    more(ctx),
  );
  if (app.trustProblem !== null) form.append(el('div', { class: 'field-fault', attrs: { role: 'alert', 'data-testid': 'trust-error' } }, icon('warning'), problemText(t, app.trustProblem)));
  if (app.refusedFiles.length > 0) {
    const lines = app.refusedFiles.map(({ name, why }) => el('p', null, spoken(why === 'too_large' ? t.trust.tooLarge(quoted(t, name)) : t.trust.notRead(quoted(t, name)))));
    form.append(el('div', { class: 'field-fault', attrs: { role: 'alert', 'data-testid': 'trust-refused' } }, icon('warning'), el('div', null, ...lines)));
  }
  const clear = isAnythingGiven(ctx)
    ? button(t.trust.clear, { id: 'trust-clear', onClick: () => {
        app.clearTrust();
        void app.verify();
      } })
    : null;
  const actions = el('div', 'form-actions', submit, clear);
  form.append(actions);
  return card({ id: 'trust', heading: t.trust.heading, icon: 'good' }, el('p', null, t.trust.text), app.verification === 'done' ? inUse(ctx) : null, form);
}
