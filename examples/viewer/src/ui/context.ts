/* SPDX-License-Identifier: Apache-2.0 */
/* What every view gets, and the small parts that several views are made of. */
import type { Outcome } from '../container/report.js';
import type { Controller, Problem } from './controller.js';
import { type Child, alien, el } from './dom.js';
import { type IconName, icon, toneIcon } from './icons.js';
import { type Tone, toneOf } from './judgement.js';
import { groups } from './digest.js';
import type { Texts } from './texts/en.js';
import type { Times } from './times.js';

export interface Context {
  app: Controller;
  t: Texts;
  times: Times;
  /** For screen readers, once. */
  announce(text: string): void;
  /** Moves the playhead and brings the playback into view. */
  goTo(utc: bigint, device: number): void;
  showReport(): void;
}

export function badge(tone: Tone, text: Child | readonly Child[]): HTMLElement {
  return el('span', { class: `badge tone-${tone}` }, toneIcon(tone), el('span', null, text));
}

/** The verdict of one thing in two words; `kind` where more can be said of it. */
export function outcomeBadge(t: Texts, outcome: Outcome, kind: 'unknown' | 'unverifiable' | 'unsigned' | 'closed' | null = null): HTMLElement {
  if (outcome === 'authentic' && kind === 'closed') return badge('closed', t.verdict.badges.closed);
  return badge(toneOf(outcome), t.verdict.badges[outcome === 'untrusted' && kind !== null && kind !== 'closed' ? kind : outcome]);
}

export interface ButtonOptions {
  id?: string;
  icon?: IconName;
  /** Primary, plain, or an icon alone whose label is read out. */
  look?: 'primary' | 'plain' | 'bare';
  isLabelHidden?: boolean;
  attrs?: Record<string, string | number | boolean | null>;
  onClick(): void;
}

export function button(label: string, options: ButtonOptions): HTMLButtonElement {
  const isBare = options.isLabelHidden === true;
  const element = el(
    'button',
    {
      class: `button is-${options.look ?? 'plain'}${isBare ? ' is-icon' : ''}`,
      attrs: { type: 'button', ...(isBare ? { 'aria-label': label, title: label } : {}), ...options.attrs },
      on: { click: () => options.onClick() },
    },
    options.icon === undefined ? null : icon(options.icon),
    isBare ? null : el('span', null, label),
  );
  if (options.id !== undefined) element.id = options.id;
  return element;
}

export type Row = readonly [label: string, value: Child | readonly Child[]];

/** Pairs of names and values; rows without a value are left out. */
export function facts(rows: readonly (Row | null)[]): HTMLElement {
  const list = el('dl', 'facts');
  for (const row of rows) {
    if (row === null || row[1] === null || row[1] === '' || row[1] === false || row[1] === undefined) continue;
    list.append(el('div', 'fact', el('dt', null, row[0]), el('dd', null, row[1])));
  }
  return list;
}

/** A digest in groups of four. Copied text is without the spaces, which are only margins. */
export function digest(hex: string, id?: string): HTMLElement {
  const element = el('code', { class: 'digest', attrs: { translate: 'no' } }, ...groups(hex).map((group) => el('span', null, group)));
  if (id !== undefined) element.id = id;
  return element;
}

export function details(summary: string, ...content: (Child | readonly Child[])[]): HTMLDetailsElement {
  return el('details', 'details', el('summary', null, summary), el('div', 'details-body', ...content));
}

export function card(options: { id?: string; heading: string; icon?: IconName; level?: 2 | 3; class?: string }, ...content: (Child | readonly Child[])[]): HTMLElement {
  const headingId = `${options.id ?? options.heading.replace(/\W+/g, '-')}-heading`;
  const heading = el(
    options.level === 3 ? 'h3' : 'h2',
    { class: 'card-heading', id: headingId },
    options.icon === undefined ? null : icon(options.icon),
    el('span', null, options.heading),
  );
  const section = el('section', { class: `card ${options.class ?? ''}`.trim(), attrs: { 'aria-labelledby': headingId } }, heading, ...content);
  if (options.id !== undefined) section.id = options.id;
  return section;
}

export function notice(tone: Tone | 'info', ...content: Child[]): HTMLElement {
  return el('div', `notice tone-${tone}`, tone === 'info' ? icon('info') : toneIcon(tone), el('div', null, ...content));
}

/** A problem in words, what to do, and what the program says. */
export function problemText(t: Texts, problem: Problem): HTMLElement {
  return el(
    'div',
    { class: 'problem-text', attrs: { 'data-code': problem.code } },
    el('strong', null, t.problems.titles[problem.code]),
    el('p', null, t.problems.help[problem.code]),
    problem.message === '' ? null : details(t.problems.technical, el('p', 'technical', alien(problem.message))),
  );
}
