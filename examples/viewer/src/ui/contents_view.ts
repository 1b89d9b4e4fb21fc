/* SPDX-License-Identifier: Apache-2.0 */
/* Case and attachments: the exporter's own words and things. File and receipt. */
import type { AttachmentView } from '../evidence/model.js';
import type { Context } from './context.js';
import { badge, button, card, deviceName, digest, facts, notice, problemText } from './context.js';
import { problemOf } from './controller.js';
import { compareDigest } from './digest.js';
import { type Child, alien, el, replaceChildren, visibleLine } from './dom.js';
import { saveBlob } from './files.js';
import { icon } from './icons.js';
import { isReexportAllowed } from './policy.js';

function caseStanding(ctx: Context): HTMLElement {
  const { app, t } = ctx;
  const verdict = app.report?.contents?.verdict ?? null;
  if (verdict === null) return notice('idle', el('p', null, t.caseData.notVerified));
  if (verdict === 'not_authentic') return notice('bad', el('p', null, t.caseData.broken));
  return notice('info', el('p', null, t.caseData.words));
}

function unverified(ctx: Context): Child {
  const { app, t } = ctx;
  const entries = app.evidence?.case?.unverified ?? [];
  if (entries.length === 0) return null;
  const lines = entries.slice(0, 50).map((entry) => {
    const part = app.evidence?.parts[entry.part];
    const name = deviceName(t, app.evidence?.devices[part?.device ?? -1], part?.device ?? 0);
    return el('li', null, alien(t.caseData.unverifiedPart(name, entry.verdict, entry.count)), entry.reason === null ? null : el('span', 'line technical', alien(entry.reason)));
  });
  return notice('unknown', el('strong', null, t.caseData.unverified), el('ul', 'plain-list', ...lines));
}

export function caseView(ctx: Context): HTMLElement | null {
  const { app, t, times } = ctx;
  const evidence = app.evidence;
  if (evidence === null || evidence.kind === 'recording') return null;
  const told = evidence.case;
  if (told === null) return card({ id: 'case', heading: t.caseData.heading, icon: 'folder' }, el('p', null, evidence.isSealed && !evidence.isUnlocked ? t.caseData.sealed : t.caseData.missing));
  const f = t.caseData.fields;
  const text = (value: string | null): Child => (value === null || value === '' ? null : alien(value, 'alien words'));
  return card(
    { id: 'case', heading: t.caseData.heading, icon: 'folder' },
    caseStanding(ctx),
    facts([
      [f.case, text(told.case)],
      [f.operator, text(told.operator)],
      [f.created, times.utc(told.created)],
      [f.reason, text(told.reason)],
      [f.comment, text(told.comment)],
      [f.profile, text(told.profile)],
      [f.audit, text(told.auditReference)],
      [f.formats, alien(told.formats.join(', '))],
      [f.reexport, isReexportAllowed(app) ? t.caseData.reexportAllowed : app.report === null ? t.caseData.notVerified : t.caseData.reexportForbidden],
    ]),
    unverified(ctx),
  );
}

function attachmentStanding(ctx: Context, attachment: AttachmentView): HTMLElement {
  const { app, t } = ctx;
  const found = app.report?.contents?.attachments.find((one) => one.number === attachment.number);
  if (found === undefined) return badge('idle', t.attachments.unchecked);
  if (found.verdict === 'not_authentic') return badge('bad', t.attachments.altered);
  if (app.evidence?.isSealed === true && !app.evidence.isUnlocked) return badge('closed', t.attachments.notOpened);
  if (found.verdict === 'undecryptable') return badge('closed', t.verdict.badges.undecryptable);
  return badge('good', t.attachments.same);
}

function attachmentItem(ctx: Context, attachment: AttachmentView): HTMLElement {
  const { app, t, times } = ctx;
  const state = el('div', { class: 'attachment-state', attrs: { 'aria-live': 'polite' } });
  const save = button(t.attachments.save, {
    icon: 'save',
    attrs: { 'aria-label': t.attachments.saveName(visibleLine(attachment.name)), disabled: app.evidence?.isSealed === true && !app.evidence.isUnlocked },
    onClick: () => {
      save.disabled = true;
      void app.session
        ?.attachment(attachment.number)
        .then((blob) => saveBlob(blob, attachment.name), (error: unknown) => replaceChildren(state, problemText(t, problemOf(error))))
        .finally(() => (save.disabled = false));
    },
  });
  return el(
    'li',
    { class: 'attachment', attrs: { 'data-testid': 'attachment', 'data-number': attachment.number } },
    icon('paperclip'),
    el(
      'div',
      'attachment-text',
      el('strong', null, alien(attachment.name)),
      attachment.description === null ? null : el('p', null, alien(attachment.description, 'alien words')),
      el('p', 'hint', times.size(attachment.size), attachment.mediaType === null ? null : ' · ', attachment.mediaType === null ? null : alien(attachment.mediaType)),
      attachmentStanding(ctx, attachment),
      digest(attachment.sha256),
      state,
    ),
    save,
  );
}

