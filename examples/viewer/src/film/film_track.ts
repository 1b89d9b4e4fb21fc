/* SPDX-License-Identifier: Apache-2.0 */
import { type Octets, u32 } from '../bytes/octets.js';
import { sampleFlag } from '../container/format.js';
import type { Track } from '../container/header.js';
import type { Sample } from '../container/samples.js';
import type { ClipGapReason, Utc } from '../evidence/model.js';
import { box, editBox, fullBox, handlerBox, mediaHeaderBox, mediaInformation, trackHeader } from './boxes.js';
import { describe, isSound } from './description.js';
import type { Media } from './media.js';
import { ClipError, type ClipGap } from './model.js';
import { Numbers, Runs } from './tables.js';
import { type Clock, picosecondsOfSecond } from './times.js';

/** A sample with its times in units of the film. */
export interface TimedSample {
  sample: Sample;
  clock: Clock;
  dts: bigint;
  pts: bigint;
}

/** Samples of a track that lie together: half a second, or a mebibyte. */
const chunksOfSecond = 2n;
const chunkSize = 1 << 20;
/** Together with others that makes tables that every reader of films takes. */
const maxSamples = 1 << 24;
const maxGaps = 1_000;
const worstFirst: readonly ClipGapReason[] = ['altered', 'lost', 'not_attested', 'undecryptable', 'unreadable', 'sealed', 'silence'];
/** Recorders of few pictures pause as long. */
const longestUnsaid = 1_000_000_000n;
/** How long a picture is shown of which nobody knows. */
const picturesOfSecond = 25n;

export interface Placement {
  empty: bigint;
  mediaTime: bigint;
  duration: bigint;
}

/** One track of the film, of which the tables are kept until the end. */
export class FilmTrack {
  private readonly sizes = new Numbers();
  private readonly durations = new Runs();
  private readonly composition = new Runs();
  private readonly sync = new Numbers();
  private readonly chunks: { offset: number; samples: number }[] = [];
  private chunk: { bytes: Octets[]; size: number; begin: bigint } = { bytes: [], size: 0, begin: 0n };
  /** Why what comes next is not what was recorded next. */
  private missing: ClipGapReason | null = null;
  private isComposed = false;
  private hasNegative = false;
  private previous: TimedSample | null = null;
  private lastStep = 0n;
  private firstDts = 0n;
  /** From the first decoding time to the latest end of a sample. */
  private mediaEnd = 0n;
  private mediaDuration = 0n;
  /** Where the first sample is decoded, and where the first is shown that is to be shown; picoseconds. */
  decoded = 0n;
  shown: bigint | null = null;
  firstUtc: Utc | null = null;
  endUtc: Utc | null = null;
  readonly gaps: ClipGap[] = [];

  constructor(
    readonly track: Track,
    readonly scale: number,
    private readonly media: Media,
  ) {}

  get samples(): number {
    return this.sizes.length;
  }

  /** What comes next is not what was recorded next; of several reasons, the worst is told. */
  noteMissing(reason: ClipGapReason): void {
    if (this.missing === null || worstFirst.indexOf(reason) < worstFirst.indexOf(this.missing)) this.missing = reason;
  }

  /** In decoding order, whose times do not go back. */
  add(timed: TimedSample): void {
    const { sample, clock, dts, pts } = timed;
    if (this.samples === maxSamples) throw new ClipError('too_long', `a track of more than ${maxSamples} samples`);
    if (this.previous === null) {
      this.firstDts = dts;
      this.decoded = clock.picoseconds(sample.dts);
    } else {
      this.step(dts - this.previous.dts, this.previous);
    }
    const offset = pts - dts;
    if (offset > 0x7fffffffn || offset < -0x80000000n) throw new ClipError('times', `track ${this.track.number}: a picture is shown too long after it was decoded`);
    this.isComposed ||= offset !== 0n;
    this.hasNegative ||= offset < 0n;
    this.composition.push(Number(offset));
    this.sizes.push(sample.data.length);
    if ((sample.flags & sampleFlag.sync) !== 0) this.sync.push(this.samples);
    this.say(timed);
    this.store(timed);
    this.previous = timed;
  }

  private step(step: bigint, of: TimedSample): void {
    if (step >= 2n ** 32n) throw new ClipError('times', `track ${this.track.number}: two samples are further apart than a film can say`);
    this.durations.push(Number(step));
    this.lastStep = step;
    this.mediaDuration += step;
    const end = of.pts + step - this.firstDts;
    if (end > this.mediaEnd) this.mediaEnd = end;
  }

  /** What the result says about times. */
  private say({ sample, clock }: TimedSample): void {
    const end = sample.utc + clock.nanoseconds(BigInt(sample.duration));
    const least = this.missing === null ? longestUnsaid : 0n;
    if (this.endUtc !== null && sample.utc - this.endUtc > least && this.gaps.length < maxGaps) {
      this.gaps.push({ from: this.endUtc, to: sample.utc, reason: this.missing ?? 'silence' });
    }
    this.missing = null;
    if (this.endUtc === null || end > this.endUtc) this.endUtc = end;
    if (this.shown === null && (sample.flags & sampleFlag.discardable) === 0) {
      this.shown = clock.picoseconds(sample.pts);
      this.firstUtc = sample.utc;
    }
  }

