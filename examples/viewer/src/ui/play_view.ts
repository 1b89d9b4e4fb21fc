/* SPDX-License-Identifier: Apache-2.0 */
/* Playback of one or several devices in step. */
import type { GapView, Utc } from '../evidence/model.js';
import type { DeviceState, Player, PlayerState } from '../play/model.js';
import { type Context, button, card, details, notice } from './context.js';
import { ClipPanel } from './clip_view.js';
import { problemOf } from './controller.js';
import { alien, el, replaceChildren, spoken } from './dom.js';
import { gapReason, gapSentence } from './explain.js';
import { saveBlob } from './files.js';
import { type Banner, Screen } from './screen.js';
import { cameraStandings } from './camera_timeline.js';
import { saysOfCamera, standingAt } from './judgement.js';
import { type Command, commandOf, isKeyOfElement, nextRate } from './keyboard.js';
import { deviceName, fileLabel, quoted } from './names.js';
import { Controls } from './play_controls.js';
import { refusal } from './policy.js';
import { Timeline } from './timeline.js';
import { clamp, extent, gapAt, gapsOf } from './timeline_geometry.js';
import { snapshotName } from './times.js';

/** Devices that are shown and decoded at once. */
const onePage = 9;
const second = 1_000_000_000n;
const mostGaps = 200;
const longestWait = 1_500;
const longestFileName = 200;

export function isPlayable(ctx: Context): boolean {
  const { evidence } = ctx.app;
  return evidence !== null && evidence.kind !== 'proof' && evidence.devices.length > 0 && extent(evidence) !== null;
}

export class PlayPanel {
  readonly element: HTMLElement;
  private player: Player | null = null;
  private state: PlayerState | null = null;
  private readonly screens = new Map<number, Screen>();
  private readonly timeline: Timeline;
  private readonly controls: Controls;
  private readonly clip: ClipPanel;
  private readonly grid = el('div', 'screens');
  private readonly gapList = el('div', 'gap-list');
  private chosen: number;
  private heard: number | null = null;
  private enlarged: number | null = null;
  private wanted: Utc | null = null;
  private isSeeking = false;
  private frame = 0;
  private wasEnded = false;
  /** Devices whose file went away or changed while it was shown, and of which that was said. */
  private readonly unreadable = new Set<number>();

  constructor(
    private readonly ctx: Context,
    private readonly devices: readonly number[],
    private readonly events: { onHelp(): void; onPage(first: number): void },
  ) {
    this.chosen = devices[0] ?? 0;
    this.timeline = new Timeline(ctx, devices, { onSeek: (to, device) => {
      this.choose(device);
      this.seek(to);
    } });
    this.controls = new Controls(ctx, devices, {
      onCommand: (command) => this.run(command),
      onRate: (rate) => this.player?.setRate(rate),
      onAudible: (device) => this.player?.setAudible(device),
      onVolume: (volume) => this.player?.setVolume(volume),
      onBoxes: (isShown) => this.screens.forEach((screen) => screen.setBoxesShown(isShown)),
      onGoTo: (utc) => this.goToMoment(utc),
    });
    this.clip = new ClipPanel(ctx, { position: () => this.state?.position ?? this.timeline.from, onRange: (range) => this.timeline.setClip(range) });
    this.makeScreens();
    this.element = this.build();
    this.choose(this.chosen);
    this.startPlayer();
    this.verificationChanged();
  }

  get position(): Utc | null {
    return this.state?.position ?? null;
  }

  private makeScreens(): void {
    const isSingle = this.devices.length === 1;
    for (const device of this.devices) {
      const screen = new Screen(this.ctx, device, { onChoose: () => this.choose(device), onEnlarge: () => this.enlarge(device) }, isSingle);
      this.screens.set(device, screen);
      this.grid.append(screen.element);
    }
    this.grid.dataset['count'] = String(this.devices.length);
  }

