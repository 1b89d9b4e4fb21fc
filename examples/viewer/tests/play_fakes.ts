/* SPDX-License-Identifier: Apache-2.0 */
/* A platform and a session without a browser: time stands still until it is moved on. */
import type { Device, Evidence, EvidenceSession, Part, SampleView, SegmentSamples, TrackView } from '../src/evidence/model.js';
import { ProblemError, segmentState } from '../src/evidence/model.js';
import type { PictureCoding, SoundCoding } from '../src/play/codecs.js';
import type { DetectedBox, PlayerView } from '../src/play/model.js';
import type { PictureDecoder, PictureImage, PictureSink, Platform, SoundBlock, SoundDecoder, SoundOutput, SoundSink } from '../src/play/platform.js';

export const second = 1_000_000_000n;
export const begin = 1_700_000_000n * second;

/** Lets everything run that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await new Promise((resolve) => setImmediate(resolve));
}

export class FakeImage implements PictureImage {
  readonly width = 64;
  readonly height = 48;
  readonly bytes: number;
  isClosed = false;

  constructor(
    readonly name: number,
    readonly isScarce: boolean,
    private readonly platform: FakePlatform,
  ) {
    this.bytes = platform.pictureBytes;
    platform.open.add(this);
    platform.mostOpen = Math.max(platform.mostOpen, platform.open.size);
  }

  close(): void {
    this.isClosed = true;
    this.platform.open.delete(this);
  }
}

/** Name of a picture, and its group, which a decoder must have seen from its start; a unit of IDR unless told. */
export function pictureData(name: number, group: number, isBroken = false, header = 0x65): Uint8Array {
  return Uint8Array.of(0, 0, 0, 5, header, name >> 8, name & 255, group, isBroken ? 1 : 0);
}

/** Gives pictures out in order of their times, and keeps some back, as decoders do. */
class FakeDecoder implements PictureDecoder {
  queued = 0;
  private held: { timestamp: number; name: number }[] = [];
  private group: number | null = null;
  private isClosed = false;
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly platform: FakePlatform,
    private readonly sink: PictureSink,
  ) {
    platform.decoders += 1;
  }

  decode(timestamp: number, isSync: boolean, data: Uint8Array): void {
    this.queued += 1;
    this.platform.decoded += 1;
    this.then(() => {
      this.queued -= 1;
      if (this.platform.lacks) {
        this.isClosed = true;
        this.sink.failed('no such decoder', true);
        return;
      }
      const [, , , , header = 0, high = 0, low = 0, group = 0, broken = 0] = data;
      if (this.group === null && this.platform.needsIdr && (header & 31) !== 5) {
        this.isClosed = true;
        this.sink.failed('Error during flush', false);
        return;
      }
      this.platform.taken.push((high << 8) | low);
      if (isSync) this.group = group;
      if (broken === 1 || this.group === null || (group !== this.group && group !== this.group - 1)) {
        this.isClosed = true;
        this.sink.failed('broken', false);
        return;
      }
      this.held.push({ timestamp, name: (high << 8) | low });
      this.held.sort((a, b) => a.timestamp - b.timestamp);
      while (this.held.length > this.platform.delay) this.give();
      this.sink.ready();
    });
  }

  private then(act: () => void): void {
    this.work = this.work.then(() => {
      if (!this.isClosed) act();
    });
  }

  private give(): void {
    const one = this.held.shift();
    if (one !== undefined) this.sink.picture(one.timestamp, new FakeImage(one.name, true, this.platform));
  }

  async flush(): Promise<void> {
    this.then(() => {
      while (this.held.length > 0) this.give();
      this.group = null;
    });
    await this.work;
    if (this.isClosed) throw new Error('closed');
  }

  close(): void {
    if (!this.isClosed) this.platform.decoders -= 1;
    this.isClosed = true;
  }
}

export class FakePlatform implements Platform {
  time = 1000;
  delay = 3;
  decoders = 0;
  decoded = 0;
  mostOpen = 0;
  /** Of each picture. */
  pictureBytes = 64 * 48 * 4;
  /** Begins at IDR pictures of H.264 only. */
  needsIdr = false;
  /** Pictures that went into decoders. */
  readonly taken: number[] = [];
  /** Says that it supports what it does not. */
  lacks = false;
  readonly open = new Set<FakeImage>();
  readonly painted = new Map<HTMLCanvasElement, (number | null)[]>();
  readonly unsupported = new Set<string>();
  readonly heard: { block: SoundBlock; at: number; rate: number }[] = [];
  private waiting: (() => void) | null = null;

  now(): number {
    return this.time;
  }

  soon(call: () => void): () => void {
    this.waiting = call;
    return () => {
      if (this.waiting === call) this.waiting = null;
    };
  }

  later(): () => void {
    return () => undefined;
  }

