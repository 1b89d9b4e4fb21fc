/* SPDX-License-Identifier: Apache-2.0 */
/* From codec and configuration of a track to what a browser's decoders want to be told. */
import { Cursor } from '../bytes/cursor.js';
import { FormatError } from '../bytes/errors.js';
import type { TrackView } from '../evidence/model.js';

export type PictureCoding =
  | { kind: 'stream'; detail: string; config: VideoDecoderConfig }
  | { kind: 'jpeg'; detail: string }
  | { kind: 'unsupported'; detail: string };

export const plainSounds = ['sowt', 'twos', 'ulaw', 'alaw'] as const;
export type PlainSound = (typeof plainSounds)[number];

export type SoundCoding =
  | { kind: 'plain'; detail: string; codec: PlainSound; sampleRate: number; channels: number }
  | { kind: 'stream'; detail: string; config: AudioDecoderConfig }
  | { kind: 'unsupported'; detail: string };

const rule = 'codec configuration';
/** Samples carry lengths of four bytes, whatever the configuration says (C-HDR-13). */
const lengthSizeMinusOne = 3;

function hex2(value: number): string {
  return value.toString(16).padStart(2, '0').toUpperCase();
}

function dec2(value: number): string {
  return String(value).padStart(2, '0');
}

/** Codec string and configuration of H.264, from `avcC`. */
export function describeAvc(configuration: Uint8Array): { codec: string; description: Uint8Array } {
  const cursor: Cursor = new Cursor(configuration, rule);
  if (cursor.u8('version') !== 1) cursor.fail('avcC of another version');
  const [profile, compatibility, level] = [cursor.u8('profile'), cursor.u8('compatibility'), cursor.u8('level')];
  cursor.slice(3, 'avcC');
  const description = configuration.slice();
  description[4] = ((configuration[4] ?? 0) & 0xfc) | lengthSizeMinusOne;
  return { codec: `avc1.${hex2(profile)}${hex2(compatibility)}${hex2(level)}`, description };
}

function reversedBits(value: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) if ((value >>> bit) & 1) reversed |= 1 << (31 - bit);
  return reversed >>> 0;
}

