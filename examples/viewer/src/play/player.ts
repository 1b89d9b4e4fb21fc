/* SPDX-License-Identifier: Apache-2.0 */
/* All devices by one clock. */
import type { Device, Evidence, Part, Utc } from '../evidence/model.js';
import { BrowserPlatform } from './browser_platform.js';
import { UtcClock } from './clock.js';
import { decideGap } from './gaps.js';
import { DeviceLane } from './lane.js';
import { isMetadataReadable } from './metadata.js';
import type { CreatePlayer, DeviceState, Player, PlayerOptions, PlayerState } from './model.js';
import { type PictureShare, shareOf } from './picture_bounds.js';
import type { Platform, SoundOutput } from './platform.js';
import { SampleQueue } from './sample_queue.js';
import type { PartChoice } from './segments.js';
import { SoundLane } from './sound_lane.js';

/** Bytes of samples in memory, of all devices. */
const budget = 256 << 20;
const leastBudget = 24 << 20;
/** While playing the page is told this often: milliseconds. */
const tellEvery = 80;

async function firstOf<T extends { coding: { kind: string } }>(choices: readonly Promise<T>[]): Promise<T | null> {
  const all = await Promise.all(choices);
  return all.find((one) => one.coding.kind !== 'unsupported') ?? all[0] ?? null;
}

/** The first track of each kind that this browser can play; of pictures otherwise the first, to say what it is. */
export async function choosePart(part: Part, platform: Platform): Promise<PartChoice> {
  const there = part.tracks.filter((track) => !track.isRemoved);
  const pictures = there.filter((track) => track.kind === 'video').map(async (track) => ({ track, coding: await platform.pictureCoding(track) }));
  const sounds = there.filter((track) => track.kind === 'audio').map(async (track) => ({ track, coding: await platform.soundCoding(track) }));
  const metadata = there.filter((track) => track.kind === 'metadata' && isMetadataReadable(track));
  return { pictures: await firstOf(pictures), sounds: await firstOf(sounds), metadata };
}

interface Waiter {
  resolve: () => void;
}

interface Step extends Waiter {
  device: number;
  by: 1 | -1;
}

class EvidencePlayer implements Player {
  private evidence: Evidence;
  private readonly queue: SampleQueue;
  private readonly clock: UtcClock;
  private choices = new Map<number, PartChoice>();
  private lanes: DeviceLane[] = [];
  private isPlaying = false;
  private isEnded = false;
  private isClosed = false;
  /** Counts evidence that was given, so that what belongs to older one is dropped. */
  private generation = 0;
  private audible: number | null = null;
  private volume = 1;
  private output: SoundOutput | null = null;
  private sound: SoundLane | null = null;
  private waiters: Waiter[] = [];
  private pendingStep: Step | null = null;
  private gapSince: number | null = null;
  private callOff: (() => void) | null = null;
  private isAwake = false;
  private toldAt = 0;
  private told = '';
  private toldPosition: Utc | null = null;
  private isPrepared = false;

  constructor(
    private readonly options: PlayerOptions,
    private readonly platform: Platform,
  ) {
    this.evidence = options.evidence;
    this.queue = new SampleQueue(options.session);
    this.clock = new UtcClock(() => platform.now(), startOf(options.evidence, options.views));
    void this.prepare();
  }

  private async prepare(): Promise<void> {
    const generation = ++this.generation;
    const devices = this.evidence.devices.filter((device) => this.options.views.has(device.index));
    const parts = this.evidence.parts.filter((part) => devices.some((device) => device.parts.includes(part.index)));
    const choices = new Map<number, PartChoice>();
    for (const part of parts) choices.set(part.index, await choosePart(part, this.platform));
    if (this.isClosed || generation !== this.generation) return;
    this.closeLanes();
    this.choices = choices;
    const share = Math.max(leastBudget, Math.floor(budget / Math.max(1, devices.length)));
    const pictures = shareOf(devices.length);
    this.lanes = devices.flatMap((device) => this.laneOf(device, share, pictures));
    for (const lane of this.lanes) lane.move('jump', this.clock.position);
    this.isPrepared = true;
    this.openSound();
    this.wake();
  }

  private laneOf(device: Device, share: number, pictures: PictureShare): DeviceLane[] {
    const view = this.options.views.get(device.index);
    if (view === undefined) return [];
    const { choices, queue, platform, evidence } = this;
    return [new DeviceLane({ device, evidence, view, choices, queue, platform, budget: share, pictures, changed: () => this.wake() })];
  }

