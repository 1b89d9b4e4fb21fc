/* SPDX-License-Identifier: Apache-2.0 */
/* The page in which play_browser.mjs drives the player. */
import { MemorySource, type Source } from '../src/bytes/source.js';
import type { Player, PlayerState, PlayerView } from '../src/play/model.js';
import { onvif } from '../src/play/analytics.js';
import { parseXml } from '../src/play/browser_platform.js';
import { readBoxes } from '../src/play/metadata.js';
import { createPlayer } from '../src/play/player.js';
import { RecordingSession } from './play_session.js';

/** What was given to Web Audio to play. */
interface Played {
  at: number;
  skip: number;
  rate: number;
  sampleRate: number;
  values: number[];
}

async function load(url: string): Promise<Source> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new MemorySource(new Uint8Array(await response.arrayBuffer()));
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

class Stage {
  private player: Player | null = null;
  private states: PlayerState[] = [];
  private readonly played: Played[] = [];
  private analyser: AnalyserNode | null = null;

  /** Devices, each a list of recordings. */
  async open(devices: readonly (readonly string[])[]): Promise<void> {
    this.close();
    const session = new RecordingSession();
    const sources = await Promise.all(devices.map((urls) => Promise.all(urls.map(load))));
    const evidence = await session.openRecordings(sources);
    const views = new Map<number, PlayerView>();
    for (const device of evidence.devices) {
      const canvas = document.createElement('canvas');
      document.body.append(canvas);
      views.set(device.index, { canvas, onBoxes: () => undefined });
    }
    this.states = [];
    this.played.length = 0;
    this.player = createPlayer({ session, evidence, views, onState: (state) => this.states.push(state) });
    await this.player.seek(evidence.parts[0]?.segments.first[0] ?? 0n);
  }

  private get current(): Player {
    if (this.player === null) throw new Error('nothing is open');
    return this.player;
  }

  state(): string {
    return this.textOf(this.current.state);
  }

  private textOf(value: unknown): string {
    return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one));
  }

  async seek(utc: string): Promise<string> {
    await this.current.seek(BigInt(utc));
    return this.state();
  }

  async step(device: number, by: 1 | -1): Promise<string> {
    await this.current.step(device, by);
    return this.state();
  }

  async snapshot(device: number): Promise<{ png: string; utc: string } | null> {
    const taken = await this.current.snapshot(device);
    if (taken === null) return null;
    return { png: base64(new Uint8Array(await taken.png.arrayBuffer())), utc: String(taken.utc) };
  }

  /** Plays for some time, and gives the states that were told. */
  async play(milliseconds: number, rate: number): Promise<string> {
    this.states = [];
    this.current.setRate(rate);
    this.current.play();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    this.current.pause();
    return this.textOf(this.states);
  }

  listen(device: number | null): void {
    if (device !== null) this.record();
    this.current.setAudible(device);
  }

  /**
   * Whether there is a sound device. Without one, contexts of some browsers never start: then the page's clock
   * stands in for theirs, and what is played is noted but not heard.
   */
  async hasSoundDevice(): Promise<boolean> {
    const context = new AudioContext();
    const started = context.resume().then(() => true);
    const isRunning = await Promise.race([started, new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 2000))]);
    if (!isRunning) {
      Object.defineProperty(BaseAudioContext.prototype, 'state', { get: () => 'running' });
      Object.defineProperty(BaseAudioContext.prototype, 'currentTime', { get: () => performance.now() / 1000 });
    }
    return isRunning;
  }

  /** Everything that is started from now on is noted. */
  private record(): void {
    if (this.analyser !== null) return;
    const { played } = this;
    const start = Reflect.get(AudioBufferSourceNode.prototype, 'start') as (this: AudioBufferSourceNode, at?: number, skip?: number) => void;
    AudioBufferSourceNode.prototype.start = function (at = 0, skip = 0): void {
      const values = this.buffer === null ? [] : Array.from(this.buffer.getChannelData(0));
      played.push({ at, skip, rate: this.playbackRate.value, sampleRate: this.buffer?.sampleRate ?? 0, values });
      start.call(this, at, skip);
    };
    const connect = AudioNode.prototype.connect as (this: AudioNode, to: AudioNode) => AudioNode;
    const noted = (analyser: AnalyserNode): void => {
      this.analyser = analyser;
    };
    AudioNode.prototype.connect = function (this: AudioNode, to: AudioNode): AudioNode {
      if (to instanceof AudioDestinationNode) {
        const analyser = new AnalyserNode(this.context, { fftSize: 32_768 });
        noted(analyser);
        connect.call(this, analyser);
      }
      return connect.call(this, to);
    } as typeof AudioNode.prototype.connect;
  }

  sounds(): string {
    return JSON.stringify(this.played);
  }

  /** Root mean square of what is heard now. */
  loudness(): number | null {
    if (this.analyser === null) return null;
    const values = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(values);
    return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  }

  /** Boxes of an ONVIF document, by the browser's parser; or why there are none. */
  async readScene(text: string): Promise<string> {
    const configuration = new TextEncoder().encode(`\0${onvif}\0\0`);
    const sizes = { width: 0, height: 0, sampleRate: 0, channels: 0, isRemoved: false };
    const track = { part: 0, number: 0, kind: 'metadata', codec: 'metx', timebase: { numerator: 1, denominator: 1 }, ...sizes, configuration } as const;
    try {
      return JSON.stringify(await readBoxes(track, new TextEncoder().encode(text), parseXml));
    } catch (error) {
      return String(error);
    }
  }

  close(): void {
    this.player?.close();
    this.player = null;
    for (const canvas of document.querySelectorAll('canvas')) canvas.remove();
  }
}

if (typeof window !== 'undefined') Object.assign(window, { stage: new Stage() });
