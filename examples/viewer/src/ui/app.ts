/* SPDX-License-Identifier: Apache-2.0 */
/* The page as a whole: which views there are, and which of them are drawn again when something changes. */
import { button, type Context } from './context.js';
import { Controller, type Makers, type Topic } from './controller.js';
import { attachmentsView, caseView, fileView, headView } from './contents_view.js';
import { devicesView } from './devices_view.js';
import { alien, el, replaceChildren } from './dom.js';
import { headline } from './explain.js';
import { droppedFiles } from './files.js';
import { icon } from './icons.js';
import { showKeys } from './keys_dialog.js';
import { linksView } from './links_view.js';
import { PlayPanel, devicePage, isPlayable, nothingToPlay } from './play_view.js';
import { reportView } from './report_view.js';
import { Appearance, type Theme, preferredLanguage, textsOf } from './settings.js';
import { environmentNotice, filePicker, openingView, problemView, startView } from './start_view.js';
import { type Language, Times } from './times.js';
import { trustView } from './trust_view.js';
import { unlockView, updateUnlockProgress } from './unlock_view.js';
import { jumpTo, updateDraft, updateProgress, verdictView } from './verdict_view.js';

type SlotName = 'filebar' | 'verdict' | 'unlock' | 'links' | 'devices' | 'case' | 'attachments' | 'trust' | 'head' | 'file';

interface Slot {
  holder: HTMLElement;
  build(): HTMLElement | null;
}

/** Milliseconds between two drawings of progress. */
const progressInterval = 250;

export interface StartOptions {
  language?: Language;
  theme?: Theme;
}

export class App {
  readonly controller: Controller;
  private language: Language;
  private context: Context;
  private readonly appearance = new Appearance();
  private readonly slots = new Map<SlotName, Slot>();
  private readonly live = el('div', { class: 'visually-hidden', id: 'status', attrs: { role: 'status', 'aria-live': 'polite' } });
  private readonly main = el('main', { id: 'main', attrs: { tabindex: -1 } });
  private readonly playHolder = el('div', 'slot');
  private panel: PlayPanel | null = null;
  private firstDevice = 0;
  /** Of the timer that is to draw progress; 0 for none. */
  private progressTimer = 0;
  private isReportShown = false;

  constructor(
    private readonly root: HTMLElement,
    makers: Makers,
    options: StartOptions,
  ) {
    this.controller = new Controller(makers);
    this.language = options.language ?? preferredLanguage(navigator.languages);
    if (options.theme !== undefined) this.appearance.set(options.theme);
    this.context = this.makeContext();
    this.controller.firstPicture = () => this.panel?.firstPicture() ?? Promise.resolve();
    this.controller.listen((topic) => this.changed(topic));
    this.listenForDrops();
    this.draw();
  }

  private makeContext(): Context {
    const t = textsOf(this.language);
    document.documentElement.lang = this.language;
    return {
      app: this.controller,
      t,
      times: new Times(this.language),
      announce: (text) => this.announce(text),
      goTo: (utc, device) => this.goTo(utc, device),
      showReport: () => this.showReport(true),
    };
  }

  private announce(text: string): void {
    this.live.textContent = '';
    setTimeout(() => (this.live.textContent = text), 60);
  }

  private listenForDrops(): void {
    let depth = 0;
    const mark = (isOver: boolean): void => void document.body.classList.toggle('is-dropping', isOver);
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    addEventListener('dragenter', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth += 1;
      mark(true);
    });
    addEventListener('dragleave', () => {
      depth = Math.max(0, depth - 1);
      mark(depth > 0);
    });
    addEventListener('dragover', (event) => {
      if (hasFiles(event)) event.preventDefault();
    });
    addEventListener('drop', (event) => {
      if (event.dataTransfer === null || !hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      mark(false);
      void droppedFiles(event.dataTransfer).then((files) => {
        if (files.length === 0) this.announce(this.context.t.start.nothing);
        return this.controller.open(files);
      });
    });
  }

  private setLanguage(language: Language): void {
    this.language = language;
    this.context = this.makeContext();
    const at = this.panel?.position ?? null;
    this.draw();
    if (at !== null) this.panel?.seek(at);
    document.getElementById('language')?.focus();
  }