  get state(): PlayerState {
    return {
      isPlaying: this.isPlaying,
      isEnded: this.isEnded,
      position: this.clock.position,
      rate: this.clock.rate,
      audible: this.audible,
      volume: this.volume,
      devices: this.lanes.map((lane): DeviceState => lane.state),
    };
  }

  /** Something changed: looks at everything once, after what runs now. */
  private wake(): void {
    if (this.isAwake || this.isClosed) return;
    this.isAwake = true;
    queueMicrotask(() => {
      this.isAwake = false;
      this.turn();
    });
  }

  private turn(): void {
    if (this.isClosed) return;
    this.callOff?.();
    this.callOff = null;
    let position = this.clock.position;
    for (const lane of this.lanes) lane.pump({ position, isPlaying: this.isPlaying, rate: this.clock.rate });
    this.tryStep();
    if (this.isPlaying && this.lanes.length > 0) {
      this.keepTime();
      position = this.clock.position;
    }
    if (this.clock.isRunning) this.sound?.run(position, this.clock.rate);
    else this.sound?.stop();
    this.settle();
    this.tell();
    if (!this.isClosed && this.isPlaying) this.callOff = this.platform.soon(() => this.turn());
  }

  /** Lets the clock run, wait, jump or end. */
  private keepTime(): void {
    if (this.lanes.some((lane) => lane.isStalling())) {
      this.clock.stop();
      return;
    }
    const { position } = this.clock;
    const end = this.end;
    if (end !== null && position >= end) {
      this.finish(end);
      return;
    }
    const covers = this.lanes.map((lane) => ({ isCovered: !lane.isAtGap, next: lane.pictures.nextAfter(position) }));
    const isGap = covers.every((cover) => !cover.isCovered);
    this.gapSince = isGap ? (this.gapSince ?? this.platform.now()) : null;
    const since = this.gapSince === null ? 0 : this.platform.now() - this.gapSince;
    const decision = decideGap(covers, position, this.clock.rate, since);
    if (decision.act === 'end') {
      this.finish(end ?? position);
      return;
    }
    if (decision.act === 'jump') {
      this.jump(decision.to, 'jump');
      return;
    }
    this.clock.start();
  }

  private finish(end: Utc): void {
    this.clock.stop();
    this.clock.set(end);
    this.isPlaying = false;
    this.isEnded = true;
    this.wake();
  }

  private jump(to: Utc, behind: 'step' | 'jump'): void {
    this.clock.set(to);
    this.clock.stop();
    this.gapSince = null;
    this.isEnded = false;
    this.sound?.stop();
    for (const lane of this.lanes) lane.move(behind, to);
    this.wake();
  }

  private settle(): void {
    if (!this.isPrepared || this.waiters.length === 0 || this.lanes.some((lane) => !lane.isStanding)) return;
    for (const waiter of this.waiters.splice(0)) waiter.resolve();
  }

  private release(): void {
    for (const waiter of this.waiters.splice(0)) waiter.resolve();
    this.pendingStep?.resolve();
    this.pendingStep = null;
  }

  private tell(): void {
    const { state } = this;
    const now = this.platform.now();
    const { position, ...rest } = state;
    const said = JSON.stringify(rest, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    const isSame = said === this.told && !this.isPlaying;
    if (isSame && position === this.toldPosition) return;
    if (this.isPlaying && now - this.toldAt < tellEvery && !isUrgent(this.told, said)) return;
    this.told = said;
    this.toldAt = now;
    this.toldPosition = position;
    this.options.onState(state);
  }

  private get start(): Utc | null {
    return extreme(this.lanes.map((lane) => lane.timeline.start), (a, b) => a < b);
  }

  private get end(): Utc | null {
    return extreme(this.lanes.map((lane) => lane.timeline.end), (a, b) => a > b);
  }

  play(): void {
    if (this.isClosed || this.isPlaying) return;
    const { start } = this;
    if (this.isEnded && start !== null) this.jump(start, 'jump');
    this.isPlaying = true;
    this.isEnded = false;
    this.gapSince = null;
    for (const lane of this.lanes) lane.startPlaying();
    this.output?.resume();
    this.wake();
  }

  pause(): void {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    this.clock.stop();
    this.sound?.stop();
    // What is shown now is the picture of this moment, also where decoding was late.
    this.wake();
  }

  seek(to: Utc): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    this.release();
    const { start, end } = this;
    const bounded = start !== null && to < start ? start : end !== null && to > end ? end : to;
    const done = this.standing();
    this.jump(bounded, 'jump');
    return done;
  }

