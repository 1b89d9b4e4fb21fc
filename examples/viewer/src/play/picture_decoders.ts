/* SPDX-License-Identifier: Apache-2.0 */
import { jpegSize } from './jpeg.js';
import type { PictureDecoder, PictureImage, PictureSink } from './platform.js';

/** A picture, and what of the browser holds it. */
export class BrowserImage implements PictureImage {
  readonly width: number;
  readonly height: number;
  readonly isScarce: boolean;

  constructor(readonly source: VideoFrame | ImageBitmap) {
    this.isScarce = 'displayWidth' in source;
    this.width = 'displayWidth' in source ? source.displayWidth : source.width;
    this.height = 'displayWidth' in source ? source.displayHeight : source.height;
  }

  close(): void {
    this.source.close();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** H.264, H.265 and others, by WebCodecs. */
export class StreamPictureDecoder implements PictureDecoder {
  private readonly decoder: VideoDecoder;
  private readonly onDequeue: () => void;

  constructor(
    config: VideoDecoderConfig,
    private readonly sink: PictureSink,
  ) {
    this.decoder = new VideoDecoder({
      output: (frame) => sink.picture(frame.timestamp, new BrowserImage(frame)),
      error: (error) => sink.failed(error.message),
    });
    this.onDequeue = () => sink.ready();
    this.decoder.addEventListener('dequeue', this.onDequeue);
    this.decoder.configure(config);
  }

  get queued(): number {
    return this.decoder.decodeQueueSize;
  }

  decode(timestamp: number, isSync: boolean, data: Uint8Array): void {
    if (this.decoder.state !== 'configured') return;
    try {
      this.decoder.decode(new EncodedVideoChunk({ type: isSync ? 'key' : 'delta', timestamp, data: data.slice() }));
    } catch (error) {
      // A sample that is called sync and is none, for instance.
      queueMicrotask(() => this.sink.failed(reasonOf(error)));
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

/** Larger pictures are not decoded: 64 million pixels take 256 MiB. */
const maxPixels = 64 << 20;

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

  constructor(private readonly sink: PictureSink) {}

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
      () => this.finish(() => this.sink.lost(one.timestamp), () => undefined),
    );
  }

  private finish(tell: () => void, drop: () => void): void {
    this.isBusy = false;
    if (this.isClosed) drop();
    else tell();
    this.next();
  }

  private async open(data: Uint8Array): Promise<ImageBitmap> {
    const { width, height } = jpegSize(data);
    if (width * height > maxPixels) throw new Error(`a picture of ${width} x ${height}`);
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
