/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { FormatError } from '../src/bytes/errors.js';
import { writeClipOf } from '../src/evidence/clip.js';
import { type Evidence, ProblemError } from '../src/evidence/model.js';
import type { PartReader, ReadableSegment } from '../src/evidence/part_reader.js';
import { webcrypto } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { type Octets, concat, u32 } from '../src/bytes/octets.js';
import { sampleFlag, trackKind } from '../src/container/format.js';
import type { Header, Track } from '../src/container/header.js';
import { type Sample, UndecryptableError } from '../src/container/samples.js';
import { useCrypto } from '../src/crypto/platform.js';
import { writeClip } from '../src/film/clip.js';
import { FilmTrack } from '../src/film/film_track.js';
import { Media } from '../src/film/media.js';
import { ClipError, type ClipErrorCode, type ClipPart } from '../src/film/model.js';
import { Clock, scaleFor } from '../src/film/times.js';
import { type Judgement, judge } from './film_judge.js';
import { all, began, partOfBytes, second } from './film_material.js';
import { requireNoFault } from './film_measure.js';
import { vectorFolder, vectorPath } from './vectors.js';

useCrypto(webcrypto as unknown as Crypto);

const picture: Track = {
  number: 0, kind: trackKind.video, protection: 2, codec: 'avc1', timebase: { numerator: 1, denominator: 90_000 }, defaultDuration: 0,
  width: 64, height: 48, sampleRate: 0, channels: 0, configuration: Uint8Array.of(1, 2, 3),
};
const sound: Track = {
  ...picture, number: 1, kind: trackKind.audio, codec: 'alaw', timebase: { numerator: 1, denominator: 8_000 }, width: 0, height: 0, sampleRate: 8_000, channels: 1,
  configuration: new Uint8Array(0),
};
const metadata: Track = { ...picture, number: 2, kind: trackKind.metadata, codec: 'metx', width: 0, height: 0 };

interface Given {
  track?: Track;
  /** Milliseconds from the begin of the recording. */
  at: number;
  shownAfter?: number;
  duration?: number;
  flags?: number;
  size?: number;
}

let counter = 0;

/** Bytes that occur once. */
function bytesOf(size: number): Octets {
  return size === 0 ? new Uint8Array(0) : concat(u32(counter++), new Uint8Array(size));
}

function sampleOf({ track = picture, at, shownAfter = 0, duration = 40, flags = 0, size = 5 }: Given): Sample {
  const ticks = (milliseconds: number): number => Math.round((milliseconds * track.timebase.denominator) / 1000 / track.timebase.numerator);
  return {
    track, segment: 0, index: 0, flags, dts: BigInt(ticks(at)), pts: BigInt(ticks(at + shownAfter)), duration: ticks(duration),
    utc: began + BigInt(Math.round((at + shownAfter) * 1_000_000)), data: bytesOf(size),
  };
}

interface PartShape {
  index?: number;
  tracks?: Track[];
  recording?: number;
  firstNumber?: number;
}

/** A part of which each segment is a list of samples; null for one that may not be shown. */
function partWith(segments: readonly (readonly Given[] | null)[], { index = 0, tracks = [picture, sound, metadata], recording = 0, firstNumber = 0 }: PartShape = {}): ClipPart {
  const numbers = Float64Array.from(segments, (_, i) => firstNumber + i);
  const counts = new Map<number, number>();
  const made = segments.map((given, i) => (given ?? []).map((one) => {
    const sample = sampleOf(one);
    const key = 100 * i + sample.track.number;
    const at = counts.get(key) ?? 0;
    counts.set(key, at + 1);
    return { ...sample, segment: firstNumber + i, index: at };
  }));
  let last = began;
  const bounds = made.map((list) => {
    const times = list.map(({ utc }) => utc);
    const first = times.length > 0 ? times.reduce((a, b) => (a < b ? a : b)) : last;
    last = times.length > 0 ? times.reduce((a, b) => (a > b ? a : b)) + 40_000_000n : last + second;
    return { first, last };
  });
  return {
    index,
    header: { recordingId: new Uint8Array(16).fill(recording), sequence: BigInt(index), baseUtc: began, tracks } as unknown as Header,
    tracks: tracks.map(({ number }) => number),
    segments: { numbers, first: BigInt64Array.from(bounds, (one) => one.first), last: BigInt64Array.from(bounds, (one) => one.last) },
    read: (number) => {
      const at = number - firstNumber;
      if (segments[at] === null) return Promise.resolve('not_attested');
      const list = made[at] as Sample[];
      return Promise.resolve({
        async *samples(wanted) {
          for (const sample of list) if (wanted(sample.track)) yield sample;
        },
      });
    },
  };
}