  private header(): HTMLElement {
    const { t } = this.context;
    const other: Language = this.language === 'de' ? 'en' : 'de';
    const theme = el(
      'select',
      { id: 'theme', class: 'select', attrs: { 'aria-label': t.page.theme, 'data-testid': 'theme' } },
      ...([['system', t.page.themeSystem], ['light', t.page.themeLight], ['dark', t.page.themeDark]] as const).map(([value, label]) =>
        el('option', { attrs: { value, selected: this.appearance.theme === value } }, label),
      ),
    );
    theme.addEventListener('change', () => this.appearance.set(theme.value as Theme));
    const language = el(
      'button',
      { id: 'language', class: 'button is-plain', attrs: { type: 'button', lang: other, 'data-testid': 'language' }, on: { click: () => this.setLanguage(other) } },
      t.otherLanguage,
    );
    return el('header', 'top', el('div', 'brand', icon('brand', 'icon brand-icon'), el('span', null, t.title)), el('div', 'top-tools', language, theme));
  }

  private draw(): void {
    const { t } = this.context;
    document.title = t.title;
    const footer = el('footer', 'bottom', el('span', null, t.page.footer), el('span', null, t.page.version(this.controller.makers.version)));
    const overlay = el('div', { class: 'drop-overlay', attrs: { 'aria-hidden': 'true' } }, icon('drop', 'icon drop-icon'), t.start.dropNow);
    replaceChildren(this.root, el('a', { class: 'skip', attrs: { href: '#main' } }, t.skip), this.header(), this.main, footer, overlay, this.live);
    this.drawMain(false);
  }

  private drawMain(isFocusMoved: boolean): void {
    const { phase } = this.controller;
    this.panel?.close();
    this.panel = null;
    this.slots.clear();
    this.main.classList.toggle('is-open', phase === 'open' && !this.isReportShown);
    if (phase === 'start') replaceChildren(this.main, startView(this.context));
    else if (phase === 'opening') replaceChildren(this.main, openingView(this.context));
    else if (phase === 'problem') replaceChildren(this.main, problemView(this.context));
    else if (this.isReportShown) replaceChildren(this.main, reportView(this.context, () => this.showReport(false)));
    else this.drawEvidence();
    if (isFocusMoved) document.getElementById('page-heading')?.focus();
  }

  private slot(name: SlotName, build: (context: Context) => HTMLElement | null): HTMLElement {
    const holder = el('div', `slot slot-${name}`);
    this.slots.set(name, { holder, build: () => build(this.context) });
    return holder;
  }

  private drawEvidence(): void {
    replaceChildren(
      this.main,
      this.slot('filebar', (context) => this.fileBar(context)),
      environmentNotice(this.context),
      this.slot('unlock', unlockView),
      this.slot('verdict', verdictView),
      el(
        'div',
        'columns',
        el('div', 'primary', this.playHolder, this.slot('links', linksView), this.slot('devices', devicesView), this.slot('case', caseView), this.slot('attachments', attachmentsView)),
        el('aside', { class: 'secondary', attrs: { 'aria-label': this.context.t.page.trust } }, this.slot('trust', trustView), this.slot('head', headView), this.slot('file', fileView)),
      ),
    );
    this.refresh(...this.slots.keys());
    this.drawPlayback();
  }

  private fileBar(context: Context): HTMLElement | null {
    const { t, app, times } = context;
    const { evidence } = app;
    if (evidence === null) return null;
    const files = filePicker(context, { id: 'pick', testId: 'file-input', isFolder: false, label: t.start.pick });
    const jump = (id: string, label: string): HTMLElement => button(label, { look: 'bare', attrs: { 'data-jump': id }, onClick: () => jumpTo(id) });
    const findings = evidence.kind === 'recording' ? (evidence.devices.length > 0 ? 'devices' : null) : (app.report?.links.length ?? 0) > 0 ? 'links' : null;
    return el(
      'div',
      'filebar',
      el(
        'div',
        'filebar-text',
        el('h1', { id: 'page-heading', attrs: { tabindex: -1 } }, alien(evidence.name)),
        el('p', 'hint', [t.file.kinds[evidence.kind], times.size(evidence.size), t.file.deviceCount(evidence.devices.length)].join(' · ')),
      ),
      el(
        'nav',
        { class: 'jumps', attrs: { 'aria-label': t.page.sections } },
        jump('playback', t.page.playback),
        findings === null ? null : jump(findings, t.page.findings),
        evidence.kind === 'recording' ? null : jump('case', t.page.caseData),
        jump('trust', t.page.trust),
      ),
      button(t.page.openAnother, { icon: 'file', onClick: () => files.click() }),
      files,
    );
  }

