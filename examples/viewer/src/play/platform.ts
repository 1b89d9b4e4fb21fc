/* SPDX-License-Identifier: Apache-2.0 */
/* What the player needs of its surroundings: of the browser in the page, of stand-ins in tests. */
import type { TrackView } from '../evidence/model.js';
import type { PictureCoding, SoundCoding } from './codecs.js';
import type { DetectedBox } from './model.js';

/** A decoded picture; whoever holds it closes it. */
export interface PictureImage {
  readonly width: number;
  readonly height: number;
  /** Memory that it takes. */
  readonly bytes: number;
  /** Memory of the decoder, which stops when too many are held. */
  readonly isScarce: boolean;
  close(): void;
}

export interface PictureSink {
  picture(timestamp: number, image: PictureImage): void;
  /** One picture cannot be had; the decoder goes on. */
  lost(timestamp: number, reason: string): void;
  /** Nothing more can be had of this decoder; `isUnsupported`: of none of this browser. */
  failed(reason: string, isUnsupported: boolean): void;
  /** There may be room for more. */
  ready(): void;
}

export interface PictureDecoder {
  /** Pictures that wait before the decoder. */
  readonly queued: number;
  /** Timestamps in microseconds, each once. */
  decode(timestamp: number, isSync: boolean, data: Uint8Array): void;
  /** Resolves when everything came out; rejected where it cannot. A sync sample must follow. */
  flush(): Promise<void>;
  close(): void;
}

export interface SoundBlock {
  /** Microseconds. */
  timestamp: number;
  sampleRate: number;
  channels: Float32Array<ArrayBuffer>[];
}

export interface SoundSink {
  block(block: SoundBlock): void;
  failed(reason: string): void;
}

export interface SoundDecoder {
  readonly queued: number;
  decode(timestamp: number, data: Uint8Array): void;
  close(): void;
}

/** Where sound is heard; times in seconds of its own clock. */
export interface SoundOutput {
  readonly time: number;
  /** False until the browser allows sound. */
  readonly isRunning: boolean;
  resume(): void;
  setVolume(volume: number): void;
  /** Plays a block from `skip` seconds in, at a rate; the returned function stops it. */
  play(block: SoundBlock, at: number, skip: number, rate: number): () => void;
  close(): void;
}

export interface Platform {
  /** Milliseconds, never backwards. */
  now(): number;
  /** Calls once, before the next drawing or soon; the returned function calls it off. */
  soon(call: () => void): () => void;
  /** Calls once after some milliseconds; the returned function calls it off. */
  later(milliseconds: number, call: () => void): () => void;
  pictureCoding(track: TrackView): Promise<PictureCoding>;
  soundCoding(track: TrackView): Promise<SoundCoding>;
  /** Pictures of more pixels are refused, before they are decoded where that is known. */
  openPictures(coding: PictureCoding, sink: PictureSink, pixels: number): PictureDecoder;
  openSounds(coding: SoundCoding, sink: SoundSink): SoundDecoder;
  openOutput(): SoundOutput | null;
  /** A copy in memory that is not the decoder's. */
  copy(image: PictureImage): Promise<PictureImage>;
  /** Draws in the size of the picture; null clears. */
  paint(canvas: HTMLCanvasElement, image: PictureImage | null): void;
  png(image: PictureImage): Promise<Blob>;
  /** Boxes of a metadata sample; rejected with a reason where it cannot be read. */
  boxes(track: TrackView, data: Uint8Array): Promise<readonly DetectedBox[]>;
}
