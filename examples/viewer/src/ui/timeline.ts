/* SPDX-License-Identifier: Apache-2.0 */
/* A row for each device: coloured by what is known, with gaps, and a playhead over all of them. */
import type { CameraWords, GapView, Utc } from '../evidence/model.js';
import { cameraMomentWords } from './camera_text.js';
import { cameraAt, cameraBars } from './camera_timeline.js';
import { type Context, button } from './context.js';
import { el, plain, replaceChildren, spoken } from './dom.js';
import { gapReason } from './explain.js';
import { standingAt } from './judgement.js';
import { deviceName } from './names.js';
import { type Window, bars, clamp, extent, gapAt, gapBars, gapsOf, momentAt, paged, place, spans, ticks, zoomed } from './timeline_geometry.js';

interface Row {
  device: number;
  track: HTMLElement;
  bars: HTMLElement;
  head: HTMLElement;
  range: HTMLElement;
  gaps: GapView[];
}

export interface TimelineEvents {
  onSeek(to: Utc, device: number): void;
}

/** Bars are drawn for so many columns; a screen has few more. */
const columns = 600;
const valueTextEvery = 5_000;

type Zoom = 'whole' | (typeof spans)[number]['name'];

export class Timeline {
  readonly element: HTMLElement;
  private readonly whole: Window;
  private window: Window;
  private zoom: Zoom = 'whole';
  private position: Utc;
  private readonly rows: Row[];
  private readonly ruler = el('div', { class: 'ruler', attrs: { 'aria-hidden': 'true' } });
  private readonly tip = el('div', { class: 'tip', attrs: { 'aria-hidden': 'true', hidden: true } });
  private readonly toolbar = el('div', 'timeline-bar');
  private lastValueText = 0;
  private clipRange: { device: number; from: Utc | null; to: Utc | null } | null = null;

  constructor(
    private readonly ctx: Context,
    devices: readonly number[],
    private readonly events: TimelineEvents,
  ) {
    const { evidence } = ctx.app;
    this.whole = (evidence === null ? null : extent(evidence)) ?? { from: 0n, to: 1_000_000_000n };
    this.window = this.whole;
    this.position = this.whole.from;
    this.rows = devices.map((device) => this.makeRow(device));
    const rows = this.rows.map((row) => {
      const name = deviceName(ctx.t, evidence?.devices[row.device], row.device);
      return el('div', 'timeline-row', el('span', { class: 'timeline-name', attrs: { 'aria-hidden': 'true', title: plain(name) } }, spoken(name)), row.track);
    });
    this.element = el('div', { class: 'timeline', attrs: { 'data-testid': 'timeline' } }, this.toolbar, el('div', 'timeline-rows', ...rows, el('div', 'timeline-row is-ruler', el('span', 'timeline-name', 'UTC'), this.ruler), this.tip));
    this.redraw();
  }

  get from(): Utc {
    return this.whole.from;
  }

  get to(): Utc {
    return this.whole.to;
  }

  private makeRow(device: number): Row {
    const { ctx } = this;
    const name = deviceName(ctx.t, ctx.app.evidence?.devices[device], device);
    const bars = el('div', 'bars');
    const head = el('div', 'playhead');
    const range = el('div', { class: 'clip-range', attrs: { hidden: true } });
    const track = el(
      'div',
      {
        id: `timeline-${device}`,
        class: 'track',
        attrs: { role: 'slider', tabindex: 0, 'aria-label': plain(ctx.t.play.timeline(name)), 'aria-orientation': 'horizontal', 'aria-valuemin': 0, 'aria-valuemax': 1000, 'aria-valuenow': 0, 'data-device': device },
      },
      bars,
      range,
      head,
    );
    const row: Row = { device, track, bars, head, range, gaps: gapsOf(ctx.app.report, device) };
    this.listen(row);
    return row;
  }

  private momentOf(row: Row, event: PointerEvent): Utc {
    const box = row.track.getBoundingClientRect();
    return momentAt(this.window, box.width > 0 ? (event.clientX - box.left) / box.width : 0);
  }

