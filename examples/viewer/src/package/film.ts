/* SPDX-License-Identifier: Apache-2.0 */
import type { Source } from '../bytes/source.js';
import { type Box, Children, checkTexts, failFilm, fullBox, readLayout } from './film_boxes.js';
import { type SampleDescription, readDescription } from './film_description.js';

export type Handler = 'vide' | 'soun';

/** An edit list of at most one pause in front and one edit; times in units of movie and media. */
export interface Edit {
  empty: bigint;
  mediaTime: bigint;
  duration: bigint;
}

export interface FilmTrack {
  id: number;
  handler: Handler;
  isEnabled: boolean;
  alternateGroup: number;
  width: number;
  height: number;
  timescale: bigint;
  edit: Edit | null;
  description: SampleDescription;
  /** By sample, in decoding order. */
  sizes: Uint32Array;
  offsets: Float64Array;
  durations: Uint32Array;
  dts: Float64Array;
  /** Null where no sample has a composition offset. */
  composition: Int32Array | null;
  /** Numbers of samples with which players may begin, from 0; null where nothing is said of them. */
  sync: ReadonlySet<number> | null;
}

export interface Film {
  timescale: bigint;
  tracks: FilmTrack[];
}

const identity = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];
const showRule = 'E-FLM-3';
const descriptionRule = 'E-FLM-2';
const sampleRule = 'E-FLM-4';
const editRule = 'E-FLM-5';
const timeRule = 'E-FLM-6';

function readMatrix(cursor: ReturnType<typeof fullBox>['cursor']): void {
  for (const value of identity) if (cursor.u32('matrix') !== value) cursor.fail('film: pictures that are turned or stretched', showRule);
}

function readMovieHeader(box: Box): bigint {
  const { cursor, version } = fullBox(box, [0, 1]);
  cursor.slice(version === 1 ? 16 : 8, 'times');
  const timescale = cursor.u32('time scale');
  cursor.slice(version === 1 ? 8 : 4, 'duration');
  if (timescale === 0) cursor.fail('film: time scale of zero', timeRule);
  if (cursor.u32('rate') !== 0x10000) cursor.fail('film: another speed', showRule);
  if (cursor.u16('volume') !== 0x100) cursor.fail('film: another volume', showRule);
  cursor.slice(10, 'reserved bytes');
  readMatrix(cursor);
  cursor.slice(28, 'rest');
  cursor.end('"mvhd"');
  return BigInt(timescale);
}

function readTrackHeader(box: Box, handler: Handler): Pick<FilmTrack, 'id' | 'isEnabled' | 'alternateGroup' | 'width' | 'height'> {
  const { cursor, version, flags } = fullBox(box, [0, 1]);
  cursor.slice(version === 1 ? 16 : 8, 'times');
  const id = cursor.u32('number of a track');
  cursor.slice(version === 1 ? 12 : 8, 'duration');
  cursor.slice(8 + 2, 'layer');
  const alternateGroup = cursor.u16('alternate group');
  const volume = cursor.u16('volume');
  cursor.slice(2, 'reserved bytes');
  readMatrix(cursor);
  const width = cursor.u32('width');
  const height = cursor.u32('height');
  cursor.end('"tkhd"');
  if (handler === 'soun' && volume !== 0x100) cursor.fail('film: sound of another volume', showRule);
  return { id, isEnabled: (flags & 1) !== 0, alternateGroup, width, height };
}

function readTimescale(box: Box): bigint {
  const { cursor, version } = fullBox(box, [0, 1]);
  cursor.slice(version === 1 ? 16 : 8, 'times');
  const timescale = cursor.u32('time scale');
  if (timescale === 0) cursor.fail('film: time scale of zero', timeRule);
  return BigInt(timescale);
}

function readHandler(box: Box): Handler {
  const { cursor } = fullBox(box);
  cursor.slice(4, 'zero');
  const type = cursor.ascii(4, 'handler');
  if (type !== 'vide' && type !== 'soun') return cursor.fail('film: track of neither pictures nor sound', descriptionRule);
  return type;
}

