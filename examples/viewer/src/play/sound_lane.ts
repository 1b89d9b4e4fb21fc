/* SPDX-License-Identifier: Apache-2.0 */
/* The sound of one device, played by the clock of all. */
import type { Utc } from '../evidence/model.js';
import type { SoundBlock, SoundDecoder, SoundOutput, SoundSink, Platform } from './platform.js';
import type { PartChoice, SegmentStore } from './segments.js';
import type { Place } from './pictures.js';
import type { Timeline } from './timeline.js';

/** Rates at which sound is heard. */
const slowest = 0.5;
const fastest = 2;
/** Decoded and scheduled ahead, in seconds of the viewer's time. */
const ahead = 1.2;
/** Blocks are joined up to this length, so that few edges are heard: seconds. */
const joined = 0.25;
/** What is nearer than this to the end of what was played before follows it without a seam: seconds. */
const seam = 0.03;
/** Sound and clock may differ by this much: seconds. */
const drift = 0.06;
const maxQueued = 16;
/** Sound decoders need what came just before to begin cleanly. */
const preroll = 200_000_000n;
const nanoseconds = 1e9;

export function isAudible(rate: number): boolean {
  return rate >= slowest && rate <= fastest;
}

/** Joins blocks that follow each other. */
export function joinBlocks(blocks: readonly SoundBlock[]): SoundBlock | null {
  const [first] = blocks;
  if (first === undefined) return null;
  const size = blocks.reduce((sum, block) => sum + (block.channels[0]?.length ?? 0), 0);
  const channels = first.channels.map((_, channel) => {
    const values = new Float32Array(size);
    let at = 0;
    for (const block of blocks) {
      const part = block.channels[channel];
      if (part !== undefined) values.set(part, at);
      at += block.channels[0]?.length ?? 0;
    }
    return values;
  });
  return { timestamp: first.timestamp, sampleRate: first.sampleRate, channels };
}

export function secondsOf(block: SoundBlock): number {
  return (block.channels[0]?.length ?? 0) / block.sampleRate;
}

function follows(before: SoundBlock, block: SoundBlock): boolean {
  const isAlike = before.sampleRate === block.sampleRate && before.channels.length === block.channels.length;
  return isAlike && Math.abs(block.timestamp / 1e6 - before.timestamp / 1e6 - secondsOf(before)) < seam;
}

export class SoundLane implements SoundSink {
  private decoder: SoundDecoder | null = null;
  private part: number | null = null;
  private next: Place | null = null;
  private base: Utc = 0n;
  private fedUntil: Utc = 0n;
  private anchor: { time: number; utc: Utc; rate: number } | null = null;
  private waiting: SoundBlock[] = [];
  private playedUntil = 0;
  private stops: { until: number; stop: () => void }[] = [];
  private isBroken = false;

  constructor(
    private readonly platform: Platform,
    private readonly output: SoundOutput,
    private readonly timeline: Timeline,
    private readonly store: SegmentStore,
    private readonly choices: ReadonlyMap<number, PartChoice>,
  ) {}

  /** Called at every turn while the clock runs. */
  run(position: Utc, rate: number): void {
    if (!isAudible(rate) || !this.output.isRunning) {
      this.stop();
      return;
    }
    if (this.anchor !== null && (this.anchor.rate !== rate || Math.abs(this.timeOf(position) - this.output.time) > drift)) this.stop();
    if (this.anchor === null) {
      this.anchor = { time: this.output.time, utc: position, rate };
      this.playedUntil = this.output.time;
      this.next = this.placeAt(position - preroll);
    }
    this.stops = this.stops.filter((one) => one.until > this.output.time);
    this.feed(position + BigInt(Math.round(ahead * rate * nanoseconds)));
    // What came last is not kept back for more that may never come.
    const [first] = this.waiting;
    if (first !== undefined && this.timeOf(this.utcOf(first)) < this.output.time + joined) this.schedule();
  }

  stop(): void {
    for (const one of this.stops) one.stop();
    this.stops = [];
    this.waiting = [];
    this.anchor = null;
    this.next = null;
    this.closeDecoder();
    this.isBroken = false;
  }

  private timeOf(utc: Utc): number {
    if (this.anchor === null) return 0;
    return this.anchor.time + Number(utc - this.anchor.utc) / nanoseconds / this.anchor.rate;
  }

  private utcOf(block: SoundBlock): Utc {
    return this.base + BigInt(Math.round(block.timestamp)) * 1000n;
  }

  private placeAt(utc: Utc): Place {
    const stretch = Math.max(0, this.timeline.at(utc));
    const sounds = this.store.loaded(stretch)?.sounds ?? [];
    const index = sounds.findIndex((shot) => shot.utc >= utc);
    return { stretch, index: index < 0 ? sounds.length : index };
  }

  private feed(until: Utc): void {
    while (this.next !== null) {
      const { stretch, index } = this.next;
      const loaded = this.store.loaded(stretch);
      const entry = this.timeline.get(stretch);
      if (entry === null || entry.first > until) return;
      const shot = loaded?.sounds[index];
      if (shot === undefined) {
        if (loaded === null && this.store.failure(stretch) === null) return;
        const isContinued = this.timeline.isContinued(stretch);
        if (!isContinued && (this.decoder?.queued ?? 0) > 0) return;
        this.next = { stretch: stretch + 1, index: 0 };
        if (!isContinued) this.closeDecoder();
        continue;
      }
      if (shot.utc > until || (this.decoder?.queued ?? 0) >= maxQueued) return;
      this.decode(entry.part, shot.utc, shot.data);
      this.next = { stretch, index: index + 1 };
    }
  }

  private decode(part: number, utc: Utc, data: Uint8Array): void {
    if (this.decoder === null || this.part !== part) {
      this.closeDecoder();
      const coding = this.choices.get(part)?.sounds?.coding;
      if (coding === undefined || coding.kind === 'unsupported' || this.isBroken) return;
      this.schedule();
      this.part = part;
      this.base = utc;
      this.fedUntil = utc;
      this.decoder = this.platform.openSounds(coding, this);
    }
    if (utc < this.fedUntil) return;
    this.fedUntil = utc;
    this.decoder.decode(Number((utc - this.base) / 1000n), data);
  }

  private closeDecoder(): void {
    this.schedule();
    this.decoder?.close();
    this.decoder = null;
    this.part = null;
  }

  block(block: SoundBlock): void {
    if (this.decoder === null || this.anchor === null || block.channels.length === 0) return;
    const last = this.waiting[this.waiting.length - 1];
    if (last !== undefined && !follows(last, block)) this.schedule();
    this.waiting.push(block);
    if (this.waiting.reduce((sum, one) => sum + secondsOf(one), 0) >= joined) this.schedule();
  }

  failed(_reason: string): void {
    this.closeDecoder();
    // Not again before the next start: what breaks once would break at every turn.
    this.isBroken = true;
  }

  private schedule(): void {
    const block = joinBlocks(this.waiting);
    this.waiting = [];
    if (block === null || this.anchor === null) return;
    const { rate } = this.anchor;
    const due = this.timeOf(this.utcOf(block));
    const at = Math.abs(due - this.playedUntil) < seam ? this.playedUntil : due;
    const length = secondsOf(block) / rate;
    const late = Math.max(0, this.output.time - at, this.playedUntil - at);
    if (late >= length) return;
    const stop = this.output.play(block, at + late, late * rate, rate);
    this.playedUntil = at + length;
    this.stops.push({ until: this.playedUntil, stop });
  }
}