const { sync, discardable } = sampleFlag;

/** A group of pictures, 40 ms each. */
function group(at: number, count: number, track = picture): Given[] {
  return Array.from({ length: count }, (_, i) => ({ track, at: at + 40 * i, flags: i === 0 ? sync : 0 }));
}

function sounds(at: number, count: number, track = sound): Given[] {
  return Array.from({ length: count }, (_, i) => ({ track, at: at + 40 * i, flags: sync }));
}

function counts({ tracks }: Judgement): number[] {
  return tracks.map(({ held }) => held.length);
}

function positions({ tracks }: Judgement): number[] {
  return tracks[0]?.positions ?? [];
}

async function rejects(parts: ClipPart[], code: ClipErrorCode): Promise<void> {
  await assert.rejects(writeClip({ parts, ...all }), (error: unknown) => error instanceof ClipError && error.code === code);
}

function period(from: number, to: number): { from: bigint; to: bigint } {
  return { from: began + BigInt(from) * 1_000_000n, to: began + BigInt(to) * 1_000_000n };
}

test('sound in front of the first picture is kept and not heard, up to a second', async () => {
  const part = partWith([[...sounds(0, 5), ...group(200, 10), ...sounds(200, 10)]]);
  const judged = await judge((await writeClip({ parts: [part], ...all })).film, [part], [0, 1]);
  requireNoFault(judged);
  assert.deepEqual(counts(judged), [10, 15]);
  const [shown, heard] = judged.film.tracks;
  assert.deepEqual([shown?.edit?.mediaTime, heard?.edit?.mediaTime, heard?.edit?.empty], [0n, 1600n, 0n]);
});

test('more sound than a second in front is heard, and the picture comes later', async () => {
  const part = partWith([[...sounds(0, 60), ...group(2400, 10)]]);
  const result = await writeClip({ parts: [part], ...all });
  const judged = await judge(result.film, [part], [0, 1]);
  requireNoFault(judged);
  assert.deepEqual(counts(judged), [10, 60]);
  assert.deepEqual([judged.film.tracks[0]?.edit?.empty, judged.film.tracks[1]?.edit?.mediaTime], [216_000n, 0n]);
  assert.equal(result.from, began);
});

test('sound that ends before the first picture is heard', async () => {
  const part = partWith([[...sounds(0, 5), ...group(600, 10)]]);
  const judged = await judge((await writeClip({ parts: [part], ...all })).film, [part], [0, 1]);
  requireNoFault(judged);
  assert.deepEqual(counts(judged), [10, 5]);
});

test('a gap within a part keeps the times of both tracks', async () => {
  const part = partWith([[...group(0, 10), ...sounds(0, 10)], [...group(60_000, 10), ...sounds(60_000, 10)]]);
  const result = await writeClip({ parts: [part], ...all });
  const judged = await judge(result.film, [part], [0, 1]);
  requireNoFault(judged);
  assert.deepEqual(counts(judged), [20, 20]);
  assert.deepEqual(result.gaps, [{ from: began + 400_000_000n, to: began + 60n * second, reason: 'silence' }]);
});

