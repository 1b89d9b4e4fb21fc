/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page with made-up evidence, to look at every state of it. The address says which:
 * #scene=altered&lang=de&theme=dark&do=report
 */
import {
  type CameraWords,
  type Clip,
  type Evidence,
  type EvidenceSession,
  type KeyInput,
  type ProblemCode,
  ProblemError,
  type Progress,
  type Report,
  type SegmentSamples,
  type TrustInput,
} from '../src/evidence/model.js';
import type { DeviceCondition, Player, PlayerOptions, PlayerState } from '../src/play/model.js';
import { start } from '../src/ui/app.js';
import { type Scene, begin, scenes, second } from './ui_scenes.js';

const wanted = new URLSearchParams(location.hash.slice(1));
const sceneName = wanted.get('scene') ?? 'start';

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

class FakeSession implements EvidenceSession {
  private scene: Scene;

  constructor() {
    this.scene = (scenes[sceneName] ?? (() => ({ evidence: null, report: null }) as never))();
  }

  async open(): Promise<Evidence> {
    if (sceneName === 'opening') await new Promise(() => undefined);
    await pause(5);
    const code = /^problem-(.+)$/.exec(sceneName)?.[1];
    if (code !== undefined) throw new ProblemError(code as ProblemCode, 'E-HDR-1: magic at offset 0 is 50 4b 03 04, not 8a 53 56 58');
    return this.scene.evidence;
  }

  async unlock(key: KeyInput, progress?: (part: number) => void): Promise<Evidence> {
    for (let i = 1; i <= 4; i += 1) {
      await pause(10);
      progress?.(i * 0.16);
    }
    if (wanted.get('do') === 'derive') await new Promise(() => undefined);
    if (key.password !== 'right' || this.scene.unlocked === undefined) throw new ProblemError('wrong_key', 'the key check does not fit');
    this.scene = { ...this.scene.unlocked };
    return this.scene.evidence;
  }

  async verify(_trust: TrustInput, progress?: (progress: Progress) => void, signal?: AbortSignal): Promise<Report> {
    for (const device of this.scene.evidence.devices) {
      progress?.({ device: device.index, done: 700 - device.index * 320, of: 1000, overall: { done: 41, of: 100 } });
    }
    if (wanted.get('do') === 'trust-problem') throw new ProblemError('fingerprint_unknown', 'no certificate in the file has this fingerprint');
    const { report } = this.scene;
    if (report !== null) return report;
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new ProblemError('cancelled', 'cancelled'))));
  }

  samples(): Promise<SegmentSamples> {
    return Promise.reject(new ProblemError('internal', 'there are no samples here'));
  }

  cameraWords(): Promise<CameraWords[]> {
    return Promise.resolve(this.scene.cameras ?? []);
  }

  attachment(): Promise<Blob> {
    return Promise.resolve(new Blob(['text']));
  }

  clip(): Promise<Clip> {
    return Promise.resolve({ film: new Blob(['film']), from: begin, to: begin + 10n * second, samples: 250, leftOut: [], gaps: [] });
  }

  close(): void {
    return;
  }
}

function draw(canvas: HTMLCanvasElement, device: number): void {
  canvas.width = 960;
  canvas.height = 540;
  const context = canvas.getContext('2d');
  if (context === null) return;
  const sky = context.createLinearGradient(0, 0, 0, 540);
  sky.addColorStop(0, ['#8fa3b5', '#3a4048', '#b7a58c'][device % 3] ?? '#888');
  sky.addColorStop(1, ['#56626b', '#22262b', '#6f6250'][device % 3] ?? '#444');
  context.fillStyle = sky;
  context.fillRect(0, 0, 960, 540);
  context.fillStyle = '#30363c';
  context.fillRect(0, 400, 960, 140);
  context.fillStyle = '#20252a';
  context.fillRect(180 + device * 60, 160, 130, 290);
  context.fillStyle = '#c9b18b';
  context.fillRect(560, 280, 46, 160);
}

const conditions = wanted.get('conditions')?.split(',') ?? [];

