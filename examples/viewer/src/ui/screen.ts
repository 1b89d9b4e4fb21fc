/* SPDX-License-Identifier: Apache-2.0 */
/* One device's picture with what may be said of it beside it. */
import type { DetectedBox, DeviceState, PlayerView } from '../play/model.js';
import type { GapKind } from '../evidence/model.js';
import { type Context, button } from './context.js';
import { alien, el, plain, replaceChildren, spoken, visibleLine } from './dom.js';
import { icon, toneIcon } from './icons.js';
import type { PictureStanding, Tone } from './judgement.js';
import { deviceName } from './names.js';
import { isKnown } from './times.js';

/** More boxes than this hide the picture, and cost more than they tell. */
const mostBoxes = 100;

export type Banner = PictureStanding | 'none' | 'lost' | 'unreadable';

const bannerTones: Record<Banner, Tone> = {
  unchecked: 'idle',
  authentic: 'good',
  untrusted: 'unknown',
  failed: 'bad',
  unattested: 'partial',
  closed: 'closed',
  unsigned: 'unknown',
  recording_fails: 'bad',
  package_fails: 'bad',
  lost: 'bad',
  unreadable: 'bad',
  none: 'idle',
};

export function bannerTone(banner: Banner): Tone {
  return bannerTones[banner];
}

function share(value: number): number {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
}

export interface ShownGap {
  kind: GapKind;
  reason: string;
}

export interface ScreenEvents {
  onChoose(): void;
  onEnlarge(): void;
}

export class Screen implements PlayerView {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  private readonly picture: HTMLElement;
  private readonly overlay: HTMLElement;
  /** Lies over the canvas, so that a browser's menu does not offer to save or copy it (E-VER-9). */
  private readonly shield = el('div', { class: 'shield', attrs: { 'aria-hidden': 'true' } });
  private isCopyable = false;
  private readonly condition: HTMLElement;
  private readonly banner: HTMLElement;
  private readonly clock: HTMLElement;
  private readonly note = el('p', { class: 'screen-note', attrs: { hidden: true } });
  private shownNote = '';
  private readonly chooser: HTMLButtonElement;
  private shownBanner: Banner | null = null;
  private shownCondition = '';

  constructor(
    private readonly ctx: Context,
    readonly device: number,
    events: ScreenEvents,
    isSingle: boolean,
  ) {
    const { t } = ctx;
    const name = deviceName(t, ctx.app.evidence?.devices[device], device);
    const spokenName = plain(name);
    this.canvas = el('canvas', { class: 'canvas', attrs: { width: 640, height: 360, role: 'img', 'aria-label': spokenName, 'data-testid': 'canvas', 'data-device': device } });
    this.overlay = el('div', { class: 'boxes', attrs: { 'aria-hidden': 'true' } });
    this.condition = el('div', 'condition');
    this.banner = el('div', 'banner');
    this.clock = el('span', 'screen-clock');
    this.picture = el('div', 'picture', this.canvas, this.shield, this.overlay, this.condition);
    this.picture.addEventListener('contextmenu', (event) => {
      if (!this.isCopyable) event.preventDefault();
    });
    this.chooser = el(
      'button',
      { class: 'screen-name', attrs: { type: 'button', 'aria-pressed': 'false', title: plain(t.play.choose(name)) }, on: { click: events.onChoose } },
      icon('device'),
      el('span', null, spoken(name)),
    );
    this.element = el(
      'div',
      { class: 'screen', attrs: { 'data-device': device, role: 'group', 'aria-label': spokenName } },
      el('div', 'screen-head', this.chooser, this.banner),
      el('div', { class: 'stage', on: { click: events.onChoose } }, this.picture),
      this.note,
      el('div', 'screen-foot', this.clock, isSingle ? null : button(plain(t.play.enlarge(name)), { icon: 'enlarge', look: 'bare', isLabelHidden: true, onClick: events.onEnlarge })),
    );
  }

  setChosen(isChosen: boolean): void {
    this.chooser.setAttribute('aria-pressed', String(isChosen));
    this.element.classList.toggle('is-chosen', isChosen);
  }

  setCopyable(isCopyable: boolean): void {
    this.isCopyable = isCopyable;
    this.shield.hidden = isCopyable;
  }

