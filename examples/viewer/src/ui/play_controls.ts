/* SPDX-License-Identifier: Apache-2.0 */
/* Buttons, clocks and menus of the playback. */
import type { PlayerState } from '../play/model.js';
import type { Utc } from '../evidence/model.js';
import { type Context, button } from './context.js';
import { type Child, el, plain, replaceChildren, spoken } from './dom.js';
import { icon } from './icons.js';
import { type Command, rates } from './keyboard.js';
import { readMoment } from './moment_input.js';
import { deviceName } from './names.js';
import { milliseconds } from './times.js';

export interface ControlEvents {
  onCommand(command: Command): void;
  onRate(rate: number): void;
  onAudible(device: number | null): void;
  onVolume(volume: number): void;
  onBoxes(isShown: boolean): void;
  onGoTo(utc: Utc): void;
}

/** What is shown as a time, UTC and by the clock of this place. */
class Clocks {
  private readonly utcDate = el('span', 'clock-date');
  private readonly utcTime = el('span', { class: 'clock-time', id: 'clock-utc' });
  private readonly localDate = el('span', 'clock-date');
  private readonly localTime = el('span', 'clock-time');
  private readonly zone = el('span', 'clock-label');
  readonly element: HTMLElement;

  constructor(private readonly ctx: Context) {
    const { t, times } = ctx;
    this.zone.title = t.play.zone(times.zone);
    this.utcTime.dataset['testid'] = 'position';
    this.element = el(
      'div',
      'clocks',
      el('div', 'clock is-main', el('span', 'clock-label', t.play.utc), this.utcTime, this.utcDate),
      el('div', 'clock', this.zone, this.localTime, this.localDate),
    );
  }

  show(position: Utc): void {
    const { times, t } = this.ctx;
    this.utcTime.textContent = times.clock(position);
    this.utcTime.dataset['utc'] = String(position);
    this.utcDate.textContent = times.date(position);
    this.localTime.textContent = times.clock(position, false);
    this.localDate.textContent = times.localDay(position);
    this.zone.textContent = `${t.play.local} (${times.zoneAt(position)})`;
  }
}

export class Controls {
  readonly element: HTMLElement;
  private readonly clocks: Clocks;
  private readonly toggle: HTMLButtonElement;
  private readonly rate: HTMLSelectElement;
  private readonly audible: HTMLSelectElement;
  private readonly volume: HTMLInputElement;
  private readonly snapshot: HTMLButtonElement;
  private readonly message = el('p', { class: 'play-message', attrs: { role: 'status' } });
  private readonly moment = el('input', { id: 'goto', class: 'input', attrs: { type: 'text', autocomplete: 'off', 'data-testid': 'goto' } });
  private readonly refused = el('p', { class: 'hint snapshot-refused', id: 'snapshot-refused' });
  private isPlaying: boolean | null = null;
  private position: Utc = 0n;

  constructor(
    private readonly ctx: Context,
    private readonly devices: readonly number[],
    private readonly events: ControlEvents,
  ) {
    const { t } = ctx;
    this.clocks = new Clocks(ctx);
    this.toggle = this.command(t.play.play, 'toggle', { id: 'play-toggle', testId: 'play', look: 'primary' });
    this.snapshot = button(t.play.snapshot, { id: 'snapshot', icon: 'camera', attrs: { 'data-testid': 'snapshot', 'aria-describedby': 'snapshot-refused' }, onClick: () => events.onCommand('snapshot') });
    this.rate = this.rateMenu();
    this.audible = this.audioMenu();
    this.volume = this.volumeSlider();
    this.element = el('div', 'controls', this.transport(), this.clocks.element, this.options(), this.message);
  }

  private command(label: string, command: Command, options: { id: string; testId?: string; look?: 'primary' | 'plain' | 'bare' }): HTMLButtonElement {
    const icons = { toggle: 'play', step_back: 'stepBack', step_forward: 'stepForward', skip_back: 'skipBack', skip_forward: 'skipForward', full_screen: 'fullScreen', help: 'help' } as const;
    const name = typeof command === 'string' && command in icons ? icons[command as keyof typeof icons] : 'play';
    return button(label, { id: options.id, icon: name, look: options.look ?? 'plain', isLabelHidden: true, attrs: { 'data-testid': options.testId ?? options.id }, onClick: () => this.events.onCommand(command) });
  }

  private transport(): HTMLElement {
    const { t } = this.ctx;
    return el(
      'div',
      { class: 'transport', attrs: { role: 'group', 'aria-label': t.play.heading } },
      this.command(t.play.skipBack, 'skip_back', { id: 'skip-back' }),
      this.command(t.play.stepBack, 'step_back', { id: 'step-back' }),
      this.toggle,
      this.command(t.play.stepForward, 'step_forward', { id: 'step-forward' }),
      this.command(t.play.skipForward, 'skip_forward', { id: 'skip-forward' }),
    );
  }