function readEdits(box: Box | null): Edit | null {
  if (box === null) return null;
  const { cursor, version } = fullBox(new Children(box, ['elst']).get('elst'), [0, 1]);
  const count = cursor.u32('number of edits');
  if (count < 1 || count > 2) cursor.fail('film: edits that do not play it once', editRule);
  const edits = Array.from({ length: count }, () => {
    const duration = version === 1 ? cursor.u64('duration') : BigInt(cursor.u32('duration'));
    const mediaTime = version === 1 ? cursor.i64('time') : BigInt(cursor.i32('time'));
    return { duration, mediaTime, rate: cursor.u32('rate') };
  });
  cursor.end('"elst"');
  const shown = edits[count - 1];
  const pause = count === 2 ? edits[0] : undefined;
  const fits =
    shown !== undefined && shown.rate === 0x10000 && shown.mediaTime >= 0n && shown.duration > 0n &&
    (pause === undefined || (pause.mediaTime === -1n && pause.duration > 0n));
  if (!fits) return cursor.fail('film: edits that do not play it once', editRule);
  return { empty: pause?.duration ?? 0n, mediaTime: shown.mediaTime, duration: shown.duration };
}

function checkReference(dinf: Box): void {
  const dref = new Children(dinf, ['dref']).get('dref');
  const { cursor } = fullBox(dref);
  if (cursor.u32('number of references') !== 1) cursor.fail('film: more than one data reference', descriptionRule);
  const inner = { type: 'dref', offset: dref.offset + 8, headerSize: dref.headerSize, content: dref.content.subarray(8) };
  const url = new Children(inner, ['url ']).get('url ');
  if (fullBox(url).flags !== 1 || url.content.length !== 4) failFilm('samples in another file', url.offset, descriptionRule);
}

function readSizes(box: Box, most: number): Uint32Array {
  const { cursor } = fullBox(box);
  const same = cursor.u32('size of samples');
  const count = cursor.u32('number of samples');
  if (count > most) cursor.fail('film: more samples than the proof presents', sampleRule);
  if (same !== 0) {
    cursor.end('"stsz"');
    return new Uint32Array(count).fill(same);
  }
  if (cursor.remaining !== 4 * count) cursor.fail('film: another number of sizes', sampleRule);
  return Uint32Array.from({ length: count }, () => cursor.u32());
}

/** Runs of equal values, which together are as many as there are samples. */
function readRuns(box: Box, count: number, versions: readonly number[], isSigned: boolean): number[] {
  const { cursor, version } = fullBox(box, versions);
  const runs = cursor.u32('number of runs');
  if (cursor.remaining !== 8 * runs) cursor.fail('film: another number of runs', timeRule);
  const values: number[] = [];
  for (let i = 0; i < runs; i++) {
    const length = cursor.u32('length of a run');
    const value = isSigned ? cursor.i32('value') : cursor.u32('value');
    if (isSigned && version === 0 && value < 0) cursor.fail('film: offset that players read as a negative one', timeRule);
    if (values.length + length > count) cursor.fail('film: times of more samples than there are', timeRule);
    for (let k = 0; k < length; k++) values.push(value);
  }
  if (values.length !== count) cursor.fail('film: times of fewer samples than there are', timeRule);
  return values;
}

function readChunks(stbl: Children): Float64Array {
  const small = stbl.find('stco');
  const large = stbl.find('co64');
  if ((small === null) === (large === null)) failFilm('not one table of offsets', stbl.parent.offset);
  const box = (small ?? large) as Box;
  const { cursor } = fullBox(box);
  const count = cursor.u32('number of chunks');
  if (cursor.remaining !== count * (small === null ? 8 : 4)) cursor.fail('film: another number of chunks', sampleRule);
  return Float64Array.from({ length: count }, () => (small === null ? cursor.size64() : cursor.u32()));
}