  setBoxesShown(isShown: boolean): void {
    this.overlay.hidden = !isShown;
  }

  onBoxes(boxes: readonly DetectedBox[]): void {
    const drawn = boxes.slice(0, mostBoxes).map((box) => {
      const [left, top, right, bottom] = [share(box.left), share(box.top), share(box.right), share(box.bottom)];
      const element = el('div', top < 0.08 ? 'box is-high' : 'box', el('span', 'box-label', alien(visibleLine(box.label).slice(0, 80))));
      element.style.left = `${left * 100}%`;
      element.style.top = `${top * 100}%`;
      element.style.width = `${Math.max(0, right - left) * 100}%`;
      element.style.height = `${Math.max(0, bottom - top) * 100}%`;
      return element;
    });
    replaceChildren(this.overlay, drawn);
  }

  private withheld(): string {
    const { app, t } = this.ctx;
    if (app.evidence?.isSealed === true && !app.evidence.isUnlocked) return t.play.withheldSealed;
    return app.report === null ? t.play.withheldUnchecked : t.play.withheldFailed;
  }

  private hint(state: DeviceState): string {
    const { t } = this.ctx;
    if (state.condition === 'withheld') return this.withheld();
    if (state.condition === 'unsupported_codec') return t.play.codecHint(visibleLine(state.detail));
    const isSaid = state.condition === 'broken' || state.condition === 'altered' || state.condition === 'unreadable';
    return isSaid && state.detail !== '' ? t.play.verifierSays(visibleLine(state.detail)) : '';
  }

  private conditionText(state: DeviceState, gap: ShownGap | null): string {
    const { play } = this.ctx.t;
    if (gap !== null && gap.kind !== 'silence') return gap.kind === 'lost' ? play.lostHere : play.alteredHere;
    return play.conditions[state.condition];
  }

  private showCondition(state: DeviceState, gap: ShownGap | null): void {
    const text = this.conditionText(state, gap);
    const hint = gap?.reason ?? this.hint(state);
    const key = `${state.condition}|${text}|${hint}`;
    if (key === this.shownCondition) return;
    this.shownCondition = key;
    this.element.dataset['condition'] = state.condition;
    this.canvas.dataset['condition'] = state.condition;
    this.condition.hidden = state.condition === 'picture';
    const isBad = state.condition === 'altered' || state.condition === 'unreadable' || (gap !== null && gap.kind !== 'silence');
    this.condition.classList.toggle('is-bad', isBad);
    const sign = isBad ? icon('bad') : state.condition === 'gap' ? icon('gap') : state.condition === 'withheld' ? icon('closed') : state.condition === 'loading' ? icon('idle') : icon('warning');
    replaceChildren(this.condition, sign, el('p', 'condition-text', text), hint === '' ? null : el('p', 'condition-hint', alien(hint)));
  }

  /** What the analytics said and cannot be understood is not kept quiet. */
  private showNote(problem: string): void {
    if (problem === this.shownNote) return;
    this.shownNote = problem;
    this.note.hidden = problem === '';
    replaceChildren(this.note, `${this.ctx.t.play.metadataProblem} `, alien(visibleLine(problem).slice(0, 300)));
  }

  private showBanner(banner: Banner): void {
    if (banner === this.shownBanner) return;
    this.shownBanner = banner;
    const tone = bannerTone(banner);
    this.element.dataset['standing'] = banner;
    for (const name of Array.from(this.element.classList)) if (name.startsWith('tone-')) this.element.classList.remove(name);
    this.element.classList.add(`tone-${tone}`);
    replaceChildren(this.banner, toneIcon(tone), el('span', null, this.ctx.t.play.banners[banner]));
  }

  show(state: DeviceState, banner: Banner, gap: ShownGap | null): void {
    this.showCondition(state, state.condition === 'gap' ? gap : null);
    this.showBanner(banner);
    this.showNote(state.metadataProblem ?? '');
    if (state.width > 0 && state.height > 0) this.picture.style.setProperty('--ratio', String(state.width / state.height));
    const text = isKnown(state.utc) && state.condition === 'picture' ? `${this.ctx.times.clock(state.utc)} UTC` : '–';
    if (this.clock.textContent !== text) this.clock.textContent = text;
    this.canvas.dataset['utc'] = state.utc === null ? '' : String(state.utc);
  }
}
