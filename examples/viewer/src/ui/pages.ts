/* SPDX-License-Identifier: Apache-2.0 */
/* Long lists in pages: a hundred thousand entries cost no more than one page, and all can be reached. */
import { type Context, button } from './context.js';
import { el, replaceChildren } from './dom.js';

export function paged<T>(ctx: Context, items: readonly T[], total: number, page: number, draw: (items: readonly T[]) => HTMLElement): HTMLElement {
  const { t } = ctx;
  const body = el('div', 'pages-body');
  const label = el('span', { class: 'pages-label', attrs: { 'aria-live': 'polite' } });
  let at = 0;
  const show = (): void => {
    const to = Math.min(at + page, items.length);
    replaceChildren(body, draw(items.slice(at, to)));
    label.textContent = t.devices.shown(at + 1, to, total);
    before.disabled = at === 0;
    behind.disabled = to >= items.length;
  };
  const before = button(t.devices.earlier, { icon: 'earlier', onClick: () => {
    at = Math.max(0, at - page);
    show();
  } });
  const behind = button(t.devices.later, { icon: 'later', onClick: () => {
    at += page;
    show();
  } });
  show();
  if (items.length <= page) return el('div', 'pages', body, total > items.length ? el('p', 'hint', t.devices.cut(items.length, total)) : null);
  return el('div', 'pages', body, el('div', 'pages-bar', before, label, behind));
}
