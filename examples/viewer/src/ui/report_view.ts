/* SPDX-License-Identifier: Apache-2.0 */
/* The report, as it is printed. */
import type { Context } from './context.js';
import { button } from './context.js';
import { el, spoken } from './dom.js';
import { groups } from './digest.js';
import { saveBlob } from './files.js';
import { icon, toneIcon } from './icons.js';
import { type Block, type PrintedReport, printedReport } from './report_model.js';
import { reportText } from './report_text.js';
import { compactUtc, safeName } from './times.js';
import { draftNotice } from './verdict_view.js';

function blockElement(block: Block): HTMLElement {
  switch (block.kind) {
    case 'heading':
      return el(block.level === 2 ? 'h2' : 'h3', null, spoken(block.text));
    case 'text':
      return el('p', null, spoken(block.text));
    case 'list':
      return el('ul', 'plain-list', ...block.items.map((item) => el('li', null, spoken(item))));
    case 'rows':
      return el('dl', 'facts', ...block.rows.map(([label, value]) => el('div', 'fact', el('dt', null, spoken(label)), el('dd', null, el('bdi', 'alien words', spoken(value))))));
    case 'digest':
      return el('div', 'report-digest', el('span', null, spoken(block.label)), el('code', { class: 'digest', attrs: { translate: 'no' } }, ...groups(block.hex).map((group) => el('span', null, group))));
  }
}

function paper(ctx: Context, printed: PrintedReport): HTMLElement {
  const { t } = ctx;
  return el(
    'article',
    { id: 'report', class: 'paper', attrs: { 'aria-labelledby': 'page-heading' } },
    el('header', 'paper-head', el('span', 'paper-brand', icon('brand'), t.title), el('span', null, t.page.version(ctx.app.makers.version))),
    el('h1', { id: 'page-heading', attrs: { tabindex: -1 } }, printed.title),
    el(
      'div',
      `paper-verdict tone-${printed.tone}`,
      toneIcon(printed.tone),
      el('div', null, el('p', 'paper-kicker', t.report.verdict), el('p', 'paper-headline', printed.headline), el('p', null, printed.summary)),
    ),
    el('ul', 'plain-list', ...printed.reasons.map((reason) => el('li', null, spoken(reason)))),
    ...printed.blocks.map(blockElement),
    el('div', 'signature-lines', el('div', 'signature-line', t.report.signature), el('div', 'signature-line', t.report.nameLine)),
  );
}

export function reportView(ctx: Context, onBack: () => void): HTMLElement {
  const { app, t } = ctx;
  const { evidence, report } = app;
  if (evidence === null || report === null) return el('p', null, t.report.notYet);
  const printed = printedReport(ctx, { evidence, report, fileNames: app.fileNames, browser: navigator.userAgent, cameras: app.cameraWords, cameraReading: app.cameraReading });
  const name = `${t.report.fileName}_${safeName(evidence.name)}_${compactUtc(report.made)}.txt`;
  return el(
    'div',
    'report-view',
    el(
      'div',
      'report-bar',
      button(t.report.back, { id: 'report-back', icon: 'back', onClick: onBack }),
      el('div', 'spacer'),
      button(t.report.save, { id: 'save-report', icon: 'save', onClick: () => saveBlob(new Blob([`\ufeff${reportText(t, printed)}`], { type: 'text/plain;charset=utf-8' }), name) }),
      button(t.report.print, { id: 'print-report', icon: 'print', look: 'primary', attrs: { 'data-testid': 'print' }, onClick: () => window.print() }),
    ),
    draftNotice(ctx),
    paper(ctx, printed),
  );
}