test('behind a segment that may not be shown, the film goes on where decoding can begin', async () => {
  const part = partWith([group(0, 5), null, [...group(1200, 5).map((one) => ({ ...one, flags: 0 })), ...group(1400, 5)]]);
  const result = await writeClip({ parts: [part], ...all });
  const judged = await judge(result.film, [part], [0]);
  requireNoFault(judged);
  assert.deepEqual(positions(judged), [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]);
  assert.deepEqual(result.gaps.map(({ reason }) => reason), ['not_attested']);
});

test('behind a sample that does not open there is a gap, and it is said', async () => {
  const part = partWith([group(0, 25), group(1000, 10)], { tracks: [picture] });
  const { read } = part;
  const failing: ClipPart = {
    ...part,
    read: async (number) => {
      const segment = await read(number);
      if (typeof segment === 'string' || number !== 0) return segment;
      return {
        async *samples(wanted) {
          let count = 0;
          for await (const sample of segment.samples(wanted)) {
            if (count++ === 20) throw new UndecryptableError(number, 0, 'a sample does not open');
            yield sample;
          }
        },
      };
    },
  };
  const result = await writeClip({ parts: [failing], ...all });
  const judged = await judge(result.film, [part], [0]);
  requireNoFault(judged);
  assert.deepEqual(counts(judged), [30]);
  assert.deepEqual(result.gaps, [{ from: began + 800_000_000n, to: began + second, reason: 'undecryptable' }]);
  const broken = { ...part, read: () => Promise.reject(new Error('the disk is gone')) };
  await assert.rejects(writeClip({ parts: [broken], ...all }), /the disk is gone/);
});

test('where a segment is missing there is a gap, however short', async () => {
  const part = partWith([group(0, 25), group(1000, 10), group(1400, 10)], { tracks: [picture] });
  const { numbers, first, last } = part.segments;
  const pick = [0, 2];
  const holed = {
    ...part,
    segments: {
      numbers: Float64Array.from(pick, (i) => numbers[i] as number), first: BigInt64Array.from(pick, (i) => first[i] as bigint), last: BigInt64Array.from(pick, (i) => last[i] as bigint),
    },
  };
  const result = await writeClip({ parts: [holed], ...all });
  assert.deepEqual(result.gaps, [{ from: began + second, to: began + 1_400_000_000n, reason: 'lost' }]);
});

test('of parts that overlap, the one that began goes on', async () => {
  const first = partWith([group(0, 50), group(2000, 50)], { index: 0, tracks: [picture] });
  const other = partWith([group(500, 50), group(2500, 50), group(4500, 25)], { index: 1, tracks: [picture] });
  const result = await writeClip({ parts: [other, first], ...all });
  const judged = await judge(result.film, [first, other], [0]);
  requireNoFault(judged);
  assert.deepEqual(positions(judged).length, 125);
  assert.equal(positions(judged)[100], 200);
});

test('another part fills what may not be shown', async () => {
  const first = partWith([group(0, 25), null, group(2000, 25)], { index: 0, tracks: [picture] });
  first.segments.first.set([began + second], 1);
  first.segments.last.set([began + 2n * second], 1);
  const edge = partWith([group(1000, 25)], { index: 1, tracks: [picture] });
  const result = await writeClip({ parts: [first, edge], ...all });
  assert.equal(result.samples, 75);
  assert.deepEqual(result.gaps, []);
});

test('what a film cannot hold is left out and named', async () => {
  const other = { ...picture, number: 3, codec: 'vp09' };
  const nameless = { ...sound, number: 4, sampleRate: 0 };
  const part = partWith([[...group(0, 5), ...sounds(0, 5)]], { tracks: [picture, sound, metadata, other, nameless] });
  const result = await writeClip({ parts: [part], ...all });
  requireNoFault(await judge(result.film, [part], [0, 1]));
  const reasons = result.leftOut.map(({ track, kind, codec, reason }) => [track, kind, codec, reason]);
  assert.deepEqual(reasons, [[2, 'metadata', 'metx', 'codec'], [3, 'video', 'vp09', 'codec'], [4, 'audio', 'alaw', 'not_described']]);
});

