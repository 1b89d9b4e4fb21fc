/* SPDX-License-Identifier: Apache-2.0 */
/* Case and attachments: the exporter's own words and things. File and receipt. */
import type { AttachmentView } from '../evidence/model.js';
import type { Context } from './context.js';
import { badge, button, card, digest, facts, notice, problemText } from './context.js';
import { problemOf } from './controller.js';
import { compareDigest } from './digest.js';
import { type Child, alien, el, plain, replaceChildren, spoken } from './dom.js';
import { attachmentWords, reexportWords } from './explain.js';
import { saveBlob } from './files.js';
import { type IconName, icon } from './icons.js';
import type { Texts } from './texts/en.js';
import { type AttachmentStanding, type ReceiptHead, type Tone, attachmentStanding, gravestFirst, receiptHeads } from './judgement.js';
import { deviceName, quoted } from './names.js';
import { paged } from './pages.js';
import { refusal } from './policy.js';

function caseStanding(ctx: Context): HTMLElement {
  const { app, t } = ctx;
  const verdict = app.report?.contents?.verdict ?? null;
  if (verdict === null) return notice('idle', el('p', null, t.caseData.notVerified));
  if (verdict === 'not_authentic') return notice('bad', el('p', null, t.caseData.broken));
  return notice('info', el('p', null, t.caseData.words));
}

/** The exporter's verdict as it is called here, if it is one that is known. */
export function verdictWords(t: Texts, verdict: string): string {
  const known = new Map<string, string>(Object.entries(t.verdict.badges));
  return known.get(verdict) ?? quoted(t, verdict);
}

function unverified(ctx: Context): Child {
  const { app, t } = ctx;
  const entries = app.evidence?.case?.unverified ?? [];
  if (entries.length === 0) return null;
  const lines = entries.slice(0, 50).map((entry) => {
    const part = app.evidence?.parts[entry.part];
    const name = deviceName(t, app.evidence?.devices[part?.device ?? -1], part?.device ?? 0);
    return el('li', null, spoken(t.caseData.unverifiedPart(name, verdictWords(t, entry.verdict), entry.count)), entry.reason === null ? null : el('span', 'line technical', alien(entry.reason)));
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
      [f.reexport, app.report === null ? t.caseData.notVerified : reexportWords(ctx, app.report.reexportReason)],
    ]),
    unverified(ctx),
  );
}

const attachmentTones: Record<AttachmentStanding, Tone> = { unchecked: 'idle', altered: 'bad', not_opened: 'closed', undecryptable: 'closed', same: 'good' };

function attachmentBadge({ app, t }: Context, attachment: AttachmentView): HTMLElement | null {
  if (app.evidence === null) return null;
  const standing = attachmentStanding(app.evidence, app.report, attachment.number);
  return badge(attachmentTones[standing], attachmentWords(t, standing));
}

