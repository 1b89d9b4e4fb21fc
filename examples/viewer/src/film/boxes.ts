/* SPDX-License-Identifier: Apache-2.0 */
import { type Octets, ascii, concat, u16, u32, u64 } from '../bytes/octets.js';

/** A box of a film. */
export function box(type: string, ...content: readonly Uint8Array[]): Octets {
  const size = content.reduce((sum, part) => sum + part.length, 8);
  return concat(u32(size), ascii(type), ...content);
}

export function fullBox(type: string, version: number, flags: number, ...content: readonly Uint8Array[]): Octets {
  return box(type, u32(((version << 24) | flags) >>> 0), ...content);
}

/** A descriptor of `esds`; sizes are always written as four bytes. */
export function descriptor(tag: number, ...content: readonly Uint8Array[]): Octets {
  const size = content.reduce((sum, part) => sum + part.length, 0);
  const digits = [21, 14, 7, 0].map((shift, i) => ((size >>> shift) & 0x7f) | (i < 3 ? 0x80 : 0));
  return concat(Uint8Array.of(tag, ...digits), ...content);
}

export function zeros(size: number): Octets {
  return new Uint8Array(size);
}

const matrix = concat(...[0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32));
const brands = ['isom', 'iso2', 'iso4', 'mp41'];
const language = 0x55c4;
const normalVolume = 0x100;

export function fileType(): Octets {
  return box('ftyp', ascii('isom'), u32(0x200), ...brands.map(ascii));
}

/** Header of the box that holds the samples; large ones say their size in eight bytes. */
export function mediaHeader(size: number): Octets {
  return size + 8 < 2 ** 32 ? concat(u32(size + 8), ascii('mdat')) : concat(u32(1), ascii('mdat'), u64(size + 16));
}

/** `created` counts seconds since 1904, as films do. */
export function movieHeader(created: bigint, timescale: number, duration: bigint, nextTrack: number): Octets {
  return fullBox(
    'mvhd', 1, 0, u64(created), u64(created), u32(timescale), u64(duration),
    u32(0x10000), u16(normalVolume), zeros(10), matrix, zeros(24), u32(nextTrack),
  );
}

export interface TrackHeader {
  id: number;
  created: bigint;
  /** Units of the movie. */
  duration: bigint;
  isSound: boolean;
  width: number;
  height: number;
}

const isEnabledInMovie = 3;

export function trackHeader({ id, created, duration, isSound, width, height }: TrackHeader): Octets {
  return fullBox(
    'tkhd', 1, isEnabledInMovie, u64(created), u64(created), u32(id), zeros(4), u64(duration),
    zeros(8), u16(0), u16(0), u16(isSound ? normalVolume : 0), zeros(2), matrix, u16(width), u16(0), u16(height), u16(0),
  );
}

export function mediaHeaderBox(created: bigint, timescale: number, duration: bigint): Octets {
  return fullBox('mdhd', 1, 0, u64(created), u64(created), u32(timescale), u64(duration), u16(language), u16(0));
}

export function handlerBox(isSound: boolean): Octets {
  const name = isSound ? 'Sound\0' : 'Video\0';
  return fullBox('hdlr', 0, 0, zeros(4), ascii(isSound ? 'soun' : 'vide'), zeros(12), ascii(name));
}

/** A pause in front, where there is one, and the one edit that follows. */
export function editBox(empty: bigint, mediaTime: bigint, duration: bigint): Octets {
  const rate = u32(0x10000);
  const pause = empty > 0n ? [u64(empty), u64(2n ** 64n - 1n), rate] : [];
  return box('edts', fullBox('elst', 1, 0, u32(empty > 0n ? 2 : 1), ...pause, u64(duration), u64(mediaTime), rate));
}

export function mediaInformation(isSound: boolean, tables: Octets): Octets {
  const header = isSound ? fullBox('smhd', 0, 0, zeros(4)) : fullBox('vmhd', 0, 1, zeros(8));
  const here = fullBox('url ', 0, 1);
  return box('minf', header, box('dinf', fullBox('dref', 0, 0, u32(1), here)), tables);
}
