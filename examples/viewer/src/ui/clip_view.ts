/* SPDX-License-Identifier: Apache-2.0 */
/* A clear clip: begin and end are taken from the playhead. */
import type { Clip, Utc } from '../evidence/model.js';
import { type Context, button, notice, problemText } from './context.js';
import { problemOf } from './controller.js';
import { type Child, el, replaceChildren, spoken, visibleLine } from './dom.js';
import { saveBlob } from './files.js';
import { icon } from './icons.js';
import { deviceStanding } from './judgement.js';
import { deviceName, fileLabel, quoted } from './names.js';
import { refusal } from './policy.js';
import { bannerTone } from './screen.js';
import { clipName } from './times.js';

const mostGaps = 20;
const longestFileName = 200;

export interface ClipEvents {
  position(): Utc;
  onRange(range: { device: number; from: Utc | null; to: Utc | null }): void;
}

export class ClipPanel {
  readonly element = el('details', { class: 'details clip', id: 'clip' });
  private from: Utc | null = null;
  private to: Utc | null = null;
  private device = 0;
  private withSound = true;
  private isSaving = false;
  private readonly result = el('div', { class: 'clip-result', attrs: { role: 'status' } });
  private readonly body = el('div', 'details-body');

  constructor(
    private readonly ctx: Context,
    private readonly events: ClipEvents,
  ) {
    this.element.dataset['testid'] = 'clip';
    this.element.append(el('summary', null, icon('clip'), el('span', null, ctx.t.clip.heading)), this.body, this.result);
    this.draw();
  }

  setDevice(device: number): void {
    this.device = device;
    this.changed();
  }

  begin(): void {
    this.from = this.events.position();
    this.element.open = true;
    this.changed();
  }

  end(): void {
    this.to = this.events.position();
    this.element.open = true;
    this.changed();
  }

  private changed(): void {
    this.events.onRange({ device: this.device, from: this.from, to: this.to });
    this.draw();
  }

  private moment(label: string, value: Utc | null, id: string, text: string, set: () => void, isDisabled: boolean): HTMLElement {
    const { t, times } = this.ctx;
    return el(
      'div',
      'clip-mark',
      el('span', 'label', label),
      el('span', 'clip-time', value === null ? t.clip.notSet : times.utc(value, true)),
      button(text, { id, attrs: { disabled: isDisabled }, onClick: set }),
    );
  }

  draw(): void {
    const { t, app, times } = this.ctx;
    const { evidence } = app;
    if (evidence === null) return;
    const refused = refusal(evidence, app.report);
    const isOff = refused !== null || this.isSaving;
    const isReady = this.from !== null && this.to !== null && this.to > this.from;
    const focused = document.activeElement?.id ?? '';
    const sound = el('input', { id: 'clip-sound', attrs: { type: 'checkbox', checked: this.withSound, disabled: isOff } });
    sound.addEventListener('change', () => (this.withSound = sound.checked));
    const hasSound = evidence.parts.some((part) => part.device === this.device && part.tracks.some((track) => track.kind === 'audio' && !track.isRemoved));
    replaceChildren(
      this.body,
      refused === null ? el('p', 'hint', t.clip.text) : el('div', { class: 'notice tone-closed', id: 'clip-refused' }, icon('closed'), el('p', null, t.clip[refused])),
      el('p', null, `${t.clip.device}: `, el('strong', null, spoken(deviceName(t, evidence.devices[this.device], this.device)))),
      refused === null ? this.warning() : null,
      el(
        'div',
        'clip-marks',
        this.moment(t.clip.from, this.from, 'clip-begin', t.clip.begin, () => this.begin(), isOff),
        this.moment(t.clip.to, this.to, 'clip-end', t.clip.end, () => this.end(), isOff),
      ),
      hasSound ? el('label', 'check', sound, t.clip.withSound) : null,
      this.from !== null && this.to !== null ? el('p', 'hint', isReady ? t.clip.length(times.length(this.to - this.from)) : t.clip.order) : null,
      el(
        'div',
        'form-actions',
        button(t.clip.save, { id: 'clip-save', icon: 'save', look: 'primary', attrs: { disabled: isOff || !isReady, 'aria-describedby': refused === null ? null : 'clip-refused' }, onClick: () => void this.save() }),
        this.from !== null || this.to !== null ? button(t.clip.clear, { id: 'clip-clear', attrs: { disabled: this.isSaving }, onClick: () => this.clear() }) : null,
      ),
    );
    if (focused !== '' && this.body.querySelector(`#${CSS.escape(focused)}`) !== null) document.getElementById(focused)?.focus();
  }