test('parts of another recording, or of another configuration, are left out and named', async () => {
  const first = partWith([group(0, 5)], { tracks: [picture] });
  const foreign = partWith([group(1000, 5)], { index: 1, tracks: [picture], recording: 7 });
  const larger = partWith([group(2000, 5)], { index: 2, tracks: [{ ...picture, width: 128 }] });
  const same = partWith([group(3000, 5)], { index: 3, tracks: [picture] });
  const result = await writeClip({ parts: [first, foreign, larger, same], ...all });
  requireNoFault(await judge(result.film, [first, same], [0]));
  assert.equal(result.samples, 10);
  assert.deepEqual(result.leftOut.map(({ part, track, reason }) => [part, track, reason]), [[1, null, 'another_recording'], [2, null, 'another_configuration']]);
});

test('a part of another configuration outside the period is not named', async () => {
  const first = partWith([group(0, 5)], { tracks: [picture] });
  const later = partWith([group(9000, 5)], { index: 1, tracks: [picture], recording: 7 });
  assert.deepEqual((await writeClip({ parts: [first, later], ...period(0, 1000) })).leftOut, []);
});

test('pictures that are shown before the one with which the film begins are left out', async () => {
  const reordered: Given[] = [
    { at: 0, shownAfter: 120, flags: sync }, { at: 40, shownAfter: 0 }, { at: 80, shownAfter: 0 }, { at: 120, shownAfter: 120 }, { at: 160, shownAfter: 0 }, { at: 200, shownAfter: 0 },
  ];
  const part = partWith([reordered], { tracks: [picture] });
  const judged = await judge((await writeClip({ parts: [part], ...all })).film, [part], [0]);
  requireNoFault(judged);
  assert.deepEqual(positions(judged), [0, 3, 4, 5]);
});

test('a picture behind the period is taken when one within it needs it', async () => {
  const reordered: Given[] = [
    { at: 0, flags: sync, shownAfter: 40 }, { at: 40, shownAfter: 160 }, { at: 80, shownAfter: 0 }, { at: 120, shownAfter: 0 }, { at: 160, shownAfter: 0 },
    { at: 200, shownAfter: 160 }, { at: 240, shownAfter: 0 }, { at: 280, shownAfter: 0 },
  ];
  const part = partWith([reordered], { tracks: [picture] });
  const judged = await judge((await writeClip({ parts: [part], ...period(0, 100) })).film, [part], [0]);
  requireNoFault(judged);
  assert.deepEqual(positions(judged), [0, 1, 2, 3, 4]);
});

test('pictures that are not to be shown are decoded and not shown', async () => {
  const hidden = group(0, 5).map((one) => ({ ...one, flags: (one.flags ?? 0) | discardable }));
  const part = partWith([[...hidden, ...group(200, 5).map((one) => ({ ...one, flags: 0 }))]], { tracks: [picture] });
  const result = await writeClip({ parts: [part], ...all });
  const judged = await judge(result.film, [part], [0]);
  requireNoFault(judged);
  assert.equal(judged.film.tracks[0]?.edit?.mediaTime, 18_000n);
  assert.equal(result.from, began + 200_000_000n);
});

test('offsets below zero are written so that players read them', async () => {
  const part = partWith([[{ at: 0, flags: sync }, { at: 40, shownAfter: 40 }, { at: 80, shownAfter: -40 }, { at: 120 }]], { tracks: [picture] });
  const judged = await judge((await writeClip({ parts: [part], ...all })).film, [part], [0]);
  requireNoFault(judged);
  assert.deepEqual([...(judged.film.tracks[0]?.composition ?? [])], [0, 3600, -3600, 0]);
});

