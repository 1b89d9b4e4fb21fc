/* SPDX-License-Identifier: Apache-2.0 */
import type { SoundBlock, SoundOutput } from './platform.js';

/** Web Audio. */
export class WebSoundOutput implements SoundOutput {
  private readonly gain: GainNode;

  private constructor(private readonly context: AudioContext) {
    this.gain = context.createGain();
    this.gain.connect(context.destination);
  }

  /** Null where there is no sound at all. */
  static open(): WebSoundOutput | null {
    if (typeof AudioContext === 'undefined') return null;
    try {
      return new WebSoundOutput(new AudioContext());
    } catch {
      return null;
    }
  }

  get time(): number {
    return this.context.currentTime;
  }

  get isRunning(): boolean {
    return this.context.state === 'running';
  }

  resume(): void {
    // Refused until somebody touched the page; the next touch asks again.
    this.context.resume().catch(() => undefined);
  }

  setVolume(volume: number): void {
    this.gain.gain.value = volume;
  }

  play(block: SoundBlock, at: number, skip: number, rate: number): () => void {
    const frames = block.channels[0]?.length ?? 0;
    const buffer = this.context.createBuffer(block.channels.length, frames, block.sampleRate);
    for (const [channel, values] of block.channels.entries()) buffer.copyToChannel(values, channel);
    const node = this.context.createBufferSource();
    node.buffer = buffer;
    node.playbackRate.value = rate;
    node.connect(this.gain);
    node.onended = () => node.disconnect();
    node.start(at, skip);
    return () => {
      node.onended = null;
      node.stop();
      node.disconnect();
    };
  }

  close(): void {
    this.gain.disconnect();
    this.context.close().catch(() => undefined);
  }
}