  /** Moves time on as far as a player waits for it. */
  async run(milliseconds: number, step = 20): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += step) {
      await settle();
      this.time += step;
      const call = this.waiting;
      this.waiting = null;
      call?.();
    }
    await settle();
  }

  pictureCoding(track: TrackView): Promise<PictureCoding> {
    const isKnown = !this.unsupported.has(track.codec);
    return Promise.resolve(isKnown ? { kind: 'stream', detail: track.codec, config: { codec: track.codec } } : { kind: 'unsupported', detail: track.codec });
  }

  soundCoding(track: TrackView): Promise<SoundCoding> {
    return Promise.resolve({ kind: 'plain', detail: 'ulaw', codec: 'ulaw', sampleRate: track.sampleRate, channels: 1 });
  }

  openPictures(_coding: PictureCoding, sink: PictureSink): PictureDecoder {
    return new FakeDecoder(this, sink);
  }

  openSounds(_coding: SoundCoding, sink: SoundSink): SoundDecoder {
    return {
      queued: 0,
      decode: (timestamp, data) => sink.block({ timestamp, sampleRate: 8000, channels: [new Float32Array(data.length)] }),
      close: () => undefined,
    };
  }

  openOutput(): SoundOutput {
    const platform = this;
    return {
      get time() {
        return platform.time / 1000;
      },
      isRunning: true,
      resume: () => undefined,
      setVolume: () => undefined,
      play: (block, at, _skip, rate) => {
        this.heard.push({ block, at, rate });
        return () => undefined;
      },
      close: () => undefined,
    };
  }

  copy(image: PictureImage): Promise<PictureImage> {
    if (!(image instanceof FakeImage) || image.isClosed) return Promise.reject(new Error('closed'));
    return Promise.resolve(new FakeImage(image.name, false, this));
  }

  paint(canvas: HTMLCanvasElement, image: PictureImage | null): void {
    if (image instanceof FakeImage && image.isClosed) throw new Error('a closed picture is painted');
    const list = this.painted.get(canvas) ?? [];
    list.push(image instanceof FakeImage ? image.name : null);
    this.painted.set(canvas, list);
  }

  png(image: PictureImage): Promise<Blob> {
    return Promise.resolve(new Blob([String(image instanceof FakeImage ? image.name : '')]));
  }

  boxes(_track: TrackView, data: Uint8Array): Promise<readonly DetectedBox[]> {
    if (data[0] === 0) return Promise.reject(new Error('cannot be read'));
    return Promise.resolve([{ left: 0, top: 0, right: 1, bottom: 1, label: String(data[0]), objectId: null }]);
  }
}

export function fakeView(told: string[] = []): PlayerView {
  return { canvas: {} as HTMLCanvasElement, onBoxes: (boxes) => told.push(boxes.map((box) => box.label).join()) };
}

export function fakeTrack(part: number, number: number, kind: TrackView['kind'], codec: string): TrackView {
  const sizes = { width: 64, height: 48, sampleRate: 8000, channels: 1 };
  return { part, number, kind, codec, timebase: { numerator: 1, denominator: 1000 }, ...sizes, configuration: new Uint8Array(0), isRemoved: false };
}

/** Samples of a segment, which begins at some second behind `begin`. */
export interface FakeSegment {
  at: number;
  samples: SampleView[];
}

export function sample(track: number, milliseconds: number, duration: number, data: Uint8Array, more: Partial<SampleView> = {}): SampleView {
  const pts = BigInt(milliseconds);
  return { track, dts: pts, pts, duration, utc: begin + pts * 1_000_000n, isSync: false, isDiscardable: false, data, ...more };
}

/** Ten pictures a second, groups of `count`, named by their tenth of a second. */
export function segmentAt(tenth: number, count = 10, group = tenth / 10): FakeSegment {
  const samples = Array.from({ length: count }, (_, at) => sample(0, (tenth + at) * 100, 100, pictureData(tenth + at, group & 255), { isSync: at === 0 }));
  return { at: tenth / 10, samples };
}

export class FakeSession implements EvidenceSession {
  readonly asked: string[] = [];
  readonly refused = new Map<string, ProblemError>();

  constructor(private readonly parts: readonly (readonly FakeSegment[])[]) {}

  samples(part: number, segment: number, tracks: readonly number[]): Promise<SegmentSamples> {
    this.asked.push(`${part}/${segment}`);
    const refusal = this.refused.get(`${part}/${segment}`);
    if (refusal !== undefined) return Promise.reject(refusal);
    const found = this.parts[part]?.[segment];
    if (found === undefined) return Promise.reject(new ProblemError('unreadable', 'no such segment'));
    const samples = found.samples.filter((one) => tracks.includes(one.track));
    return Promise.resolve({ part, segment, state: segmentState.authentic, samples });
  }

  open(): Promise<never> {
    return Promise.reject(new ProblemError('internal', 'not of this session'));
  }

  unlock = this.open;
  verify = this.open;
  cameraWords = this.open;
  attachment = this.open;
  clip = this.open;

  close(): void {
    this.asked.length = 0;
  }
}

/** Devices by the indexes of their parts. */
export function fakeEvidence(parts: readonly (readonly FakeSegment[])[], devices: readonly (readonly number[])[], tracks?: (part: number) => TrackView[]): Evidence {
  const tracksOf = tracks ?? ((part: number) => [fakeTrack(part, 0, 'video', 'avc1')]);
  const listed: Part[] = parts.map((segments, index) => ({
    index,
    device: devices.findIndex((own) => own.includes(index)),
    containerId: String(index),
    sequence: '0',
    fileName: 'test',
    tracks: tracksOf(index),
    segments: {
      numbers: Float64Array.from(segments, (_, at) => at),
      first: BigInt64Array.from(segments, (one) => one.samples[0]?.utc ?? 0n),
      last: BigInt64Array.from(segments, (one) => one.samples.reduce((last, each) => (each.utc + BigInt(each.duration) * 1_000_000n > last ? each.utc + BigInt(each.duration) * 1_000_000n : last), 0n)),
    },
    from: null,
    to: null,
    unusable: null,
  }));
  const nothing = { name: null, place: null, remark: null, exporterName: null, exporterPlace: null, exporterRemark: null };
  const cameras: Device[] = devices.map((own, index) => ({ index, id: String(index), ...nothing, parts: [...own] }));
  const file = { kind: 'recording', name: 'test', size: 0, packageId: null, isSealed: false, isUnlocked: true } as const;
  const locks = { password: false, privateKey: false, keyEncryptionKey: false };
  return { ...file, locks, devices: cameras, parts: listed, case: null, attachments: [], reexport: true, reexportReason: 'allowed' };
}
