/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { equal, hex } from '../src/bytes/octets.js';
import { BlobSource } from '../src/bytes/source.js';
import type { Sample } from '../src/container/samples.js';
import { sha256Now } from '../src/crypto/hash.js';
import type { ClipPart } from '../src/film/model.js';
import { type Film, type FilmTrack, readFilm } from '../src/package/film.js';
import { contradicts } from '../src/package/film_description.js';
import { FilmTimes, type Jumps, type PairedTrack, type TimeFault } from '../src/package/film_times.js';
import type { RecordedSample } from '../src/package/proof_samples.js';

/** A sample as it was recorded, by its part. */
interface Recorded {
  part: ClipPart;
  sample: Sample;
  hash: string;
}

/** Every sample of a track, of parts in order. */
export async function recordedOf(parts: readonly ClipPart[], track: number): Promise<Recorded[]> {
  const all: Recorded[] = [];
  for (const part of parts) {
    for (const number of part.segments.numbers) {
      const segment = await part.read(number);
      if (typeof segment === 'string') continue;
      for await (const sample of segment.samples((one) => one.number === track)) all.push({ part, sample, hash: hex(sha256Now(sample.data)) });
    }
  }
  return all;
}

/** As a proof would present it. */
function asPresented({ part, sample }: Recorded): RecordedSample {
  const { track, flags, dts, pts, duration, utc } = sample;
  const presented = { header: { flags, track, dts, pts, duration } };
  const segment = { source: part.index, opened: { header: part.header } };
  return { segment, track, sample: { track: track.number, index: sample.index, presented }, utc } as unknown as RecordedSample;
}

export interface Judgement {
  film: Film;
  /** By track of the film: the samples that it holds, and where they stand among those that were recorded. */
  tracks: { film: FilmTrack; held: Recorded[]; positions: number[]; recorded: Recorded[] }[];
  faults: TimeFault[];
  jumps: Jumps;
}

async function pair(source: BlobSource, film: FilmTrack, recorded: Recorded[]): Promise<Judgement['tracks'][number]> {
  const held: Recorded[] = [];
  const positions: number[] = [];
  let next = 0;
  for (const [i, offset] of film.offsets.entries()) {
    const bytes = await source.read(offset, film.sizes[i] as number);
    const hash = hex(sha256Now(bytes));
    while (next < recorded.length && recorded[next]?.hash !== hash) next++;
    const found = recorded[next];
    assert.ok(found !== undefined, `sample ${i} of track ${film.id} was not recorded, or not in this order`);
    assert.ok(equal(found.sample.data, bytes));
    held.push(found);
    positions.push(next++);
  }
  return { film, held, positions, recorded };
}

/** Reads a film by E-FLM-1 to E-FLM-4, finds its samples among those that were recorded, and compares their times. */
export async function judge(blob: Blob, parts: readonly ClipPart[], numbers: readonly number[]): Promise<Judgement> {
  const source = new BlobSource(blob);
  const film = await readFilm(source, 1 << 24);
  assert.equal(film.tracks.length, numbers.length);
  const tracks: Judgement['tracks'] = [];
  for (const [i, one] of film.tracks.entries()) {
    const recorded = await recordedOf(parts, numbers[i] as number);
    const paired = await pair(source, one, recorded);
    for (const { sample } of paired.held) assert.equal(contradicts(one.description, sample.track), null);
    tracks.push(paired);
  }
  const pairs: PairedTrack[] = tracks.map(({ film: one, held }) => ({ film: one, recorded: held.map(asPresented) }));
  const times = new FilmTimes(film, pairs);
  times.compare();
  return { film, tracks, faults: times.faults, jumps: times.jumps };
}