function attachmentItem(ctx: Context, attachment: AttachmentView): HTMLElement {
  const { app, t, times } = ctx;
  const isRefused = app.evidence === null || refusal(app.evidence, app.report) !== null;
  const state = el('div', { class: 'attachment-state', attrs: { 'aria-live': 'polite' } });
  const save = button(t.attachments.save, {
    icon: 'save',
    attrs: { 'aria-label': plain(t.attachments.saveName(quoted(t, attachment.name))), disabled: isRefused, 'aria-describedby': isRefused ? 'attachments-refused' : null },
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
      el('div', 'badges', attachmentBadge(ctx, attachment), attachment.isDerived ? badge('idle', t.attachments.derived) : null),
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
  if (app.evidence === null || all.length === 0) return null;
  const refused = refusal(app.evidence, app.report);
  const verdicts = new Map(app.report?.contents?.attachments.map((one) => [one.number, one.verdict]));
  return card(
    { id: 'attachments', heading: t.attachments.heading, icon: 'paperclip' },
    el('p', 'hint', `${t.attachments.words} ${t.attachments.executable}`),
    refused === null ? null : el('div', { id: 'attachments-refused', attrs: { 'data-refused': refused } }, notice('closed', el('p', null, t.clip[refused]))),
    paged(ctx, gravestFirst(all, (one) => verdicts.get(one.number) ?? 'authentic', mostAttachments), all.length, mostAttachments, (some) =>
      el('ul', 'attachments', ...some.map((attachment) => attachmentItem(ctx, attachment))),
    ),
  );
}

/** What was typed against a head. Nothing is green where what the head stands for does not hold. */
function comparisonWords({ t }: Context, text: string, { head, isSound }: ReceiptHead): { result: string; words: string; sign: IconName } {
  const found = compareDigest(text, head);
  if (found.result === 'partial') return { result: 'partial', words: t.head.partial(found.given), sign: 'info' };
  if (found.result === 'differs') return { result: 'differs', words: t.head.differs(found.group), sign: 'bad' };
  if (found.result !== 'match') return { result: found.result, words: t.head.results[found.result], sign: 'info' };
  return isSound ? { result: 'match', words: t.head.results.match, sign: 'good' } : { result: 'unsound', words: t.head.results.match_bad, sign: 'bad' };
}

function comparison(ctx: Context, actual: ReceiptHead, id: string): HTMLElement {
  const { t } = ctx;
  const result = el('p', { class: 'compare-result', id: `compare-result${id}`, attrs: { role: 'status' } });
  const show = (text: string): void => {
    const found = comparisonWords(ctx, text, actual);
    result.className = `compare-result is-${found.result}`;
    replaceChildren(result, icon(found.sign), el('span', null, found.words));
  };
  const field = el('textarea', { id: `compare-head${id}`, class: 'input is-digest', attrs: { rows: 3, spellcheck: 'false', autocomplete: 'off', 'aria-describedby': `compare-result${id}` } });
  field.addEventListener('input', () => show(field.value));
  show('');
  return el('div', 'field', el('label', { attrs: { for: `compare-head${id}` } }, t.head.field), field, result);
}

function copyButton(ctx: Context, text: string, id: string): HTMLElement {
  const { t } = ctx;
  const copy = button(t.head.copy, { id: `copy-head${id}`, icon: 'copy', onClick: () => {
    void navigator.clipboard?.writeText(text).then(() => {
      ctx.announce(t.head.copied);
      replaceChildren(copy, icon('good'), el('span', null, t.head.copied));
      setTimeout(() => replaceChildren(copy, icon('copy'), el('span', null, t.head.copy)), 2_000);
    }, () => selectText(`receipt-head${id}`));
  } });
  return copy;
}

/** Where a browser does not let a page copy, the digits are selected for the user to do it. */
function selectText(id: string): void {
  const element = document.getElementById(id);
  if (element === null) return;
  getSelection()?.selectAllChildren(element);
}

/** Heads that are shown at once; of a folder there may be many recordings. */
const mostHeads = 12;

function headItem(ctx: Context, item: ReceiptHead, at: number, isMany: boolean): HTMLElement {
  const { app, t } = ctx;
  const id = at === 0 ? '' : `-${at}`;
  const code = digest(item.head, `receipt-head${id}`);
  code.setAttribute('data-testid', 'head');
  const { device } = item;
  const label = device === null ? t.head.label : isMany ? t.head.ofDevice(deviceName(t, app.evidence?.devices[device], device)) : t.head.labelRecording;
  return el('div', { class: 'head-item', attrs: { 'data-device': device } }, el('p', 'label', spoken(label)), code, copyButton(ctx, item.head, id), comparison(ctx, item, id));
}

export function headView(ctx: Context): HTMLElement | null {
  const { app, t } = ctx;
  if (app.report === null) return null;
  const heads = receiptHeads(app.report);
  return card(
    { id: 'head', heading: t.head.heading, icon: 'copy' },
    heads.length === 0
      ? el('p', null, t.head.none)
      : el('div', null, el('p', 'hint', t.head.text), paged(ctx, heads, heads.length, mostHeads, (some) => el('div', 'parts', ...some.map((item) => headItem(ctx, item, heads.indexOf(item), heads.length > 1))))),
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