/** Offsets of samples, of which each chunk holds some. */
function readOffsets(stbl: Children, sizes: Uint32Array): Float64Array {
  const chunks = readChunks(stbl);
  const { cursor } = fullBox(stbl.get('stsc'));
  const runs = cursor.u32('number of runs');
  if (cursor.remaining !== 12 * runs) cursor.fail('film: another number of runs', sampleRule);
  const offsets = new Float64Array(sizes.length);
  let sample = 0;
  let next = runs > 0 ? cursor.u32('first chunk') : chunks.length + 1;
  if (next !== 1 && chunks.length > 0) cursor.fail('film: chunks without samples', sampleRule);
  for (let run = 0; run < runs; run++) {
    const first = next;
    const perChunk = cursor.u32('samples in a chunk');
    if (cursor.u32('description') !== 1) cursor.fail('film: another description', descriptionRule);
    next = run + 1 < runs ? cursor.u32('first chunk') : chunks.length + 1;
    if (next <= first && !(run + 1 === runs && next === first)) cursor.fail('film: chunks in the wrong order', sampleRule);
    for (let chunk = first; chunk < next; chunk++) {
      let at = chunks[chunk - 1] ?? cursor.fail('film: chunk that is not there', sampleRule);
      if (sample + perChunk > sizes.length) cursor.fail('film: chunks of more samples than there are', sampleRule);
      for (let k = 0; k < perChunk; k++, sample++) {
        offsets[sample] = at;
        at += sizes[sample] as number;
      }
    }
  }
  if (sample !== sizes.length) cursor.fail('film: chunks of fewer samples than there are', sampleRule);
  return offsets;
}

function readSync(box: Box | null, samples: number): Set<number> | null {
  if (box === null) return null;
  const { cursor } = fullBox(box);
  const count = cursor.u32('number of sync samples');
  if (count < 1 || cursor.remaining !== 4 * count) cursor.fail('film: another number of sync samples');
  const found = new Set<number>();
  let last = 0;
  for (let i = 0; i < count; i++) {
    const number = cursor.u32('sync sample');
    if (number <= last || number > samples) cursor.fail('film: sync samples that do not ascend, or are not there', timeRule);
    last = number;
    found.add(number - 1);
  }
  return found;
}

const groupingTypes = ['roll', 'prol'];
const groupEntry = 2;
const memberEntry = 8;

/** Groups say where decoding may begin, in entries of a size that every player reads alike. */
function checkGroups(stbl: Children): void {
  const groups = stbl.find('sgpd');
  if (groups !== null) {
    const { cursor, version } = fullBox(groups, [0, 1]);
    if (!groupingTypes.includes(cursor.ascii(4, 'grouping type'))) cursor.fail('film: groups of another type');
    if (version === 1 && cursor.u32('size of an entry') !== groupEntry) cursor.fail('film: groups of another size');
    if (cursor.u32('number of groups') * groupEntry !== cursor.remaining) cursor.fail('film: another number of groups');
  }
  const members = stbl.find('sbgp');
  if (members === null) return;
  const { cursor, version } = fullBox(members, [0, 1]);
  if (!groupingTypes.includes(cursor.ascii(4, 'grouping type'))) cursor.fail('film: groups of another type');
  if (version === 1) cursor.u32('parameter');
  if (cursor.u32('number of runs') * memberEntry !== cursor.remaining) cursor.fail('film: another number of runs');
}

const sampleTables = ['stsd', 'stts', 'stsc', 'stsz', 'stco', 'co64', 'ctts', 'stss', 'sdtp', 'sgpd', 'sbgp'];

function readTables(box: Box, handler: Handler, most: number): Pick<FilmTrack, 'description' | 'sizes' | 'offsets' | 'durations' | 'dts' | 'composition' | 'sync'> {
  const stbl = new Children(box, sampleTables);
  const description = readDescription(stbl.first('stsd'), handler);
  const sizes = readSizes(stbl.get('stsz'), most);
  const durations = Uint32Array.from(readRuns(stbl.get('stts'), sizes.length, [0], false));
  const dts = new Float64Array(sizes.length);
  for (let i = 1; i < dts.length; i++) dts[i] = (dts[i - 1] as number) + (durations[i - 1] as number);
  const offsets = readOffsets(stbl, sizes);
  checkGroups(stbl);
  const dependencies = stbl.find('sdtp');
  if (dependencies !== null && fullBox(dependencies).cursor.remaining !== sizes.length) failFilm('dependencies of another number of samples', dependencies.offset);
  const sync = readSync(stbl.find('stss'), sizes.length);
  const shift = stbl.find('ctts');
  const composition = shift === null ? null : Int32Array.from(readRuns(shift, sizes.length, [0, 1], true));
  return { description, sizes, offsets, durations, dts, composition, sync };
}