  private rateMenu(): HTMLSelectElement {
    const { times } = this.ctx;
    const select = el('select', { id: 'rate', class: 'select', attrs: { 'data-testid': 'rate' } }, ...rates.map((rate) => el('option', { attrs: { value: rate, selected: rate === 1 } }, times.rate(rate))));
    select.addEventListener('change', () => this.events.onRate(Number(select.value)));
    return select;
  }

  private audioMenu(): HTMLSelectElement {
    const { t, app } = this.ctx;
    const named = this.devices.map((device) => el('option', { attrs: { value: device } }, plain(deviceName(t, app.evidence?.devices[device], device))));
    const select = el('select', { id: 'audible', class: 'select' }, el('option', { attrs: { value: '' } }, t.play.noSound), ...named);
    select.addEventListener('change', () => this.events.onAudible(select.value === '' ? null : Number(select.value)));
    return select;
  }

  private volumeSlider(): HTMLInputElement {
    const input = el('input', { id: 'volume', class: 'range', attrs: { type: 'range', min: 0, max: 100, step: 5, value: 100, 'aria-label': this.ctx.t.play.volume } });
    input.addEventListener('input', () => this.events.onVolume(Number(input.value) / 100));
    return input;
  }

  private goTo(): HTMLElement {
    const { t } = this.ctx;
    const input = this.moment;
    const fault = el('span', { class: 'field-note', id: 'goto-fault', attrs: { role: 'alert' } });
    const form = el('form', { class: 'goto', attrs: { novalidate: true } }, el('label', { attrs: { for: 'goto' } }, t.play.goto), el('div', 'input-row', input, el('button', { class: 'button is-plain', attrs: { type: 'submit' } }, t.play.gotoButton)), fault);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const near = this.position;
      const moment = readMoment(input.value, near);
      fault.textContent = moment === null ? t.play.gotoFault : '';
      input.toggleAttribute('aria-invalid', moment === null);
      if (moment !== null) this.events.onGoTo(moment);
    });
    return form;
  }

  private options(): HTMLElement {
    const { t } = this.ctx;
    const boxes = el('input', { id: 'boxes', attrs: { type: 'checkbox', checked: true } });
    boxes.addEventListener('change', () => this.events.onBoxes(boxes.checked));
    const labelled = (label: string, id: string, ...content: Child[]): HTMLElement => el('div', 'control', el('label', { attrs: { for: id } }, label), el('div', 'control-row', ...content));
    return el(
      'div',
      'options',
      labelled(t.play.speed, 'rate', this.rate),
      labelled(t.play.sound, 'audible', this.audible, this.volume),
      this.goTo(),
      el('label', 'check', boxes, t.play.boxes),
      el('div', 'options-buttons', this.snapshot, this.command(t.play.fullScreen, 'full_screen', { id: 'full-screen' }), this.command(t.play.help, 'help', { id: 'keys-open' })),
      this.refused,
    );
  }

  setSnapshot(refused: string | null): void {
    this.snapshot.disabled = refused !== null;
    this.refused.textContent = refused ?? '';
  }

  say(text: string): void {
    replaceChildren(this.message, text === '' ? null : spoken(text));
  }

  show(state: PlayerState): void {
    const { t } = this.ctx;
    this.position = state.position;
    this.moment.placeholder ||= new Date(milliseconds(state.position)).toISOString().slice(0, 19).replace('T', ' ');
    this.clocks.show(state.position);
    if (this.isPlaying !== state.isPlaying) {
      this.isPlaying = state.isPlaying;
      const label = state.isPlaying ? t.play.pause : t.play.play;
      this.toggle.dataset['playing'] = String(state.isPlaying);
      replaceChildren(this.toggle, icon(state.isPlaying ? 'pause' : 'play'));
      this.toggle.setAttribute('aria-label', label);
      this.toggle.title = label;
    }
    const rate = String(state.rate);
    if (this.rate.value !== rate && document.activeElement !== this.rate) this.rate.value = rate;
    const audible = state.audible === null ? '' : String(state.audible);
    if (this.audible.value !== audible && document.activeElement !== this.audible) this.audible.value = audible;
    const hasAudio = state.devices.some((device) => device.hasAudio);
    this.audible.disabled = !hasAudio;
    this.audible.title = hasAudio ? '' : t.play.noSoundTrack;
    this.volume.disabled = state.audible === null;
    if (document.activeElement !== this.volume) this.volume.value = String(Math.round(state.volume * 100));
  }
}