  /** What is saved is worth no more than what it is made of. */
  private warning(): HTMLElement | null {
    const { t, app } = this.ctx;
    const standing = deviceStanding(app.report, this.device);
    if (standing === 'authentic') return null;
    return el('div', { id: 'clip-warning', attrs: { 'data-standing': standing } }, notice(bannerTone(standing), el('p', null, t.clip.warning(t.play.states[standing]))));
  }

  private clear(): void {
    this.from = null;
    this.to = null;
    this.result.replaceChildren();
    this.changed();
  }

  private async save(): Promise<void> {
    const { app, t } = this.ctx;
    const { session, from, to, device } = { session: app.session, from: this.from, to: this.to, device: this.device };
    if (session === null || from === null || to === null || this.isSaving) return;
    const abort = new AbortController();
    const bar = el('progress', { class: 'bar', attrs: { max: 100, 'aria-label': t.clip.saving } });
    this.isSaving = true;
    this.draw();
    replaceChildren(this.result, el('p', null, t.clip.saving), bar, button(t.verify.cancel, { icon: 'close', onClick: () => abort.abort() }));
    try {
      const kinds = this.withSound ? (['video', 'audio'] as const) : (['video'] as const);
      const clip = await session.clip({ device, from, to, kinds: [...kinds] }, (part) => (bar.value = Math.round(part * 100)), abort.signal);
      this.saved(clip, from);
    } catch (error) {
      replaceChildren(this.result, problemText(t, problemOf(error)));
    }
    this.isSaving = false;
    this.draw();
  }

  private saved(clip: Clip, asked: Utc): void {
    const { app, t, times } = this.ctx;
    const standing = deviceStanding(app.report, this.device);
    const name = `${clipName(fileLabel(t, app.evidence?.devices[this.device], this.device), clip.from, clip.to, t.play.savedAs[standing])}.mp4`;
    saveBlob(clip.film, name);
    const leftOut = clip.leftOut.slice(0, 20).map((one) => {
      const what = one.kind === null ? t.devices.part(one.part + 1) : `${t.devices.kinds[one.kind]}${one.codec === null ? '' : ` ${visibleLine(one.codec)}`}`;
      return el('p', 'hint', t.clip.leftOut(what, t.clip.leftOutReasons[one.reason]));
    });
    const isWhole = clip.gaps.every((gap) => gap.reason === 'silence');
    replaceChildren(
      this.result,
      el('p', { class: 'clip-saved', attrs: { 'data-standing': standing } }, icon(isWhole && standing === 'authentic' ? 'good' : 'warning'), el('span', null, spoken(t.clip.saved(quoted(t, name, longestFileName), times.period(clip.from, clip.to))))),
      clip.from < asked ? el('p', 'hint', t.clip.moved) : null,
      this.gapsOf(clip),
      leftOut,
    );
  }

  private gapsOf(clip: Clip): Child {
    const { t, times } = this.ctx;
    if (clip.gaps.length === 0) return null;
    const items = clip.gaps.slice(0, mostGaps).map((gap) => el('li', { class: gap.reason === 'silence' ? '' : 'is-bad', attrs: { 'data-reason': gap.reason } }, `${times.period(gap.from, gap.to)}: ${t.clip.gapReasons[gap.reason]}`));
    const rest = clip.gaps.length > mostGaps ? el('li', null, t.report.more(clip.gaps.length - mostGaps)) : null;
    return el('div', 'clip-gaps', el('p', null, t.clip.savedGaps(clip.gaps.length)), el('ul', 'plain-list', ...items, rest));
  }
}
