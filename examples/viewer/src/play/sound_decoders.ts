/* SPDX-License-Identifier: Apache-2.0 */
import type { SoundCoding } from './codecs.js';
import { decodePlain } from './pcm.js';
import type { SoundDecoder, SoundSink } from './platform.js';

type Plain = Extract<SoundCoding, { kind: 'plain' }>;

/** PCM and G.711. */
export class PlainSoundDecoder implements SoundDecoder {
  readonly queued = 0;
  private isClosed = false;

  constructor(
    private readonly coding: Plain,
    private readonly sink: SoundSink,
  ) {}

  decode(timestamp: number, data: Uint8Array): void {
    if (this.isClosed) return;
    const { codec, channels, sampleRate } = this.coding;
    const values = decodePlain(codec, channels, data);
    if ((values[0]?.length ?? 0) > 0) this.sink.block({ timestamp, sampleRate, channels: values });
  }

  close(): void {
    this.isClosed = true;
  }
}

/** A channel each, whatever order the browser keeps them in. */
function channelsOf(data: AudioData): Float32Array<ArrayBuffer>[] {
  return Array.from({ length: data.numberOfChannels }, (_, planeIndex) => {
    const values = new Float32Array(data.numberOfFrames);
    data.copyTo(values, { planeIndex, format: 'f32-planar' });
    return values;
  });
}

/** What the browser decodes. */
export class StreamSoundDecoder implements SoundDecoder {
  private readonly decoder: AudioDecoder;

  constructor(config: AudioDecoderConfig, sink: SoundSink) {
    this.decoder = new AudioDecoder({
      output: (data) => {
        try {
          sink.block({ timestamp: data.timestamp, sampleRate: data.sampleRate, channels: channelsOf(data) });
        } catch (error) {
          sink.failed(error instanceof Error ? error.message : String(error));
        } finally {
          data.close();
        }
      },
      error: (error) => sink.failed(error.message),
    });
    this.decoder.configure(config);
  }

  get queued(): number {
    return this.decoder.decodeQueueSize;
  }

  decode(timestamp: number, data: Uint8Array): void {
    if (this.decoder.state !== 'configured') return;
    this.decoder.decode(new EncodedAudioChunk({ type: 'key', timestamp, data: data.slice() }));
  }

  close(): void {
    if (this.decoder.state !== 'closed') this.decoder.close();
  }
}