function readTrack(box: Box, most: number): FilmTrack {
  const trak = new Children(box, ['tkhd', 'mdia', 'edts']);
  const header = trak.first('tkhd');
  const mdia = new Children(trak.get('mdia'), ['mdhd', 'hdlr', 'minf']);
  if (mdia.types.join() !== 'mdhd,hdlr,minf') failFilm('"mdia" in another order', mdia.parent.offset);
  const handler = readHandler(mdia.get('hdlr'));
  const minf = new Children(mdia.get('minf'), ['vmhd', 'smhd', 'nmhd', 'dinf', 'stbl']);
  if (minf.types.filter((type) => type.endsWith('mhd')).length !== 1) failFilm('not one media header', minf.parent.offset);
  checkReference(minf.get('dinf'));
  return {
    ...readTrackHeader(header, handler),
    handler,
    timescale: readTimescale(mdia.get('mdhd')),
    edit: readEdits(trak.find('edts')),
    ...readTables(minf.get('stbl'), handler, most),
  };
}

function checkShown(tracks: readonly FilmTrack[], offset: number): void {
  const seen = new Set<string>();
  for (const track of tracks) {
    if (!seen.has(track.handler) && !track.isEnabled) failFilm('a track that is not shown', offset, showRule);
    seen.add(track.handler);
    if (tracks.some((other) => other !== track && other.id === track.id)) failFilm('two tracks of one number', offset, showRule);
    const isOneOf = (other: FilmTrack): boolean => other.handler !== track.handler && other.alternateGroup === track.alternateGroup;
    if (track.alternateGroup !== 0 && tracks.some(isOneOf)) failFilm('pictures and sound of which players choose one', offset, showRule);
    if (track.handler !== 'vide') continue;
    const { width, height } = track.description;
    const isSame = width > 0 && height > 0 && track.width === width * 0x10000 && track.height === height * 0x10000;
    if (!isSame) failFilm('pictures in another size', offset, showRule);
  }
}

/** Samples lie in `mdat` one behind the other, and nothing else does (E-FLM-4). */
function checkMedia(tracks: readonly FilmTrack[], media: readonly { start: number; end: number }[]): void {
  const total = tracks.reduce((sum, track) => sum + track.sizes.length, 0);
  const order: { at: number; size: number }[] = [];
  for (const { offsets, sizes } of tracks) {
    let last = -1;
    for (const [i, at] of offsets.entries()) {
      if (at < last) failFilm('samples in another order', at, sampleRule);
      last = at;
      if (sizes[i] !== 0) order.push({ at, size: sizes[i] as number });
    }
  }
  if (order.length > total) failFilm('too many samples', 0, sampleRule);
  order.sort((a, b) => a.at - b.at);
  let next = 0;
  for (const { start, end } of media) {
    let at = start;
    for (; at < end; next++) {
      const sample = order[next];
      if (sample === undefined || sample.at !== at || at + sample.size > end) return failFilm('bytes that are of no sample, or of two', at, sampleRule);
      at += sample.size;
    }
  }
  if (next !== order.length) failFilm('samples that do not lie in "mdat"', order[next]?.at ?? 0, sampleRule);
}

/** Reads a film of which nothing but its samples can be shown (E-FLM-1 to E-FLM-4); `most`: samples that a track may have. */
export async function readFilm(source: Source, most: number): Promise<Film> {
  const { moov, media } = await readLayout(source);
  const children = new Children(moov, ['mvhd', 'udta'], ['trak']);
  const timescale = readMovieHeader(children.first('mvhd'));
  const texts = children.find('udta');
  if (texts !== null) checkTexts(texts);
  const tracks = children.all('trak').map((box) => readTrack(box, most));
  checkShown(tracks, moov.offset);
  checkMedia(tracks, media);
  return { timescale, tracks };
}