  private build(): HTMLElement {
    const section = card(
      { id: 'playback', heading: this.ctx.t.play.heading, icon: 'play', class: 'playback' },
      this.pager(),
      el('div', 'player', this.grid, this.timeline.element, this.controls.element),
      this.legend(),
      this.gapList,
      this.clip.element,
    );
    section.tabIndex = -1;
    section.addEventListener('keydown', (event) => {
      if (isKeyOfElement(event.target, event.key)) return;
      const command = commandOf(event);
      if (command === null) return;
      event.preventDefault();
      this.run(command);
    });
    return section;
  }

  private pager(): HTMLElement | null {
    const all = this.ctx.app.evidence?.devices.length ?? 0;
    if (all <= onePage) return null;
    const first = this.devices[0] ?? 0;
    const { t } = this.ctx;
    return el(
      'div',
      'pages-bar',
      button(t.devices.earlier, { icon: 'earlier', attrs: { disabled: first === 0 }, onClick: () => this.events.onPage(Math.max(0, first - onePage)) }),
      el('span', null, t.devices.shown(first + 1, first + this.devices.length, all)),
      button(t.devices.later, { icon: 'later', attrs: { disabled: first + onePage >= all }, onClick: () => this.events.onPage(first + onePage) }),
    );
  }

  private legend(): HTMLElement {
    const { t } = this.ctx;
    const names = ['authentic', 'untrusted', 'recording_fails', 'failed', 'lost', 'unattested', 'unsigned', 'closed', 'unchecked', 'gap'] as const;
    const items = names.map((name) => el('li', null, el('span', { class: name === 'gap' ? 'swatch gap-piece' : name === 'lost' ? 'swatch gap-piece is-lost' : `swatch bar-piece is-${name}`, attrs: { 'aria-hidden': 'true' } }), t.play.states[name]));
    const { evidence } = this.ctx.app;
    const cameras = evidence !== null && saysOfCamera(evidence) ? cameraStandings : [];
    const cameraItems = cameras.map((name) => el('li', null, el('span', { class: `swatch camera-piece is-${name}`, attrs: { 'aria-hidden': 'true' } }), t.play.cameraStates[name]));
    return details(t.play.legend, el('ul', 'legend', ...items, ...cameraItems));
  }

  private startPlayer(): void {
    const { app, t } = this.ctx;
    if (app.session === null || app.evidence === null) return;
    try {
      this.player = app.makers.createPlayer({
        session: app.session,
        evidence: app.evidence,
        views: this.screens,
        onState: (state) => this.receive(state),
      });
      this.receive(this.player.state);
    } catch (error) {
      const problem = problemOf(error);
      this.grid.replaceWith(notice('bad', el('p', null, t.play.failed(t.problems.titles[problem.code])), el('p', 'technical', alien(problem.message))));
    }
  }