test('samples without bytes are not in the film, and times stay', async () => {
  const pictures = group(0, 10).map((one, i) => (i === 4 ? { ...one, size: 0 } : one));
  const part = partWith([pictures], { tracks: [picture] });
  const judged = await judge((await writeClip({ parts: [part], ...all })).film, [part], [0]);
  requireNoFault(judged);
  assert.deepEqual(positions(judged), [0, 1, 2, 3, 5, 6, 7, 8, 9]);
});

test('the last sample of unknown duration is shown like those before it', async () => {
  const part = partWith([group(0, 3).map((one) => ({ ...one, duration: 0 }))], { tracks: [picture] });
  const judged = await judge((await writeClip({ parts: [part], ...all })).film, [part], [0]);
  requireNoFault(judged);
  assert.deepEqual([...(judged.film.tracks[0]?.durations ?? [])], [3600, 3600, 3600]);
});

test('time bases that a film cannot say exactly do not wander', async () => {
  const fine = { ...picture, timebase: { numerator: 1, denominator: 1_000_000_000 } };
  const odd = { ...sound, timebase: { numerator: 1001, denominator: 30_000 } };
  const frames = Array.from({ length: 1000 }, (_, i) => ({ track: fine, at: 33 * i + i / 1000, flags: i % 25 === 0 ? sync : 0 }));
  const part = partWith([[...frames, ...Array.from({ length: 900 }, (_, i) => ({ track: odd, at: (i * 1001) / 30, duration: 1001 / 30 }))]], { tracks: [fine, odd] });
  const judged = await judge((await writeClip({ parts: [part], ...all })).film, [part], [0, 1]);
  requireNoFault(judged);
  assert.deepEqual(counts(judged), [1000, 900]);
});

test('scales: whole ticks where they fit, coarser ones for long pauses, none beyond', () => {
  const day = 86_400n * second;
  assert.equal(scaleFor(picture, second), 90_000);
  assert.equal(scaleFor({ ...picture, timebase: { numerator: 1001, denominator: 30_000 } }, second), 30_000);
  assert.equal(scaleFor({ ...picture, timebase: { numerator: 1, denominator: 25 } }, second), 1_000);
  assert.equal(scaleFor({ ...picture, timebase: { numerator: 1, denominator: 1_000_000 } }, second), 90_000);
  assert.equal(scaleFor(picture, day), 10_000);
  assert.equal(scaleFor(picture, 30n * day), 1_000);
  assert.equal(scaleFor(picture, 60n * day), null);
});

test('a pause of a day is said', async () => {
  const part = partWith([group(0, 3), group(86_400_000, 3)], { tracks: [picture] });
  const days = { from: began, to: began + 90_000n * second };
  requireNoFault(await judge((await writeClip({ parts: [part], ...days })).film, [part], [0]));
});

test('clips that cannot be are refused in words', async () => {
  await rejects([], 'empty');
  await rejects([partWith([sounds(0, 3, metadata)])], 'empty');
  await rejects([partWith([group(0, 3).map((one) => ({ ...one, flags: 0 }))], { tracks: [picture] })], 'empty');
  await rejects([partWith([[{ at: 0, flags: sync, shownAfter: -400, duration: 40 }]], { tracks: [picture] })], 'times');
  const years = partWith([group(0, 3)], { tracks: [picture] });
  years.segments.last[0] = began + 1_000_000_000n * second;
  await assert.rejects(writeClip({ parts: [years], from: began, to: began + 1_000_000_000n * second }), (error: unknown) => error instanceof ClipError && error.code === 'too_long');
});

test('pictures with which nothing can begin are named beside the sound', async () => {
  const part = partWith([[...group(0, 5).map((one) => ({ ...one, flags: 0 })), ...sounds(0, 5)]]);
  const result = await writeClip({ parts: [part], ...all });
  requireNoFault(await judge(result.film, [part], [1]));
  assert.deepEqual(result.leftOut.map(({ track, reason }) => [track, reason]), [[2, 'codec'], [0, 'no_sync']]);
});

