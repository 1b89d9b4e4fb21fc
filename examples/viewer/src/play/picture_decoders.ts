/* SPDX-License-Identifier: Apache-2.0 */
import { jpegSize } from './jpeg.js';
import { sizesInConfiguration, sizesInSample } from './parameter_sets.js';
import { type PictureSize, refusalOfSize } from './picture_bounds.js';
import type { PictureDecoder, PictureImage, PictureSink } from './platform.js';

/** A picture, and what of the browser holds it. */
export class BrowserImage implements PictureImage {
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly isScarce: boolean;

  constructor(readonly source: VideoFrame | ImageBitmap) {
    this.isScarce = 'displayWidth' in source;
    this.bytes = 'displayWidth' in source ? bytesOf(source) : 4 * source.width * source.height;
    this.width = 'displayWidth' in source ? source.displayWidth : source.width;
    this.height = 'displayWidth' in source ? source.displayHeight : source.height;
  }

  close(): void {
    this.source.close();
  }
}

function bytesOf(frame: VideoFrame): number {
  try {
    return frame.allocationSize();
  } catch {
    // Frames that a graphics processor holds do not tell.
    return 4 * frame.codedWidth * frame.codedHeight;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isUnsupported(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotSupportedError';
}

/** Refuses the first of these sizes that is too large. */
function refusalOfSizes(sizes: readonly PictureSize[], pixels: number): string | null {
  return sizes.map((size) => refusalOfSize(size, pixels)).find((reason) => reason !== null) ?? null;
}

/** H.264, H.265 and others, by WebCodecs. */
export class StreamPictureDecoder implements PictureDecoder {
  private readonly decoder: VideoDecoder;
  private readonly onDequeue: () => void;

  /** Throws where the configuration asks for larger pictures. */
  constructor(
    private readonly config: VideoDecoderConfig,
    private readonly sink: PictureSink,
    private readonly pixels: number,
  ) {
    const refusal = refusalOfSizes(configuredSizes(config), pixels);
    if (refusal !== null) throw new RangeError(refusal);
    this.decoder = new VideoDecoder({
      output: (frame) => this.give(frame),
      error: (error) => sink.failed(error.message, isUnsupported(error)),
    });
    this.onDequeue = () => sink.ready();
    this.decoder.addEventListener('dequeue', this.onDequeue);
    this.decoder.configure(config);
  }

  private give(frame: VideoFrame): void {
    // Shown in the shape of its pixels, a picture may be larger than it is decoded.
    const sizes = [{ width: frame.codedWidth, height: frame.codedHeight }, { width: frame.displayWidth, height: frame.displayHeight }];
    const refusal = refusalOfSizes(sizes, this.pixels);
    if (refusal === null) {
      this.sink.picture(frame.timestamp, new BrowserImage(frame));
      return;
    }
    frame.close();
    this.sink.failed(refusal, false);
  }

  get queued(): number {
    return this.decoder.decodeQueueSize;
  }

  decode(timestamp: number, isSync: boolean, data: Uint8Array): void {
    if (this.decoder.state !== 'configured') return;
    const refusal = refusalOfSizes(sizesInSample(this.config.codec, data), this.pixels);
    if (refusal !== null) {
      queueMicrotask(() => this.sink.failed(refusal, false));
      return;
    }
    try {
      this.decoder.decode(new EncodedVideoChunk({ type: isSync ? 'key' : 'delta', timestamp, data: data.slice() }));
    } catch (error) {
      // A sample that is called sync and is none, for instance.
      queueMicrotask(() => this.sink.failed(reasonOf(error), isUnsupported(error)));
    }
  }

  flush(): Promise<void> {
    if (this.decoder.state !== 'configured') return Promise.reject(new Error('the decoder is closed'));
    return this.decoder.flush();
  }

  close(): void {
    this.decoder.removeEventListener('dequeue', this.onDequeue);
    if (this.decoder.state !== 'closed') this.decoder.close();
  }
}

function configuredSizes(config: VideoDecoderConfig): PictureSize[] {
  const { codec, description, codedWidth, codedHeight } = config;
  const sizes = description instanceof Uint8Array ? sizesInConfiguration(codec, description) : [];
  return codedWidth !== undefined && codedHeight !== undefined ? [{ width: codedWidth, height: codedHeight }, ...sizes] : sizes;
}

interface Waiting {
  timestamp: number;
  data: Uint8Array;
}

/** Motion JPEG, one picture after the other. */
export class JpegDecoder implements PictureDecoder {
  private readonly waiting: Waiting[] = [];
  private isBusy = false;
  private isClosed = false;
  private idle: (() => void)[] = [];

  constructor(
    private readonly sink: PictureSink,
    private readonly pixels: number,
  ) {}

  get queued(): number {
    return this.waiting.length + (this.isBusy ? 1 : 0);
  }

  decode(timestamp: number, _isSync: boolean, data: Uint8Array): void {
    this.waiting.push({ timestamp, data });
    this.next();
  }

  private next(): void {
    if (this.isBusy || this.isClosed) return;
    const one = this.waiting.shift();
    if (one === undefined) {
      for (const tell of this.idle.splice(0)) tell();
      return;
    }
    this.isBusy = true;
    this.open(one.data).then(
      (bitmap) => this.finish(() => this.sink.picture(one.timestamp, new BrowserImage(bitmap)), () => bitmap.close()),
      (error: unknown) => this.finish(() => this.sink.lost(one.timestamp, reasonOf(error)), () => undefined),
    );
  }

  private finish(tell: () => void, drop: () => void): void {
    this.isBusy = false;
    if (this.isClosed) drop();
    else tell();
    this.next();
  }

  private async open(data: Uint8Array): Promise<ImageBitmap> {
    const refusal = refusalOfSize(jpegSize(data), this.pixels);
    if (refusal !== null) throw new RangeError(refusal);
    return createImageBitmap(new Blob([data.slice()], { type: 'image/jpeg' }));
  }

  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.idle.push(resolve);
      this.next();
    });
  }

  close(): void {
    this.isClosed = true;
    this.waiting.length = 0;
  }
}
