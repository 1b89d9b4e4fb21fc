/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes of pictures as parameter sets of H.264 and H.265 say them, before anything is decoded. */
import { Cursor } from '../bytes/cursor.js';
import { FormatError } from '../bytes/errors.js';
import type { PictureSize } from './picture_bounds.js';

const rule = 'parameter set';
/** Longer ones are not of pictures: extensions and user data stand behind the size. */
const maxLength = 4096;

/** Bits of a parameter set, without the bytes that keep it apart from start codes. */
class Bits {
  private readonly bytes: number[] = [];
  private at = 0;

  constructor(unit: Uint8Array, header: number) {
    let zeros = 0;
    for (const byte of unit.subarray(header, maxLength)) {
      const isGuard = zeros >= 2 && byte === 3;
      zeros = byte === 0 ? zeros + 1 : 0;
      if (!isGuard) this.bytes.push(byte);
    }
  }

  bit(): number {
    const byte = this.bytes[this.at >> 3];
    if (byte === undefined) throw new FormatError(rule, 'it ends too early');
    return (byte >> (7 - (this.at++ & 7))) & 1;
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  skip(count: number): void {
    this.at += count;
  }

  /** Exp-Golomb, unsigned. */
  ue(): number {
    let zeros = 0;
    while (this.bit() === 0) if (++zeros > 31) throw new FormatError(rule, 'a number of more than 32 bits');
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Exp-Golomb, signed. */
  se(): number {
    const value = this.ue();
    return value % 2 === 1 ? (value + 1) / 2 : -value / 2;
  }
}

/** Profiles of H.264 that say more of colours. */
const richProfiles = [44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244];

function skipScalingList(bits: Bits, size: number): void {
  let [last, next] = [8, 8];
  for (let i = 0; i < size; i++) {
    if (next !== 0) next = (((last + bits.se()) % 256) + 256) % 256;
    if (next !== 0) last = next;
  }
}

function skipColours(bits: Bits): void {
  const format = bits.ue();
  if (format === 3) bits.skip(1);
  bits.ue();
  bits.ue();
  bits.skip(1);
  if (bits.bit() === 0) return;
  for (let i = 0; i < (format === 3 ? 12 : 8); i++) if (bits.bit() === 1) skipScalingList(bits, i < 6 ? 16 : 64);
}

function skipOrder(bits: Bits): void {
  const kind = bits.ue();
  if (kind === 0) bits.ue();
  if (kind !== 1) return;
  bits.skip(1);
  bits.se();
  bits.se();
  const count = bits.ue();
  if (count > 255) throw new FormatError(rule, `${count} pictures of an order`);
  for (let i = 0; i < count; i++) bits.se();
}

/** Size by a sequence parameter set of H.264 (ITU-T H.264, 7.3.2.1.1), before cropping. */
export function avcSize(unit: Uint8Array): PictureSize {
  const bits = new Bits(unit, 1);
  const profile = bits.bits(8);
  bits.skip(16);
  bits.ue();
  if (richProfiles.includes(profile)) skipColours(bits);
  bits.ue();
  skipOrder(bits);
  bits.ue();
  bits.skip(1);
  const width = 16 * (bits.ue() + 1);
  const units = 16 * (bits.ue() + 1);
  return { width, height: bits.bit() === 1 ? units : 2 * units };
}

/** Size by a sequence parameter set of H.265 (ITU-T H.265, 7.3.2.2.1), before cropping. */
export function hevcSize(unit: Uint8Array): PictureSize {
  const bits = new Bits(unit, 2);
  bits.skip(4);
  const layers = bits.bits(3);
  bits.skip(1 + 88 + 8);
  const flags = Array.from({ length: layers }, () => ({ hasProfile: bits.bit() === 1, hasLevel: bits.bit() === 1 }));
  if (layers > 0) bits.skip(2 * (8 - layers));
  for (const { hasProfile, hasLevel } of flags) bits.skip((hasProfile ? 88 : 0) + (hasLevel ? 8 : 0));
  bits.ue();
  if (bits.ue() === 3) bits.skip(1);
  return { width: bits.ue(), height: bits.ue() };
}

type Family = 'avc' | 'hevc';

function familyOf(codec: string): Family | null {
  if (codec.startsWith('avc1')) return 'avc';
  return codec.startsWith('hvc1') ? 'hevc' : null;
}

/** Size by this unit; null where it is no sequence parameter set, or one that the decoder must judge. */
function sizeOfUnit(family: Family, unit: Uint8Array): PictureSize | null {
  const first = unit[0] ?? 0;
  const isSequence = family === 'avc' ? (first & 31) === 7 : ((first >> 1) & 63) === 33;
  if (!isSequence) return null;
  try {
    return family === 'avc' ? avcSize(unit) : hevcSize(unit);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function unitsOfAvc(cursor: Cursor): Uint8Array[] {
  cursor.slice(5, 'avcC');
  return Array.from({ length: cursor.u8('number of sets') & 31 }, () => cursor.slice(cursor.u16('length'), 'set'));
}

function unitsOfHevc(cursor: Cursor): Uint8Array[] {
  cursor.slice(22, 'hvcC');
  const units: Uint8Array[] = [];
  for (let arrays = cursor.u8('number of arrays'); arrays > 0; arrays--) {
    cursor.slice(1, 'kind of units');
    for (let count = cursor.u16('number of units'); count > 0; count--) units.push(cursor.slice(cursor.u16('length'), 'unit'));
  }
  return units;
}

function sizesOf(family: Family, units: readonly Uint8Array[]): PictureSize[] {
  return units.map((unit) => sizeOfUnit(family, unit)).filter((size): size is PictureSize => size !== null);
}

/** Sizes by the configuration of a track: `avcC` or `hvcC`. */
export function sizesInConfiguration(codec: string, configuration: Uint8Array): PictureSize[] {
  const family = familyOf(codec);
  if (family === null) return [];
  try {
    const cursor = new Cursor(configuration, rule);
    return sizesOf(family, family === 'avc' ? unitsOfAvc(cursor) : unitsOfHevc(cursor));
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}

/** Sizes by parameter sets within a sample, of units with lengths of four bytes. */
export function sizesInSample(codec: string, data: Uint8Array): PictureSize[] {
  const family = familyOf(codec);
  if (family === null) return [];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const sizes: PictureSize[] = [];
  for (let at = 0; at + 4 < data.length; ) {
    const length = view.getUint32(at);
    const size = sizeOfUnit(family, data.subarray(at + 4, Math.min(data.length, at + 4 + length)));
    if (size !== null) sizes.push(size);
    at += 4 + length;
  }
  return sizes;
}
