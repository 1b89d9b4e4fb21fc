/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sampleFlag } from '../src/container/format.js';
import { useCrypto } from '../src/crypto/platform.js';
import { writeClip } from '../src/film/clip.js';
import { ClipError, type ClipPart, type ClipResult } from '../src/film/model.js';
import { type Judgement, judge } from './film_judge.js';
import { Workshop, all, began, findTools, partOf, second } from './film_material.js';
import { bothCompare, bothVerify, picturesOf, requireNoFault, saved } from './film_measure.js';

useCrypto(webcrypto as unknown as Crypto);

const { tools, missing } = findTools();
const workshop = tools === null ? null : new Workshop(tools);
after(() => workshop?.close());

function filmTest(name: string, body: (workshop: Workshop) => Promise<void>): void {
  test(name, { skip: workshop === null ? missing : false }, async () => {
    if (workshop !== null) await body(workshop);
  });
}

const clip = 'walkway-h264-aac.mp4';
const bFrames = 'b-frames.mp4';
const tenth = second / 10n;

function makeBFrames(workshop: Workshop): string {
  const how = ['-t', '12', '-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-g', '25', '-s', '384x288', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ar', '48000'];
  return workshop.record(workshop.make(bFrames, clip, ...how));
}

/** Pictures of the film are those of the clip that was recorded, from where the film begins. */
async function comparePictures(workshop: Workshop, name: string, original: string, result: ClipResult): Promise<void> {
  const film = picturesOf(workshop, await saved(workshop, name, result));
  const begin = Number(result.from - began) / 1e9;
  const wanted = picturesOf(workshop, workshop.clip(original)).filter(({ time }) => time > begin - 0.001).slice(0, film.length);
  assert.deepEqual(film.map(({ hash }) => hash), wanted.map(({ hash }) => hash));
  for (const [i, { time }] of film.entries()) {
    const expected = (wanted[i] as { time: number }).time - begin;
    assert.ok(Math.abs(time - expected) < 0.002, `picture ${i} at ${time}, not at ${expected}`);
  }
}

function requireBegin({ tracks }: Judgement, result: ClipResult, from: bigint): void {
  const pictures = tracks[0]?.held ?? [];
  const first = pictures[0]?.sample;
  assert.ok(first !== undefined && (first.flags & sampleFlag.sync) !== 0);
  assert.ok(first.utc <= from);
  assert.equal(result.from, first.utc);
  const later = (tracks[0]?.recorded ?? []).filter(({ sample }) => (sample.flags & sampleFlag.sync) !== 0 && sample.utc > first.utc && sample.utc <= from);
  assert.equal(later.length, 0, 'a later picture would have done');
}

/** Every picture and sound of the period is there, and of pictures no hole is left behind it. */
function requirePeriod({ tracks }: Judgement, from: bigint, to: bigint): void {
  for (const { held, recorded } of tracks) {
    const inside = recorded.filter(({ sample }) => sample.utc >= from && sample.utc < to).length;
    assert.equal(held.filter(({ sample }) => sample.utc >= from && sample.utc < to).length, inside);
    const last = held.reduce((latest, { sample }) => (sample.utc > latest ? sample.utc : latest), 0n);
    const first = held[0]?.sample.utc ?? 0n;
    const between = recorded.filter(({ sample }) => sample.utc >= first && sample.utc <= last).length;
    assert.equal(held.length, between);
    assert.ok(last < to + second, 'the film goes on behind the period');
  }
}

for (const [from, to] of [[33n, 77n], [1n, 2n], [50n, 51n], [0n, 120n], [99n, 118n], [64n, 90n], [65n, 91n], [66n, 92n], [67n, 93n]] as const) {
  filmTest(`a period of pictures that are reordered: ${from} to ${to} tenths of a second`, async (workshop) => {
    const part = await partOf(workshop, makeBFrames(workshop));
    const period = { from: began + from * tenth, to: began + to * tenth };
    const result = await writeClip({ parts: [part], ...period });
    const judged = await judge(result.film, [part], [0, 1]);
    requireNoFault(judged);
    requireBegin(judged, result, period.from);
    requirePeriod(judged, period.from, period.to);
    await comparePictures(workshop, `period-${from}-${to}`, bFrames, result);
  });
}

filmTest('a period of a real clip that begins within a group of pictures', async (workshop) => {
  const part = await partOf(workshop, workshop.record(clip));
  const period = { from: began + 133n * tenth, to: began + 171n * tenth };
  const result = await writeClip({ parts: [part], ...period });
  const judged = await judge(result.film, [part], [0, 1]);
  requireNoFault(judged);
  requireBegin(judged, result, period.from);
  requirePeriod(judged, period.from, period.to);
  await comparePictures(workshop, 'middle', clip, result);
});

async function rotated(workshop: Workshop): Promise<{ folder: string; parts: ClipPart[] }> {
  const folder = workshop.record(clip, '--rotate', '10s');
  const names = readdirSync(folder).filter((name) => name.endsWith('.svms')).sort();
  return { folder, parts: await Promise.all(names.map((name, i) => partOf(workshop, join(folder, name), i))) };
}

filmTest('containers of one recording are one film', async (workshop) => {
  const { folder, parts } = await rotated(workshop);
  assert.equal(parts.length, 4);
  const result = await writeClip({ parts: [...parts].reverse(), ...all });
  const judged = await judge(result.film, parts, [0, 1]);
  requireNoFault(judged);
  assert.deepEqual(result.tracks.map(({ samples }) => samples), [400, 626]);
  assert.deepEqual([result.gaps, result.leftOut], [[], []]);
  const path = await saved(workshop, 'rotated', result);
  await bothCompare(workshop, path, workshop.prove(folder, 'rotated'), 1026);
  const names = readdirSync(folder).filter((name) => name.endsWith('.svms')).sort();
  await bothVerify(workshop, path, names.map((name) => join(folder, name)), result);
  await comparePictures(workshop, 'rotated', clip, result);
});

filmTest('where a container is missing the picture stands, and times are kept', async (workshop) => {
  const { folder, parts } = await rotated(workshop);
  const there = [parts[0], parts[2]] as ClipPart[];
  const result = await writeClip({ parts: there, ...all });
  const judged = await judge(result.film, there, [0, 1]);
  requireNoFault(judged);
  assert.deepEqual(result.tracks.map(({ samples }) => samples > 0), [true, true]);
  assert.equal(judged.tracks[0]?.held.length, 200);
  const [gap] = result.gaps;
  assert.ok(gap !== undefined && result.gaps.length === 1);
  assert.equal(gap.reason, 'lost');
  assert.deepEqual([gap.from - began, gap.to - began], [10n * second, 20n * second]);
  const names = readdirSync(folder).filter((name) => name.endsWith('.svms')).sort();
  const some = workshop.at('some');
  mkdirSync(some);
  for (const name of [names[0], names[2]] as string[]) copyFileSync(join(folder, name), join(some, name));
  const proof = workshop.prove(some, 'gap');
  await bothCompare(workshop, await saved(workshop, 'gap', result), proof, result.samples);
  const times = picturesOf(workshop, workshop.at('gap.clip.mp4')).map(({ time }) => time);
  assert.ok(Math.abs((times[100] as number) - 20) < 0.002);
});

filmTest('a period without anything is said', async (workshop) => {
  const part = await partOf(workshop, workshop.record(clip));
  const period = { from: began + 100n * second, to: began + 110n * second };
  await assert.rejects(writeClip({ parts: [part], ...period }), (error: unknown) => error instanceof ClipError && error.code === 'empty');
});

filmTest('sound alone, and pictures alone, of a recording with both', async (workshop) => {
  const part = await partOf(workshop, makeBFrames(workshop));
  const period = { from: began + 31n * tenth, to: began + 52n * tenth };
  for (const track of [0, 1]) {
    const result = await writeClip({ parts: [{ ...part, tracks: [track] }], ...period });
    const judged = await judge(result.film, [part], [track]);
    requireNoFault(judged);
    requirePeriod(judged, period.from, period.to);
    assert.deepEqual(result.tracks.map((one) => one.track), [track]);
    if (track === 1) assert.ok(result.from <= period.from && result.from > period.from - tenth);
  }
});