  /** Draws views again; whoever had the focus in one of them keeps it, if it is still there. */
  private refresh(...names: SlotName[]): void {
    for (const name of names) {
      const slot = this.slots.get(name);
      if (slot === undefined) continue;
      const focused = slot.holder.contains(document.activeElement) ? (document.activeElement?.id ?? '') : '';
      const open = new Set(Array.from(slot.holder.querySelectorAll('details[open] > summary'), (summary) => summary.textContent));
      replaceChildren(slot.holder, slot.build());
      for (const summary of slot.holder.querySelectorAll('details > summary')) {
        if (open.has(summary.textContent) && summary.parentElement instanceof HTMLDetailsElement) summary.parentElement.open = true;
      }
      if (focused !== '') document.getElementById(focused)?.focus({ preventScroll: true });
    }
  }

  private drawPlayback(): void {
    const at = this.panel?.position ?? null;
    this.panel?.close();
    this.panel = null;
    if (!isPlayable(this.context)) {
      replaceChildren(this.playHolder, nothingToPlay(this.context));
      return;
    }
    const count = this.controller.evidence?.devices.length ?? 0;
    this.panel = new PlayPanel(this.context, devicePage(count, Math.min(this.firstDevice, Math.max(0, count - 1))), {
      onHelp: () => showKeys(this.context),
      onPage: (first) => {
        this.firstDevice = first;
        this.drawPlayback();
      },
    });
    replaceChildren(this.playHolder, this.panel.element);
    this.panel.verificationChanged();
    if (at !== null) this.panel.seek(at);
  }

  private goTo(utc: bigint, device: number): void {
    const page = this.panel === null ? -1 : devicePage(this.controller.evidence?.devices.length ?? 0, this.firstDevice).indexOf(device);
    if (page < 0) {
      this.firstDevice = device;
      this.drawPlayback();
    }
    this.panel?.seek(utc);
    this.panel?.focus();
  }

  private showReport(isShown: boolean): void {
    const at = this.panel?.position ?? null;
    this.isReportShown = isShown;
    this.drawMain(true);
    if (at !== null) this.panel?.seek(at);
    scrollTo(0, 0);
  }

  private changed(topic: Topic): void {
    switch (topic) {
      case 'phase':
        this.isReportShown = false;
        this.firstDevice = 0;
        this.drawMain(true);
        document.getElementById('password')?.focus();
        return;
      case 'evidence':
        this.refresh('filebar', 'unlock', 'file', 'devices', 'case', 'attachments');
        this.drawPlayback();
        this.announce(this.context.t.unlock.opened);
        document.getElementById('page-heading')?.focus({ preventScroll: true });
        return;
      case 'verification':
        this.verificationChanged();
        return;
      case 'progress':
        this.progressChanged();
        return;
      case 'unlock':
        this.unlockChanged();
        return;
      case 'trust':
        this.refresh('trust');
        return;
      case 'camera':
        this.cameraChanged();
        return;
      case 'draft':
        updateDraft(this.context);
    }
  }

  /** Drawing takes time away from what goes on, so it waits until there is something to see. */
  private progressChanged(): void {
    if (this.progressTimer !== 0) return;
    this.progressTimer = window.setTimeout(() => {
      this.progressTimer = 0;
      updateProgress(this.context);
      updateUnlockProgress(this.context);
    }, progressInterval);
  }

  private unlockChanged(): void {
    this.refresh('unlock');
    if (this.controller.unlockProblem === null) return;
    const field = document.getElementById('password');
    if (field instanceof HTMLInputElement && this.controller.triedKey === 'password') {
      field.focus();
      field.select();
    } else document.getElementById('keyfile-button')?.focus();
  }

  private cameraChanged(): void {
    if (this.isReportShown) this.drawMain(false);
    else {
      this.refresh('verdict', 'devices');
      this.panel?.cameraChanged();
    }
  }

  private verificationChanged(): void {
    if (this.isReportShown) {
      if (this.controller.report === null) this.showReport(false);
      return;
    }
    this.refresh('verdict', 'links', 'devices', 'case', 'attachments', 'trust', 'head', 'filebar');
    this.panel?.verificationChanged();
    const { t } = this.context;
    const { report, verification } = this.controller;
    // Once, when it is there; a verdict that is taken back is said too.
    if (report !== null) this.announce(`${t.verdict.heading}: ${headline(this.context, report)}`);
    else if (verification === 'running') this.announce(t.verify.running);
    else if (verification === 'cancelled') this.announce(t.verify.cancelled);
    else if (verification === 'failed') this.announce(t.verdict.titles.cancelled);
  }
}

export function start(root: HTMLElement, makers: Makers, options: StartOptions = {}): App {
  return new App(root, makers, options);
}