  private receive(state: PlayerState): void {
    this.state = state;
    this.noteUnreadable(state);
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  /** A verdict on a file that is no longer there, or no longer the same, is taken back. */
  private noteUnreadable(state: PlayerState): void {
    for (const { device, condition, detail } of state.devices) {
      if (condition !== 'unreadable' || this.unreadable.has(device)) continue;
      this.unreadable.add(device);
      this.ctx.app.withdraw(detail);
    }
  }

  private bannerOf(state: DeviceState, isPicture: boolean, gap: GapView | null): Banner {
    const { app } = this.ctx;
    if (state.condition === 'altered') return 'failed';
    if (state.condition === 'unreadable') return 'unreadable';
    if (gap !== null && gap.kind !== 'silence') return gap.kind === 'lost' ? 'lost' : 'failed';
    if (!isPicture || app.evidence === null) return 'none';
    return standingAt(app.evidence, app.report, state.device, state.utc ?? this.state?.position ?? 0n) ?? 'unchecked';
  }

  private draw(): void {
    const { state } = this;
    if (state === null) return;
    for (const one of state.devices) {
      const screen = this.screens.get(one.device);
      if (screen === undefined) continue;
      const isPicture = one.condition === 'picture' || (one.condition === 'loading' && one.utc !== null);
      const gap = one.condition === 'gap' ? gapAt(gapsOf(this.ctx.app.report, one.device), state.position) : null;
      const told = gap === null ? null : { kind: gap.kind, reason: gapReason(this.ctx, gap) };
      screen.show(one, this.bannerOf(one, isPicture, gap), told);
    }
    this.controls.show(state);
    if (state.isEnded !== this.wasEnded) {
      this.wasEnded = state.isEnded;
      this.controls.say(state.isEnded ? this.ctx.t.play.ended : '');
    }
    this.timeline.setPosition(state.position, state.isPlaying);
  }

  private choose(device: number): void {
    if (!this.screens.has(device)) return;
    this.chosen = device;
    this.screens.forEach((screen, index) => screen.setChosen(index === device));
    this.clip.setDevice(device);
  }

  private enlarge(device: number): void {
    this.enlarged = this.enlarged === device ? null : device;
    this.choose(device);
    this.grid.classList.toggle('is-enlarged', this.enlarged !== null);
    this.screens.forEach((screen, index) => screen.element.classList.toggle('is-enlarged', index === this.enlarged));
  }

  /** Only the newest wish is followed while the player is still on its way to an older one. */
  seek(to: Utc): void {
    this.wanted = clamp({ from: this.timeline.from, to: this.timeline.to }, to);
    if (!this.isSeeking) void this.seekOn();
  }

  private async seekOn(): Promise<void> {
    this.isSeeking = true;
    while (this.wanted !== null && this.player !== null) {
      const to = this.wanted;
      this.wanted = null;
      try {
        await this.player.seek(to);
      } catch (error) {
        this.controls.say(problemOf(error).message);
      }
    }
    this.isSeeking = false;
  }

  private goToMoment(utc: Utc): void {
    const isInside = utc >= this.timeline.from && utc <= this.timeline.to;
    this.controls.say(isInside ? '' : this.ctx.t.play.gotoOutside);
    if (isInside) this.seek(utc);
  }

  private move(by: bigint): void {
    this.seek((this.wanted ?? this.state?.position ?? this.timeline.from) + by);
  }

  private run(command: Command): void {
    if (typeof command === 'object') {
      const device = this.devices[command.device];
      if (device !== undefined) this.choose(device);
      return;
    }
    const actions: Record<Exclude<Command, object>, () => void> = {
      toggle: () => this.toggle(),
      faster_or_play: () => (this.state?.isPlaying === true ? this.changeRate(1) : this.player?.play()),
      skip_back: () => this.move(-10n * second),
      skip_forward: () => this.move(10n * second),
      back_5: () => this.move(-5n * second),
      forward_5: () => this.move(5n * second),
      back_60: () => this.move(-60n * second),
      forward_60: () => this.move(60n * second),
      step_back: () => void this.player?.step(this.chosen, -1).catch((error: unknown) => this.controls.say(problemOf(error).message)),
      step_forward: () => void this.player?.step(this.chosen, 1).catch((error: unknown) => this.controls.say(problemOf(error).message)),
      faster: () => this.changeRate(1),
      slower: () => this.changeRate(-1),
      begin: () => this.seek(this.timeline.from),
      end: () => this.seek(this.timeline.to),
      mute: () => this.mute(),
      snapshot: () => void this.snapshot(),
      clip_begin: () => this.clip.begin(),
      clip_end: () => this.clip.end(),
      full_screen: () => this.fullScreen(),
      help: () => this.events.onHelp(),
    };
    actions[command]();
  }

  private toggle(): void {
    if (this.state?.isPlaying === true) this.player?.pause();
    else this.player?.play();
  }

  private changeRate(direction: 1 | -1): void {
    const rate = nextRate(this.state?.rate ?? 1, direction);
    this.player?.setRate(rate);
    this.ctx.announce(`${this.ctx.t.play.speed} ${this.ctx.times.rate(rate)}`);
  }

  private mute(): void {
    const audible = this.state?.audible ?? null;
    if (audible !== null) this.heard = audible;
    const first = this.state?.devices.find((device) => device.hasAudio)?.device ?? null;
    this.player?.setAudible(audible !== null ? null : (this.heard ?? first));
  }

  private async snapshot(): Promise<void> {
    const { app, t } = this.ctx;
    if (app.evidence === null) return;
    const refused = refusal(app.evidence, app.report);
    if (refused !== null) {
      this.controls.say(t.clip[refused]);
      return;
    }
    try {
      const taken = (await this.player?.snapshot(this.chosen)) ?? null;
      if (taken === null) {
        this.controls.say(t.play.snapshotNone);
        return;
      }
      const standing = standingAt(app.evidence, app.report, this.chosen, taken.utc) ?? 'unchecked';
      const name = snapshotName(fileLabel(t, app.evidence.devices[this.chosen], this.chosen), taken.utc, t.play.savedAs[standing]);
      saveBlob(taken.png, name);
      const warning = standing === 'authentic' ? '' : ` ${t.clip.warning(t.play.states[standing])}`;
      this.controls.say(t.play.snapshotSaved(quoted(t, name, longestFileName)) + warning);
    } catch (error) {
      this.controls.say(problemOf(error).message);
    }
  }

  private fullScreen(): void {
    const target = this.element.querySelector('.player');
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    else void target?.requestFullscreen().catch((error: unknown) => this.controls.say(problemOf(error).message));
  }

  /** Gaps for whoever cannot see the timeline, and to go there. */
  private drawGaps(): void {
    const { t, app, times } = this.ctx;
    const wasOpen = this.gapList.querySelector('details')?.open ?? false;
    const gaps = this.devices.flatMap((device) => gapsOf(app.report, device).map((gap) => ({ device, gap })));
    if (gaps.length === 0) {
      this.gapList.replaceChildren();
      return;
    }
    const items = gaps.slice(0, mostGaps).map(({ device, gap }) =>
      el(
        'li',
        gap.kind === 'silence' ? null : 'is-bad',
        this.devices.length > 1 ? el('strong', null, spoken(`${deviceName(t, app.evidence?.devices[device], device)}: `)) : null,
        `${gapSentence(this.ctx, gap)} `,
        el('button', { class: 'link-button', attrs: { type: 'button' }, on: { click: () => this.seek(gap.to) } }, t.play.gapGo(times.clock(gap.to, true, false))),
      ),
    );
    const list = details(t.play.gapList(gaps.length), el('ul', 'plain-list', ...items), gaps.length > mostGaps ? el('p', 'hint', t.devices.cut(mostGaps, gaps.length)) : null);
    list.open = wasOpen;
    replaceChildren(this.gapList, list);
  }

  cameraChanged(): void {
    this.timeline.redraw();
  }

  verificationChanged(): void {
    const { app, t } = this.ctx;
    this.timeline.redraw();
    this.clip.draw();
    this.drawGaps();
    const refused = app.evidence === null ? null : refusal(app.evidence, app.report);
    this.controls.setSnapshot(refused === null ? null : t.clip[refused]);
    // Nothing of the picture may be copied past the buttons either (E-VER-9).
    this.screens.forEach((screen) => screen.setCopyable(refused === null));
    if (app.verification === 'done') this.unreadable.clear();
    if (app.evidence !== null && app.verification === 'done') this.player?.refresh(app.evidence);
    this.draw();
  }

  /** Until no device is loading any more, but not for long. */
  firstPicture(): Promise<void> {
    const end = performance.now() + longestWait;
    return new Promise((resolve) => {
      const look = (): void => {
        const devices = this.state?.devices ?? [];
        const isThere = devices.length > 0 && devices.every((device) => device.condition !== 'loading');
        if (isThere || performance.now() > end) resolve();
        else setTimeout(look, 40);
      };
      look();
    });
  }

  focus(): void {
    this.element.scrollIntoView({ block: 'start' });
    this.element.querySelector<HTMLElement>('.track')?.focus({ preventScroll: true });
  }

  close(): void {
    if (this.frame !== 0) cancelAnimationFrame(this.frame);
    this.player?.close();
    this.player = null;
  }
}

export function devicePage(count: number, first: number): number[] {
  return Array.from({ length: Math.max(0, Math.min(onePage, count - first)) }, (_, i) => first + i);
}

/** In place of the playback where there is nothing to play. */
export function nothingToPlay(ctx: Context): HTMLElement {
  const { t, app } = ctx;
  return card({ id: 'playback', heading: t.play.heading, icon: 'play' }, el('p', null, app.evidence?.kind === 'proof' ? t.play.noneProof : t.play.none));
}