  private standing(): Promise<void> {
    return new Promise((resolve) => this.waiters.push({ resolve }));
  }

  step(device: number, by: 1 | -1): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    this.pause();
    this.release();
    return new Promise((resolve) => {
      this.pendingStep = { device, by, resolve };
      this.wake();
    });
  }

  private tryStep(): void {
    const step = this.pendingStep;
    if (step === null || !this.isPrepared) return;
    const lane = this.lanes.find((one) => one.device === step.device);
    const to = lane?.neighbour(this.clock.position, step.by) ?? null;
    if (to === 'loading') {
      this.wakeFor(lane);
      return;
    }
    this.pendingStep = null;
    if (to === null) {
      step.resolve();
      return;
    }
    this.waiters.push({ resolve: step.resolve });
    this.jump(to, 'step');
  }

  /** What a step needs was noted by its lane: the lane asks for it now. */
  private wakeFor(lane: DeviceLane | undefined): void {
    lane?.pump({ position: this.clock.position, isPlaying: false, rate: this.clock.rate });
  }

  setRate(rate: number): void {
    this.clock.setRate(rate);
    for (const lane of this.lanes) lane.setRate();
    this.wake();
  }

  setAudible(device: number | null): void {
    this.audible = device;
    this.openSound();
    this.wake();
  }

  private openSound(): void {
    this.sound?.stop();
    this.sound = null;
    const lane = this.audible === null ? undefined : this.lanes.find((one) => one.device === this.audible);
    if (lane === undefined || !lane.state.hasAudio) return;
    this.output ??= this.platform.openOutput();
    if (this.output === null) return;
    this.output.setVolume(this.volume);
    if (this.isPlaying) this.output.resume();
    this.sound = new SoundLane(this.platform, this.output, lane.timeline, lane.store, this.choices);
  }

  setVolume(volume: number): void {
    if (!Number.isFinite(volume)) return;
    this.volume = Math.min(1, Math.max(0, volume));
    this.output?.setVolume(this.volume);
    this.wake();
  }

  async snapshot(device: number): Promise<{ png: Blob; utc: Utc } | null> {
    const picture = this.lanes.find((lane) => lane.device === device)?.picture ?? null;
    if (picture === null) return null;
    return { png: await this.platform.png(picture.image), utc: picture.utc };
  }

  refresh(evidence: Evidence): void {
    if (this.isClosed) return;
    const isEmpty = this.end === null;
    this.evidence = evidence;
    if (isEmpty) this.clock.set(startOf(evidence, this.options.views));
    void this.prepare();
  }

  private closeLanes(): void {
    this.sound?.stop();
    this.sound = null;
    for (const lane of this.lanes) lane.close();
    this.lanes = [];
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isPlaying = false;
    this.clock.stop();
    this.callOff?.();
    this.callOff = null;
    this.release();
    this.queue.close();
    this.closeLanes();
    this.output?.close();
    this.output = null;
  }
}

function extreme(values: readonly (Utc | null)[], isBetter: (a: Utc, b: Utc) => boolean): Utc | null {
  let best: Utc | null = null;
  for (const value of values) if (value !== null && (best === null || isBetter(value, best))) best = value;
  return best;
}

/** Everything but the time of a picture is told at once. */
function isUrgent(before: string, now: string): boolean {
  const withoutTimes = (text: string): string => text.replace(/"utc":(?:"-?\d+"|null)/g, '');
  return withoutTimes(before) !== withoutTimes(now);
}

function startOf(evidence: Evidence, views: PlayerOptions['views']): Utc {
  const starts = evidence.devices
    .filter((device) => views.has(device.index))
    .flatMap((device) => device.parts)
    .map((index) => evidence.parts.find((part) => part.index === index && part.unusable === null)?.segments.first[0] ?? null);
  return extreme(starts, (a, b) => a < b) ?? 0n;
}

/** A player on any platform; `createPlayer` is that of the page. */
export function createPlayerOn(platform: Platform, options: PlayerOptions): Player {
  return new EvidencePlayer(options, platform);
}

export const createPlayer: CreatePlayer = (options) => createPlayerOn(new BrowserPlatform(), options);