function fakePlayer(options: PlayerOptions): Player {
  const devices = [...options.views.keys()];
  let evidence = options.evidence;
  const stateOf = (device: number): DeviceCondition => {
    if (evidence.isSealed && !evidence.isUnlocked) return 'withheld';
    return (conditions[device] as DeviceCondition | undefined) ?? 'picture';
  };
  const at = begin + BigInt(wanted.get('at') ?? '500') * second + 240_000_000n;
  const state: PlayerState = { isPlaying: false, isEnded: false, position: at, rate: 1, audible: 0, volume: 0.8, devices: [] };
  const tell = (): void => {
    state.devices = devices.map((device) => ({ device, condition: stateOf(device), detail: stateOf(device) === 'unsupported_codec' ? 'hvc1.1.6.L120' : '', utc: state.position, width: 1920, height: 1080, hasAudio: true }));
    for (const [device, view] of options.views) {
      draw(view.canvas, device);
      view.onBoxes(stateOf(device) === 'picture' ? [{ left: 0.58, top: 0.5, right: 0.64, bottom: 0.83, label: 'Human 94 %', objectId: '12' }, { left: 0.18, top: 0.02, right: 0.34, bottom: 0.2, label: 'Vehicle 71 %', objectId: '13' }] : []);
    }
    options.onState({ ...state });
  };
  setTimeout(tell, 0);
  return {
    state,
    play: () => { state.isPlaying = true; tell(); },
    pause: () => { state.isPlaying = false; tell(); },
    seek: (to) => { state.position = to; tell(); return Promise.resolve(); },
    step: (_, by) => { state.position += BigInt(by) * 40_000_000n; tell(); return Promise.resolve(); },
    setRate: (rate) => { state.rate = rate; tell(); },
    setAudible: (device) => { state.audible = device; tell(); },
    setVolume: (volume) => { state.volume = volume; tell(); },
    snapshot: () => Promise.resolve({ png: new Blob(['png']), utc: state.position }),
    refresh: (changed) => { evidence = changed; tell(); },
    close: () => undefined,
  };
}

async function act(what: string): Promise<void> {
  const click = (id: string): void => document.getElementById(id)?.click();
  if (what === 'wrong' || what === 'unlock' || what === 'derive') {
    const field = document.getElementById('password') as HTMLInputElement;
    field.value = what === 'unlock' ? 'right' : 'wrong';
    click('password-submit');
  }
  if (what === 'report') click('report-open');
  if (what === 'cancel') click('verify-cancel');
  if (what === 'keys') click('keys-open');
  if (what === 'zoom') click('zoom-ten_minutes');
  if (what === 'enlarge') document.querySelector<HTMLElement>('.screen-foot button')?.click();
  if (what === 'clip') {
    click('clip-begin');
    await pause(20);
    document.getElementById('timeline-0')?.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', shiftKey: true, bubbles: true }));
    await pause(80);
    click('clip-end');
  }
  if (what === 'details') for (const one of document.querySelectorAll('details')) one.open = true;
  if (what === 'compare') {
    const field = document.getElementById('compare-head') as HTMLTextAreaElement;
    field.value = wanted.get('digest') ?? '';
    field.dispatchEvent(new Event('input'));
  }
}

async function run(): Promise<void> {
  const root = document.getElementById('app');
  if (root === null) return;
  const app = start(
    root,
    { createSession: () => new FakeSession(), createPlayer: fakePlayer, version: '1.0.0' },
    { language: wanted.get('lang') === 'de' ? 'de' : 'en', theme: wanted.get('theme') === 'dark' ? 'dark' : 'light' },
  );
  if (sceneName !== 'start') void app.controller.open([new File(['x'], scenes[sceneName] === undefined ? 'Urlaubsfilm.mp4' : 'Entnahme_2026-03-14_Rathausplatz.svmx')]);
  await pause(80);
  await act(wanted.get('do') ?? '');
  await pause(120);
  document.documentElement.dataset['ready'] = 'true';
}

if (typeof document !== 'undefined') void run();
