/* SPDX-License-Identifier: Apache-2.0 */
/* The page: WebCodecs, Web Audio, canvas. */
import type { TrackView } from '../evidence/model.js';
import { type PictureCoding, type SoundCoding, describePictures, describeSounds } from './codecs.js';
import { readBoxes } from './metadata.js';
import type { DetectedBox } from './model.js';
import { BrowserImage, JpegDecoder, StreamPictureDecoder } from './picture_decoders.js';
import type { PictureDecoder, PictureImage, PictureSink, Platform, SoundDecoder, SoundOutput, SoundSink } from './platform.js';
import { PlainSoundDecoder, StreamSoundDecoder } from './sound_decoders.js';
import { WebSoundOutput } from './sound_output.js';
import { parseXml } from './xml_tree.js';

/** A hidden page draws nothing, but its sound goes on: milliseconds. */
const hiddenTurn = 250;

function imageOf(image: PictureImage): VideoFrame | ImageBitmap {
  if (image instanceof BrowserImage) return image.source;
  throw new TypeError('a picture of another platform');
}

function draw(canvas: HTMLCanvasElement, image: PictureImage): void {
  // Setting the size clears, and is slow.
  if (canvas.width !== image.width) canvas.width = image.width;
  if (canvas.height !== image.height) canvas.height = image.height;
  canvas.getContext('2d')?.drawImage(imageOf(image), 0, 0, image.width, image.height);
}

async function supportsPictures(config: VideoDecoderConfig): Promise<boolean> {
  if (typeof VideoDecoder === 'undefined') return false;
  try {
    return (await VideoDecoder.isConfigSupported(config)).supported === true;
  } catch {
    return false;
  }
}

async function supportsSounds(config: AudioDecoderConfig): Promise<boolean> {
  if (typeof AudioDecoder === 'undefined') return false;
  try {
    return (await AudioDecoder.isConfigSupported(config)).supported === true;
  } catch {
    return false;
  }
}

export class BrowserPlatform implements Platform {
  now(): number {
    return performance.now();
  }

  soon(call: () => void): () => void {
    let isOver = false;
    const once = (): void => {
      if (isOver) return;
      cancel();
      call();
    };
    const frame = requestAnimationFrame(once);
    const timer = setTimeout(once, hiddenTurn);
    const cancel = (): void => {
      isOver = true;
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
    return cancel;
  }

  later(milliseconds: number, call: () => void): () => void {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  }

  async pictureCoding(track: TrackView): Promise<PictureCoding> {
    const coding = describePictures(track);
    if (coding.kind !== 'stream' || (await supportsPictures(coding.config))) return coding;
    return { kind: 'unsupported', detail: coding.detail };
  }

  async soundCoding(track: TrackView): Promise<SoundCoding> {
    const coding = describeSounds(track);
    if (coding.kind !== 'stream' || (await supportsSounds(coding.config))) return coding;
    return { kind: 'unsupported', detail: coding.detail };
  }

  openPictures(coding: PictureCoding, sink: PictureSink, pixels: number): PictureDecoder {
    if (coding.kind === 'jpeg') return new JpegDecoder(sink, pixels);
    if (coding.kind === 'stream') return new StreamPictureDecoder(coding.config, sink, pixels);
    throw new TypeError(`no decoder for ${coding.detail}`);
  }

  openSounds(coding: SoundCoding, sink: SoundSink): SoundDecoder {
    if (coding.kind === 'plain') return new PlainSoundDecoder(coding, sink);
    if (coding.kind === 'stream') return new StreamSoundDecoder(coding.config, sink);
    throw new TypeError(`no decoder for ${coding.detail}`);
  }

  openOutput(): SoundOutput | null {
    return WebSoundOutput.open();
  }

  async copy(image: PictureImage): Promise<PictureImage> {
    return new BrowserImage(await createImageBitmap(imageOf(image)));
  }

  paint(canvas: HTMLCanvasElement, image: PictureImage | null): void {
    if (image !== null) draw(canvas, image);
    else canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
  }

  png(image: PictureImage): Promise<Blob> {
    const canvas = document.createElement('canvas');
    draw(canvas, image);
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob === null ? reject(new Error('the picture cannot be written as PNG')) : resolve(blob)), 'image/png');
    });
  }

  boxes(track: TrackView, data: Uint8Array): Promise<readonly DetectedBox[]> {
    return readBoxes(track, data, parseXml);
  }
}
