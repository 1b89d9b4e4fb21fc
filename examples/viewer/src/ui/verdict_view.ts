/* SPDX-License-Identifier: Apache-2.0 */
/* The one big sentence and what it rests on; progress while there is none yet. */
import type { Context } from './context.js';
import { button, notice, problemText } from './context.js';
import { el, replaceChildren, spoken } from './dom.js';
import { headline, madeLine, sentence, summary } from './explain.js';
import { toneIcon } from './icons.js';
import { deviceName } from './names.js';
import { type Standing, standingOf, statementsOf, toneOf } from './judgement.js';
import type { Report } from '../evidence/model.js';

function bar(id: string, label: string, share: number): HTMLElement {
  return el(
    'div',
    'progress-row',
    el('label', { attrs: { for: id } }, spoken(label)),
    el('progress', { id, class: 'bar', attrs: { max: 100, value: Math.floor(share * 100) } }),
    el('span', { class: 'progress-share', id: `${id}-share` }),
  );
}

function setBar(ctx: Context, id: string, share: number, isWaiting: boolean): void {
  const element = document.getElementById(id);
  const label = document.getElementById(`${id}-share`);
  const percent = Math.floor(share * 100);
  if (element instanceof HTMLProgressElement && element.value !== percent) element.value = percent;
  const words = isWaiting ? ctx.t.verify.waiting : share >= 1 ? ctx.t.verify.done : ctx.times.percent(percent / 100);
  if (label !== null && label.textContent !== words) label.textContent = words;
}

/** A long list of devices is no help; the bar of the whole says enough then. */
const mostBars = 16;

function progress(ctx: Context): HTMLElement {
  const { app, t } = ctx;
  const devices = app.evidence?.devices ?? [];
  return el(
    'div',
    { class: 'progress', id: 'verify-progress' },
    bar('bar-overall', t.verify.overall, app.overallShare()),
    devices.length > 1
      ? el('div', 'progress-devices', ...devices.slice(0, mostBars).map((device) => bar(`bar-device-${device.index}`, deviceName(t, device, device.index), app.shareOf(device.index))))
      : null,
    button(t.verify.cancel, { id: 'verify-cancel', icon: 'close', onClick: () => app.cancel() }),
  );
}

export function updateProgress(ctx: Context): void {
  const { app } = ctx;
  setBar(ctx, 'bar-overall', app.overallShare(), false);
  for (const device of (app.evidence?.devices ?? []).slice(0, mostBars)) {
    setBar(ctx, `bar-device-${device.index}`, app.shareOf(device.index), !app.shares.has(device.index));
  }
}

interface Shell {
  standing: Standing;
  outcome: string;
  state: 'running' | 'done';
  title: string;
  text: string;
}

function frame(ctx: Context, shell: Shell, ...content: (Node | null)[]): HTMLElement {
  return el(
    'section',
    {
      id: 'verdict',
      class: `verdict tone-${toneOf(shell.standing)}`,
      attrs: {
        'aria-labelledby': 'verdict-title',
        'data-testid': 'verdict',
        'data-outcome': shell.outcome,
        'data-standing': shell.standing,
        'data-state': shell.state,
      },
    },
    el('div', 'verdict-sign', toneIcon(toneOf(shell.standing), 'icon verdict-icon')),
    el(
      'div',
      'verdict-body',
      el('p', 'verdict-kicker', ctx.t.verdict.heading),
      el('h2', { class: 'verdict-title', id: 'verdict-title', attrs: { tabindex: -1 } }, shell.title),
      el('p', 'verdict-text', shell.text),
      ...content,
    ),
  );
}

function verdictOf(ctx: Context, report: Report): HTMLElement {
  const { app, t } = ctx;
  const standing = standingOf(report);
  const evidence = app.evidence;
  const statements = evidence === null ? [] : statementsOf(evidence, report, app.cameraWords).map((statement) => ({ kind: statement.kind, text: sentence(ctx, evidence, statement) }));
  const actions = el('div', 'verdict-actions', button(t.report.open, { id: 'report-open', icon: 'print', look: 'primary', attrs: { 'data-testid': 'report' }, onClick: () => ctx.showReport() }));
  if (report.anchors.length === 0) {
    actions.append(button(t.trust.state, { id: 'trust-jump', icon: 'good', onClick: () => jumpTo('trust') }));
  }
  return frame(
    ctx,
    { standing, outcome: report.outcome, state: 'done', title: headline(ctx, report), text: summary(ctx, report) },
    draftNotice(ctx),
    statements.length === 0 ? null : el('ul', { class: 'statements', attrs: { 'aria-label': t.verdict.why } }, ...statements.map((one) => el('li', { attrs: { 'data-kind': one.kind } }, spoken(one.text)))),
    actions,
    el('p', 'verdict-made', madeLine(ctx, report)),
  );
}

/** What was entered and does not stand behind the verdict. */
export function draftNotice(ctx: Context): HTMLElement {
  const holder = el('div', { id: 'draft-notice', class: 'draft-notice', attrs: { role: 'status' } });
  drawDraft(ctx, holder);
  return holder;
}

function drawDraft(ctx: Context, holder: HTMLElement): void {
  const { app, t } = ctx;
  const words = { unapplied: t.trust.unapplied, unusable_fingerprint: t.trust.unusableFingerprint, unusable_head: t.trust.unusableHead };
  const found = app.draftFaults();
  holder.dataset['draft'] = found.join(' ');
  const again = button(t.trust.apply, { id: 'draft-apply', icon: 'good', onClick: () => void app.verify() });
  replaceChildren(holder, found.length === 0 ? null : notice('bad', ...found.map((fault) => el('p', null, words[fault])), found.includes('unapplied') ? again : null));
}

/** While somebody types; the view stays as it is otherwise. */
export function updateDraft(ctx: Context): void {
  const holder = document.getElementById('draft-notice');
  if (holder !== null) drawDraft(ctx, holder);
}

/** Brings a part of the page into view and gives it the focus. */
export function jumpTo(id: string): void {
  const section = document.getElementById(id);
  if (section === null) return;
  const heading = section.querySelector<HTMLElement>('h2');
  section.scrollIntoView({ block: 'start', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
  if (heading !== null) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
}

export function verdictView(ctx: Context): HTMLElement {
  const { app, t } = ctx;
  if (app.report !== null) return verdictOf(ctx, app.report);
  if (app.verification === 'failed' && app.verificationProblem !== null) {
    const problem = app.verificationProblem;
    return frame(
      ctx,
      { standing: 'cancelled', outcome: 'none', state: 'done', title: t.verdict.titles.cancelled, text: '' },
      problemText(t, problem),
      el('div', 'verdict-actions', button(t.verify.again, { id: 'verify-again', look: 'primary', onClick: () => void app.verify() })),
    );
  }
  if (app.verification === 'cancelled') {
    return frame(
      ctx,
      { standing: 'cancelled', outcome: 'none', state: 'done', title: t.verdict.titles.cancelled, text: t.verdict.texts.cancelled },
      el('div', 'verdict-actions', button(t.verify.again, { id: 'verify-again', look: 'primary', onClick: () => void app.verify() })),
    );
  }
  return frame(ctx, { standing: 'running', outcome: 'running', state: 'running', title: t.verdict.titles.running, text: t.verdict.texts.running }, progress(ctx));
}