  private store({ sample, dts }: TimedSample): void {
    const { chunk } = this;
    if (chunk.bytes.length === 0) chunk.begin = dts;
    chunk.bytes.push(sample.data);
    chunk.size += sample.data.length;
    if (chunk.size >= chunkSize || (dts - chunk.begin) * chunksOfSecond >= BigInt(this.scale)) this.flush();
  }

  private flush(): void {
    const { bytes } = this.chunk;
    if (bytes.length === 0) return;
    const offset = this.media.size;
    for (const one of bytes) this.media.append(one);
    this.chunks.push({ offset, samples: bytes.length });
    this.chunk = { bytes: [], size: 0, begin: 0n };
  }

  /** Nothing more comes. */
  finish(): void {
    const { previous } = this;
    if (previous === null) return;
    const recorded = previous.clock.span(previous.sample.duration);
    const usual = this.lastStep > 0n ? this.lastStep : BigInt(this.scale) / picturesOfSecond;
    this.step(recorded > 0n ? recorded : usual, previous);
    this.flush();
    this.shown ??= this.decoded;
  }

  /** End of what it shows, picoseconds. */
  get end(): bigint {
    return this.decoded + (this.mediaEnd * picosecondsOfSecond) / BigInt(this.scale);
  }

  /** Where the track stands in a film that begins at `begin`. */
  place(begin: bigint, movieScale: number, isLeading: boolean): Placement {
    const first = this.shown ?? this.decoded;
    // Of a track beside others no more than a second may be hidden (E-FLM-5).
    const wanted = isLeading || first - this.decoded <= picosecondsOfSecond ? first : this.decoded;
    const shown = [wanted, this.decoded, begin].reduce((a, b) => (a > b ? a : b));
    const inUnits = (time: bigint, scale: number): bigint => (2n * time * BigInt(scale) + picosecondsOfSecond) / (2n * picosecondsOfSecond);
    const mediaTime = inUnits(shown - this.decoded, this.scale);
    if (this.mediaEnd <= mediaTime) throw new ClipError('times', `track ${this.track.number}: nothing of it is shown`);
    const scale = BigInt(this.scale);
    const duration = ((this.mediaEnd - mediaTime) * BigInt(movieScale) + scale - 1n) / scale;
    return { empty: inUnits(shown - begin, movieScale), mediaTime, duration };
  }

  private chunkBoxes(mediaOffset: number): Octets[] {
    const isLarge = mediaOffset + this.media.size > 0xffffffff;
    const runs = new Numbers();
    for (const [i, { samples }] of this.chunks.entries()) {
      if (this.chunks[i - 1]?.samples === samples) continue;
      for (const value of [i + 1, samples, 1]) runs.push(value);
    }
    const offsets = new Numbers();
    for (const { offset } of this.chunks) {
      const at = mediaOffset + offset;
      if (isLarge) offsets.push(Math.floor(at / 2 ** 32));
      offsets.push(at % 2 ** 32);
    }
    return [
      fullBox('stsc', 0, 0, u32(runs.length / 3), runs.bytes()),
      fullBox(isLarge ? 'co64' : 'stco', 0, 0, u32(this.chunks.length), offsets.bytes()),
    ];
  }

  private tables(mediaOffset: number): Octets {
    const boxes = [describe(this.track), fullBox('stts', 0, 0, ...this.durations.bytes())];
    if (this.isComposed) boxes.push(fullBox('ctts', this.hasNegative ? 1 : 0, 0, ...this.composition.bytes()));
    const isAllSync = this.sync.length === this.samples;
    if (!isSound(this.track) && !isAllSync) boxes.push(fullBox('stss', 0, 0, u32(this.sync.length), this.sync.bytes()));
    boxes.push(fullBox('stsz', 0, 0, u32(0), u32(this.samples), this.sizes.bytes()));
    return box('stbl', ...boxes, ...this.chunkBoxes(mediaOffset));
  }

  box(id: number, created: bigint, placement: Placement, mediaOffset: number): Octets {
    const sound = isSound(this.track);
    const { width, height } = this.track;
    const { empty, mediaTime, duration } = placement;
    const size = sound ? { width: 0, height: 0 } : { width, height };
    return box(
      'trak',
      trackHeader({ id, created, duration: empty + duration, isSound: sound, ...size }),
      editBox(empty, mediaTime, duration),
      box(
        'mdia',
        mediaHeaderBox(created, this.scale, this.mediaDuration),
        handlerBox(sound),
        mediaInformation(sound, this.tables(mediaOffset)),
      ),
    );
  }
}