test('it stops when it is told to, and says how far it is', async () => {
  const part = partWith([group(0, 25), group(1000, 25), group(2000, 25)], { tracks: [picture] });
  const controller = new AbortController();
  const said: number[] = [];
  const progress = (done: number): void => {
    said.push(done);
    if (said.length === 2) controller.abort(new Error('told to'));
  };
  await assert.rejects(writeClip({ parts: [part], ...all, signal: controller.signal, progress }), /told to/);
  assert.equal(said.length, 2);
  said.length = 0;
  await writeClip({ parts: [part], ...all, progress: (done) => said.push(done) });
  assert.ok(said.every((done, i) => done >= (said[i - 1] ?? 0) && done <= 1) && said.at(-1) === 1);
});

test('offsets beyond four gibibytes take eight bytes', () => {
  const media = new Media();
  const film = new FilmTrack(picture, 90_000, media);
  const clock = new Clock(picture, began, 90_000n);
  const sample = sampleOf({ at: 0, flags: sync });
  film.add({ sample, clock, dts: clock.units(sample.dts), pts: clock.units(sample.pts) });
  film.finish();
  const placement = film.place(film.decoded, 90_000, true);
  const text = (mediaOffset: number): string => String.fromCharCode(...film.box(1, 0n, placement, mediaOffset));
  assert.ok(text(0xffff_0000).includes('stco'));
  assert.ok(text(0xffff_fff8).includes('co64') && text(2 ** 40).includes('co64'));
});

test('of every vector: the film satisfies every rule, or is refused in words', async () => {
  const names = readdirSync(vectorFolder() + '/data').filter((name) => name.startsWith('good-') && name.endsWith('.svms'));
  let films = 0;
  for (const name of names) {
    const { password } = JSON.parse(readFileSync(vectorPath(name.replace(/svms$/, 'json')), 'utf8')) as { password?: string };
    const part = await partOfBytes(new Uint8Array(readFileSync(vectorPath(name))), password === undefined ? {} : { password });
    // Vectors have no real configuration, and no film is made without one.
    for (const track of part.header.tracks) if (track.codec === 'avc1' || track.codec === 'mp4a') track.configuration = Uint8Array.of(1, 2, 3);
    try {
      const result = await writeClip({ parts: [part], from: -(2n ** 62n), to: 2n ** 62n });
      requireNoFault(await judge(result.film, [part], result.tracks.map(({ track }) => track)));
      films++;
    } catch (error) {
      assert.ok(error instanceof ClipError, `${name}: ${String(error)}`);
    }
  }
  assert.ok(films > 100, `${films} films of ${names.length} vectors`);
});

test('a clip of the session says why each stretch is missing', async () => {
  const reasons: [Error, string][] = [
    [new FormatError('C-MAN-3', 'samples were altered'), 'altered'],
    [new ProblemError('not_attested', 'no signature'), 'not_attested'],
    [new ProblemError('sealed', 'no key'), 'sealed'],
    [new UndecryptableError(1, 0, 'it does not open'), 'undecryptable'],
  ];
  for (const [error, reason] of reasons) {
    const { header, segments, tracks, read } = partWith([group(0, 5), group(200, 5), group(400, 5)], { tracks: [picture] });
    const view = { index: 0, unusable: null, segments };
    const evidence = { kind: 'recording', devices: [{ parts: [0] }], parts: [view] } as unknown as Evidence;
    const reader = { header, removed: new Set(), isLocked: false } as unknown as PartReader;
    const clip = await writeClipOf({
      evidence,
      request: { device: 0, from: began, to: began + second, kinds: ['video'] },
      readerOf: () => reader,
      read: async (_part, number) => (number === 1 ? Promise.reject(error) : ({ tracks: new Set(tracks), ...((await read(number)) as object) } as unknown as ReadableSegment)),
      progress: () => undefined,
      signal: new AbortController().signal,
    });
    assert.deepEqual(clip.gaps.map((gap) => gap.reason), [reason]);
  }
});