/** Codec string and configuration of H.265, from `hvcC`. */
export function describeHevc(configuration: Uint8Array): { codec: string; description: Uint8Array } {
  const cursor: Cursor = new Cursor(configuration, rule);
  if (cursor.u8('version') !== 1) cursor.fail('hvcC of another version');
  const general = cursor.u8('profile');
  const compatibility = cursor.u32('compatibility');
  const constraints = [...cursor.slice(6, 'constraints')];
  const level = cursor.u8('level');
  cursor.slice(10, 'hvcC');
  while (constraints.length > 0 && constraints[constraints.length - 1] === 0) constraints.pop();
  const space = ['', 'A', 'B', 'C'][general >> 6] ?? '';
  const parts = [
    'hvc1',
    `${space}${general & 31}`,
    reversedBits(compatibility).toString(16).toUpperCase(),
    `${general & 0x20 ? 'H' : 'L'}${level}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ];
  const description = configuration.slice();
  description[21] = ((configuration[21] ?? 0) & 0xfc) | lengthSizeMinusOne;
  return { codec: parts.join('.'), description };
}

/** Codec string of AV1, from `av1C`. */
export function av1Codec(configuration: Uint8Array): string {
  const cursor: Cursor = new Cursor(configuration, rule);
  if (cursor.u8('version') !== 0x81) cursor.fail('av1C of another version');
  const profile = cursor.u8('profile');
  const flags = cursor.u8('flags');
  const bits = flags & 0x40 ? (flags & 0x20 ? 12 : 10) : 8;
  return `av01.${profile >> 5}.${dec2(profile & 31)}${flags & 0x80 ? 'H' : 'M'}.${dec2(bits)}`;
}

/** Codec string of VP9, from `vpcC` with or without version and flags; of what is usual where there is none. */
export function vp9Codec(configuration: Uint8Array): string {
  if (configuration.length < 8) return 'vp09.00.51.08';
  const cursor: Cursor = new Cursor(configuration, rule);
  if (configuration.length >= 12) cursor.slice(4, 'version');
  const [profile, level, bits] = [cursor.u8('profile'), cursor.u8('level'), cursor.u8('bits') >> 4];
  return `vp09.${dec2(profile)}.${dec2(level)}.${dec2(bits)}`;
}

const jpegCodecs = ['jpeg', 'mjpg', 'MJPG', 'mjpa'];

function sizesOf(track: TrackView): Pick<VideoDecoderConfig, 'codedWidth' | 'codedHeight'> {
  return track.width > 0 && track.height > 0 ? { codedWidth: track.width, codedHeight: track.height } : {};
}

function describeConfigured(track: TrackView): PictureCoding {
  const { configuration, codec } = track;
  const sizes = sizesOf(track);
  if (codec === 'avc1') {
    const config = { ...describeAvc(configuration), ...sizes };
    return { kind: 'stream', detail: `H.264 (${config.codec})`, config };
  }
  if (codec === 'hvc1') {
    const config = { ...describeHevc(configuration), ...sizes };
    return { kind: 'stream', detail: `H.265 (${config.codec})`, config };
  }
  if (codec === 'av01') {
    const config = { codec: av1Codec(configuration), ...sizes };
    return { kind: 'stream', detail: `AV1 (${config.codec})`, config };
  }
  if (codec === 'vp09') {
    const config = { codec: vp9Codec(configuration), ...sizes };
    return { kind: 'stream', detail: `VP9 (${config.codec})`, config };
  }
  if (codec === 'vp08') return { kind: 'stream', detail: 'VP8', config: { codec: 'vp8', ...sizes } };
  if (jpegCodecs.includes(codec)) return { kind: 'jpeg', detail: 'Motion JPEG' };
  return { kind: 'unsupported', detail: codec };
}

/** What a track of pictures needs; whether this browser has it is another question. */
export function describePictures(track: TrackView): PictureCoding {
  try {
    return describeConfigured(track);
  } catch (error) {
    if (error instanceof FormatError) return { kind: 'unsupported', detail: `${track.codec}: ${error.message}` };
    throw error;
  }
}

/** Object type of an AudioSpecificConfig (ISO/IEC 14496-3). */
export function aacObjectType(configuration: Uint8Array): number {
  const cursor: Cursor = new Cursor(configuration, rule);
  const start = cursor.u16('AudioSpecificConfig');
  const short = start >> 11;
  return short === 31 ? 32 + ((start >> 5) & 63) : short;
}

function describeSoundStream(track: TrackView): SoundCoding {
  const { codec, configuration, sampleRate } = track;
  const numberOfChannels = track.channels > 0 ? track.channels : 1;
  if (codec === 'mp4a') {
    const name = `mp4a.40.${aacObjectType(configuration)}`;
    return { kind: 'stream', detail: `AAC (${name})`, config: { codec: name, sampleRate, numberOfChannels, description: configuration.slice() } };
  }
  if ((codec === 'Opus' || codec === 'opus') && numberOfChannels <= 2) {
    return { kind: 'stream', detail: 'Opus', config: { codec: 'opus', sampleRate, numberOfChannels } };
  }
  return { kind: 'unsupported', detail: codec };
}

/** Rates and channels that every browser's Web Audio takes. */
const soundBounds = { lowest: 8000, highest: 96_000, channels: 8 } as const;

export function describeSounds(track: TrackView): SoundCoding {
  const { sampleRate, codec } = track;
  const channels = track.channels > 0 ? track.channels : 1;
  if (sampleRate < soundBounds.lowest || sampleRate > soundBounds.highest || channels > soundBounds.channels) {
    return { kind: 'unsupported', detail: `${codec}: ${sampleRate} Hz, ${channels} channels` };
  }
  const plain = plainSounds.find((one) => one === codec);
  if (plain !== undefined) return { kind: 'plain', detail: plain, codec: plain, sampleRate, channels };
  try {
    return describeSoundStream(track);
  } catch (error) {
    if (error instanceof FormatError) return { kind: 'unsupported', detail: `${codec}: ${error.message}` };
    throw error;
  }
}
