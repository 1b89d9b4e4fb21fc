/* SPDX-License-Identifier: Apache-2.0 */
import type { Context } from './context.js';
import { button } from './context.js';
import { el } from './dom.js';

/** The keys of the playback, above everything else. */
export function showKeys(ctx: Context): void {
  const { t } = ctx;
  const before = document.activeElement;
  const dialog = el('dialog', { class: 'dialog', attrs: { 'aria-labelledby': 'keys-heading' } });
  const close = (): void => dialog.close();
  const rows = t.keys.rows.map(([keys, what]) => el('tr', null, el('th', { attrs: { scope: 'row' } }, ...keys.map((one) => el('kbd', null, one))), el('td', null, what)));
  dialog.append(el('h2', { id: 'keys-heading' }, t.keys.heading), el('table', 'keys', el('tbody', null, ...rows)), button(t.keys.close, { look: 'primary', onClick: close }));
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (before instanceof HTMLElement) before.focus();
  });
  (document.fullscreenElement ?? document.body).append(dialog);
  dialog.showModal();
}
