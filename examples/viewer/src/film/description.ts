/* SPDX-License-Identifier: Apache-2.0 */
import { type Octets, concat, equal, u16, u32 } from '../bytes/octets.js';
import { trackKind } from '../container/format.js';
import type { Track } from '../container/header.js';
import type { TrackKind } from '../evidence/model.js';
import { box, descriptor, fullBox, zeros } from './boxes.js';
import type { LeftOutReason } from './model.js';

const configurationBoxes: Record<string, string> = { avc1: 'avcC', hvc1: 'hvcC', av01: 'av1C' };
const jpegCodecs = ['jpeg', 'mjpg', 'MJPG'];
const plainSound = ['ulaw', 'alaw', 'sowt', 'twos'];
const objectTypes = { jpeg: 0x6c, mpeg4: 0x20, aac: 0x40 } as const;
const streamTypes = { picture: 0x11, sound: 0x15 } as const;

const kinds: Record<number, TrackKind> = { [trackKind.video]: 'video', [trackKind.audio]: 'audio' };

export function kindOf(track: Track): TrackKind {
  return kinds[track.kind] ?? 'metadata';
}

export function isSound(track: Track): boolean {
  return track.kind === trackKind.audio;
}

/** Descriptors are limited to what four digits of seven bits can say; configurations are far shorter. */
function elementary(objectType: number, streamType: number, configuration: Uint8Array): Octets {
  const specific = configuration.length > 0 ? [descriptor(5, configuration)] : [];
  const decoder = descriptor(4, Uint8Array.of(objectType, streamType), zeros(3), u32(0), u32(0), ...specific);
  return fullBox('esds', 0, 0, descriptor(3, u16(0), zeros(1), decoder, descriptor(6, Uint8Array.of(2))));
}

const noName = zeros(32);
const resolution = u32(0x480000);

function pictureEntry(format: string, track: Track, extension: Octets): Octets {
  return box(
    format, zeros(6), u16(1), zeros(16), u16(track.width), u16(track.height), resolution, resolution,
    zeros(4), u16(1), noName, u16(24), u16(0xffff), extension,
  );
}

const defaultChannels = { plain: 1, aac: 2 } as const;
const sampleBits = 16;

function soundEntry(track: Track, extension: Octets): Octets {
  const isPlain = plainSound.includes(track.codec);
  const channels = track.channels || (isPlain ? defaultChannels.plain : defaultChannels.aac);
  // A rate beyond 16 bits stands in the decoder's configuration alone.
  const rate = track.sampleRate <= 0xffff ? track.sampleRate : 0;
  return box(track.codec, zeros(6), u16(1), zeros(8), u16(channels), u16(sampleBits), zeros(4), u16(rate), u16(0), extension);
}

/** Why a film cannot hold a track; null where it can (E-FLM-2, E-FLM-3). */
export function whyNot(track: Track): LeftOutReason | null {
  const { codec, width, height, sampleRate, channels, configuration } = track;
  if (isSound(track)) {
    if (codec === 'mp4a') return configuration.length > 0 && channels <= 0xffff ? null : 'not_described';
    if (!plainSound.includes(codec) || configuration.length > 0) return 'codec';
    return sampleRate > 0 && sampleRate <= 0xffff && channels <= 0xffff ? null : 'not_described';
  }
  const isKnown = configurationBoxes[codec] !== undefined || codec === 'mp4v' || jpegCodecs.includes(codec);
  if (track.kind !== trackKind.video || !isKnown) return 'codec';
  const isSized = width > 0 && height > 0 && width <= 0xffff && height <= 0xffff;
  const isConfigured = configuration.length > 0 || jpegCodecs.includes(codec);
  return isSized && isConfigured ? null : 'not_described';
}

/** The one description of a track for which `whyNot` is null. */
export function describe(track: Track): Octets {
  const { codec, configuration } = track;
  let entry: Octets;
  const name = configurationBoxes[codec];
  if (isSound(track)) {
    entry = soundEntry(track, codec === 'mp4a' ? elementary(objectTypes.aac, streamTypes.sound, configuration) : concat());
  } else if (name !== undefined) {
    entry = pictureEntry(codec, track, box(name, configuration));
  } else {
    const objectType = jpegCodecs.includes(codec) ? objectTypes.jpeg : objectTypes.mpeg4;
    entry = pictureEntry('mp4v', track, elementary(objectType, streamTypes.picture, configuration));
  }
  return fullBox('stsd', 0, 0, u32(1), entry);
}

/** May samples of both stand under one description? */
export function isSameDescription(a: Track, b: Track): boolean {
  return (
    a.kind === b.kind && a.codec === b.codec && a.width === b.width && a.height === b.height &&
    a.sampleRate === b.sampleRate && a.channels === b.channels && equal(a.configuration, b.configuration)
  );
}