const mostAttachments = 200;

export function attachmentsView(ctx: Context): HTMLElement | null {
  const { app, t } = ctx;
  const all = app.evidence?.attachments ?? [];
  if (all.length === 0) return null;
  return card(
    { id: 'attachments', heading: t.attachments.heading, icon: 'paperclip' },
    el('p', 'hint', `${t.attachments.words} ${t.attachments.executable}`),
    app.report !== null && !app.report.reexport ? notice('closed', el('p', null, t.attachments.forbidden)) : null,
    el('ul', 'attachments', ...all.slice(0, mostAttachments).map((attachment) => attachmentItem(ctx, attachment))),
    all.length > mostAttachments ? el('p', 'hint', t.devices.cut(mostAttachments, all.length)) : null,
  );
}

function comparison(ctx: Context, actual: string): HTMLElement {
  const { t } = ctx;
  const result = el('p', { class: 'compare-result', id: 'compare-result', attrs: { role: 'status' } });
  const show = (text: string): void => {
    const found = compareDigest(text, actual);
    result.className = `compare-result is-${found.result}`;
    const words = found.result === 'partial' ? t.head.partial(found.given) : found.result === 'differs' ? t.head.differs(found.group) : t.head.results[found.result];
    const sign = found.result === 'match' ? icon('good') : found.result === 'differs' ? icon('bad') : icon('info');
    replaceChildren(result, sign, el('span', null, words));
  };
  const field = el('textarea', { id: 'compare-head', class: 'input is-digest', attrs: { rows: 3, spellcheck: 'false', autocomplete: 'off', 'aria-describedby': 'compare-result' } });
  field.addEventListener('input', () => show(field.value));
  show('');
  return el('div', 'field', el('label', { attrs: { for: 'compare-head' } }, t.head.field), field, result);
}

function copyButton(ctx: Context, text: string): HTMLElement {
  const { t } = ctx;
  const copy = button(t.head.copy, { id: 'copy-head', icon: 'copy', onClick: () => {
    void navigator.clipboard?.writeText(text).then(() => {
      ctx.announce(t.head.copied);
      replaceChildren(copy, icon('good'), el('span', null, t.head.copied));
      setTimeout(() => replaceChildren(copy, icon('copy'), el('span', null, t.head.copy)), 2_000);
    }, () => selectText('receipt-head'));
  } });
  return copy;
}

/** Where a browser does not let a page copy, the digits are selected for the user to do it. */
function selectText(id: string): void {
  const element = document.getElementById(id);
  if (element === null) return;
  getSelection()?.selectAllChildren(element);
}

export function headOf(ctx: Context): string | null {
  const { report } = ctx.app;
  if (report === null) return null;
  return report.head ?? report.devices.flatMap((device) => device.parts).find((part) => part.head !== null)?.head ?? null;
}

export function headView(ctx: Context): HTMLElement | null {
  const { app, t } = ctx;
  if (app.report === null) return null;
  const head = headOf(ctx);
  const isRecording = app.evidence?.kind === 'recording';
  const code = head === null ? null : digest(head, 'receipt-head');
  code?.setAttribute('data-testid', 'head');
  return card(
    { id: 'head', heading: t.head.heading, icon: 'copy' },
    head === null || code === null
      ? el('p', null, t.head.none)
      : el('div', null, el('p', 'hint', t.head.text), el('p', 'label', isRecording ? t.head.labelRecording : t.head.label), code, copyButton(ctx, head), comparison(ctx, head)),
  );
}

export function fileView(ctx: Context): HTMLElement | null {
  const { app, t, times } = ctx;
  const evidence = app.evidence;
  if (evidence === null) return null;
  return card(
    { id: 'file', heading: t.file.heading, icon: 'file' },
    facts([
      [t.file.name, app.fileNames.length > 1 ? app.fileNames.slice(0, 12).map((name) => el('span', 'line', alien(name))) : alien(evidence.name)],
      [t.file.size, times.sizeExact(evidence.size)],
      [t.file.kind, t.file.kinds[evidence.kind]],
      evidence.packageId === null ? null : [t.file.packageId, el('code', 'break', alien(evidence.packageId))],
      [t.file.devices, t.file.deviceCount(evidence.devices.length)],
      [t.file.sealed, evidence.isSealed ? (evidence.isUnlocked ? t.file.sealedOpen : t.file.sealedShut) : t.page.no],
    ]),
  );
}