  private listen(row: Row): void {
    const { track } = row;
    track.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      track.setPointerCapture(event.pointerId);
      track.focus({ preventScroll: true });
      this.events.onSeek(this.momentOf(row, event), row.device);
    });
    track.addEventListener('pointermove', (event) => {
      if (track.hasPointerCapture(event.pointerId)) this.events.onSeek(this.momentOf(row, event), row.device);
      this.showTip(row, event);
    });
    track.addEventListener('pointerleave', () => (this.tip.hidden = true));
    track.addEventListener('keydown', (event) => {
      const length = this.window.to - this.window.from;
      const by = event.key === 'PageUp' ? -length / 10n : event.key === 'PageDown' ? length / 10n : null;
      if (by === null) return;
      event.preventDefault();
      this.events.onSeek(clamp(this.whole, this.position + by), row.device);
    });
  }

  private cameraWords(row: Row): CameraWords | undefined {
    return this.ctx.app.cameraWords.find((one) => one.device === row.device);
  }

  /** What is at a moment, in words. */
  private words(row: Row, moment: Utc): string {
    const { t, app } = this.ctx;
    const gap = gapAt(row.gaps, moment);
    if (gap !== null) return gap.kind === 'silence' ? `${t.play.states.gap}: ${gapReason(this.ctx, gap)}` : gapReason(this.ctx, gap);
    const standing = app.evidence === null ? null : standingAt(app.evidence, app.report, row.device, moment);
    if (app.evidence === null || standing === null) return t.play.states.gap;
    const camera = cameraAt(app.evidence, app.report, this.cameraWords(row), moment);
    return camera === null ? t.play.states[standing] : `${t.play.states[standing]}; ${cameraMomentWords(this.ctx, camera)}`;
  }

  private showTip(row: Row, event: PointerEvent): void {
    const moment = this.momentOf(row, event);
    const outer = this.tip.parentElement?.getBoundingClientRect();
    if (outer === undefined) return;
    replaceChildren(this.tip, el('strong', null, `${this.ctx.times.clock(moment, true, false)} UTC`), el('span', null, this.words(row, moment)));
    this.tip.hidden = false;
    const half = this.tip.offsetWidth / 2;
    const at = Math.min(outer.width - half, Math.max(half, event.clientX - outer.left));
    this.tip.style.left = `${at}px`;
    this.tip.style.top = `${row.track.getBoundingClientRect().top - outer.top}px`;
  }

  private drawToolbar(): void {
    const { t } = this.ctx;
    const length = this.whole.to - this.whole.from;
    const usable: Zoom[] = ['whole', ...spans.filter((span) => span.length < length).map((span) => span.name)];
    const focused = document.activeElement?.id ?? '';
    const zooms = usable.map((zoom) =>
      el(
        'button',
        { class: 'segment-button', id: `zoom-${zoom}`, attrs: { type: 'button', 'aria-pressed': String(zoom === this.zoom) }, on: { click: () => this.setZoom(zoom) } },
        t.play.zooms[zoom],
      ),
    );
    const page = (direction: 1 | -1, label: string): HTMLButtonElement =>
      button(label, {
        id: direction === 1 ? 'timeline-later' : 'timeline-earlier',
        icon: direction === 1 ? 'later' : 'earlier',
        isLabelHidden: true,
        attrs: { disabled: direction === 1 ? this.window.to >= this.whole.to : this.window.from <= this.whole.from },
        onClick: () => this.setWindow(paged(this.whole, this.window, direction)),
      });
    replaceChildren(
      this.toolbar,
      usable.length > 1 ? el('div', { class: 'segmented', attrs: { role: 'group', 'aria-label': t.play.zoom } }, ...zooms) : null,
      this.zoom === 'whole' ? null : el('div', 'timeline-pages', page(-1, t.play.earlier), page(1, t.play.later)),
      el('span', 'timeline-period', this.ctx.times.period(this.window.from, this.window.to)),
    );
    if (focused !== '' && this.toolbar.querySelector(`#${CSS.escape(focused)}`) !== null) document.getElementById(focused)?.focus();
  }

  private setZoom(zoom: Zoom): void {
    this.zoom = zoom;
    this.setWindow(zoomed(this.whole, spans.find((span) => span.name === zoom)?.length ?? null, this.position));
  }

  private setWindow(window: Window): void {
    this.window = window;
    this.redraw();
  }

  /** After a report, or where another part of the time is shown. */
  redraw(): void {
    const { app } = this.ctx;
    this.drawToolbar();
    for (const row of this.rows) {
      row.gaps = gapsOf(app.report, row.device);
      const parts: HTMLElement[] = [];
      if (app.evidence !== null) {
        for (const bar of bars(app.evidence, app.report, row.device, this.window, columns)) {
          parts.push(this.stretch(`bar-piece is-${bar.standing}`, bar.start, bar.end));
        }
      }
      if (app.evidence !== null) {
        for (const bar of cameraBars(app.evidence, app.report, this.cameraWords(row), this.window, columns)) {
          parts.push(this.stretch(`camera-piece is-${bar.standing}`, bar.start, bar.end));
        }
      }
      for (const bar of gapBars(row.gaps, this.window)) parts.push(this.stretch(`gap-piece is-${bar.gap.kind}`, bar.start, bar.end));
      replaceChildren(row.bars, parts);
    }
    this.drawRuler();
    this.drawClip();
    this.drawHead(true);
  }

  private stretch(name: string, start: number, end: number): HTMLElement {
    const element = el('span', name);
    element.style.left = `${start * 100}%`;
    element.style.width = `${Math.max(0, end - start) * 100}%`;
    return element;
  }

  private drawRuler(): void {
    const marks = ticks(this.window, Math.max(2, Math.floor((this.ruler.clientWidth || 600) / 110))).map((moment) => {
      const length = this.window.to - this.window.from;
      const withSeconds = length < 900_000_000_000n;
      const text = length > 4n * 86_400_000_000_000n ? this.ctx.times.date(moment) : this.ctx.times.clock(moment, true, false).slice(0, withSeconds ? 8 : 5);
      const mark = el('span', 'tick', text);
      const at = place(this.window, moment);
      mark.style.left = `${at * 100}%`;
      if (at > 0.96) mark.classList.add('is-last');
      if (at < 0.03) mark.classList.add('is-first');
      return mark;
    });
    replaceChildren(this.ruler, marks);
  }

  setClip(range: { device: number; from: Utc | null; to: Utc | null } | null): void {
    this.clipRange = range;
    this.drawClip();
  }

  private drawClip(): void {
    for (const row of this.rows) {
      const range = this.clipRange?.device === row.device ? this.clipRange : null;
      row.range.hidden = range === null || (range.from === null && range.to === null);
      if (range === null) continue;
      const start = Math.max(0, place(this.window, range.from ?? range.to ?? this.window.from));
      const end = Math.min(1, place(this.window, range.to ?? range.from ?? this.window.to));
      row.range.style.left = `${start * 100}%`;
      row.range.style.width = `${Math.max(0, end - start) * 100}%`;
      if (end < 0 || start > 1) row.range.hidden = true;
    }
  }

  setPosition(position: Utc, isPlaying: boolean): void {
    if (position === this.position) return;
    this.position = position;
    if (position < this.window.from || position > this.window.to) {
      this.setWindow(zoomed(this.whole, this.window.to - this.window.from, position + (this.window.to - this.window.from) / 3n));
      return;
    }
    this.drawHead(!isPlaying);
  }

  private drawHead(isSaid: boolean): void {
    const at = place(this.window, this.position);
    const now = performance.now();
    const isTextDue = isSaid || now - this.lastValueText > valueTextEvery;
    if (isTextDue) this.lastValueText = now;
    for (const row of this.rows) {
      row.head.style.left = `${Math.min(1, Math.max(0, at)) * 100}%`;
      if (!isTextDue) continue;
      row.track.setAttribute('aria-valuenow', String(Math.round(place(this.whole, this.position) * 1000)));
      row.track.setAttribute('aria-valuetext', this.ctx.t.play.timelineValue(this.ctx.times.utc(this.position), this.words(row, this.position)));
    }
  }
}
