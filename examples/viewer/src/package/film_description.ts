/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { equal } from '../bytes/octets.js';
import { trackKind } from '../container/format.js';
import type { Track } from '../container/header.js';
import { type Box, boxesOf, failFilm, fullBox } from './film_boxes.js';

/** What a film says about the coding of a track (E-FLM-2). */
export interface SampleDescription {
  format: string;
  isPicture: boolean;
  width: number;
  height: number;
  channels: number;
  sampleRate: number;
  /** Of `esds`; null without one. */
  objectType: number | null;
  configuration: Uint8Array;
}

const rule = 'E-FLM-2';
const configurationBoxes: Record<string, string> = { avc1: 'avcC', hvc1: 'hvcC', av01: 'av1C', mp4v: 'esds', mp4a: 'esds' };
const pictureFormats = ['avc1', 'hvc1', 'av01', 'jpeg', 'mp4v'];
const soundFormats = ['mp4a', 'ulaw', 'alaw', 'sowt', 'twos'];

interface Descriptor {
  tag: number;
  content: Cursor;
}

function readDescriptor(cursor: Cursor): Descriptor {
  const tag = cursor.u8('descriptor');
  let size = 0;
  for (let i = 0; ; i++) {
    const byte = cursor.u8('size of a descriptor');
    size = (size << 7) | (byte & 0x7f);
    if ((byte & 0x80) === 0) break;
    if (i === 3) cursor.fail('film: descriptor without an end of its size');
  }
  const offset = cursor.offset;
  return { tag, content: new Cursor(cursor.slice(size, 'descriptor'), rule, offset) };
}

/** Object type and configuration of `esds`, which holds nothing else. */
function readElementary(box: Box): { objectType: number; configuration: Uint8Array } {
  const { cursor } = fullBox(box);
  const stream = readDescriptor(cursor);
  cursor.end('"esds"');
  if (stream.tag !== 3) cursor.fail('film: no elementary stream', rule);
  stream.content.slice(2, 'number of the stream');
  if ((stream.content.u8('flags') & 0xe0) !== 0) cursor.fail('film: stream that depends on another', rule);
  const decoder = readDescriptor(stream.content);
  if (decoder.tag !== 4) cursor.fail('film: no decoder', rule);
  const objectType = decoder.content.u8('object type');
  decoder.content.slice(12, 'rates');
  let configuration = new Uint8Array(0);
  if (decoder.content.remaining > 0) {
    const specific = readDescriptor(decoder.content);
    if (specific.tag !== 5) cursor.fail('film: another descriptor of the decoder', rule);
    configuration = new Uint8Array(specific.content.bytes);
    decoder.content.end('decoder');
  }
  if (stream.content.remaining > 0) {
    const sync = readDescriptor(stream.content);
    if (sync.tag !== 6 || sync.content.remaining !== 1) cursor.fail('film: something behind the decoder', rule);
    stream.content.end('stream');
  }
  return { objectType, configuration };
}

function readExtensions(bytes: Uint8Array, offset: number, format: string, isPicture: boolean): Pick<SampleDescription, 'objectType' | 'configuration'> {
  const wanted = configurationBoxes[format];
  let found: Pick<SampleDescription, 'objectType' | 'configuration'> | null = null;
  const seen = new Set<string>();
  for (const box of boxesOf(bytes, offset)) {
    if (seen.has(box.type)) failFilm(`a second "${box.type}"`, box.offset, rule);
    seen.add(box.type);
    if (box.type === wanted) {
      found = box.type === 'esds' ? readElementary(box) : { objectType: null, configuration: box.content };
    } else if (box.type === 'pasp' && isPicture) {
      const cursor: Cursor = new Cursor(box.content, rule, box.offset);
      if (cursor.u32('pixels') !== cursor.u32('pixels') || cursor.remaining !== 0) failFilm('pixels that are not square', box.offset, rule);
    } else if (box.type !== 'btrt' || box.content.length !== 12) {
      failFilm(`"${box.type}" in a description`, box.offset, rule);
    }
  }
  if (wanted !== undefined && found === null) failFilm('no configuration', offset, rule);
  return found ?? { objectType: null, configuration: new Uint8Array(0) };
}

/** Reads `stsd`: one description, of a codec that is known. */
export function readDescription(stsd: Box, handler: 'vide' | 'soun'): SampleDescription {
  const { cursor } = fullBox(stsd);
  if (cursor.u32('number of descriptions') !== 1) cursor.fail('film: more than one description', rule);
  const [entry, more] = boxesOf(stsd.content.subarray(8), stsd.offset + stsd.headerSize + 8);
  if (entry === undefined || more !== undefined) return failFilm('not one description', stsd.offset, rule);
  const isPicture = handler === 'vide';
  if (!(isPicture ? pictureFormats : soundFormats).includes(entry.type)) failFilm(`codec "${entry.type}"`, entry.offset, rule);
  const start = entry.offset + entry.headerSize;
  const inner: Cursor = new Cursor(entry.content, rule, start);
  inner.slice(6, 'reserved bytes');
  if (inner.u16('data reference') !== 1) inner.fail('film: a data reference that is not there');
  const sizes = isPicture ? readPicture(inner) : readSound(inner);
  const extensions = readExtensions(entry.content.subarray(inner.position), start + inner.position, entry.type, isPicture);
  return { format: entry.type, isPicture, ...sizes, ...extensions };
}

type Sizes = Pick<SampleDescription, 'width' | 'height' | 'channels' | 'sampleRate'>;

function readPicture(cursor: Cursor): Sizes {
  cursor.slice(16, 'reserved bytes');
  const width = cursor.u16('width');
  const height = cursor.u16('height');
  cursor.slice(4 + 4 + 4 + 2 + 32, 'resolution and name');
  if (cursor.u16('depth') !== 24 || cursor.u16('table of colours') !== 0xffff) cursor.fail('film: pictures of another depth, or with a table of colours');
  return { width, height, channels: 0, sampleRate: 0 };
}

function readSound(cursor: Cursor): Sizes {
  if (cursor.u16('version') !== 0) cursor.fail('film: sound of another version');
  cursor.slice(6, 'reserved bytes');
  const channels = cursor.u16('channels');
  if (cursor.u16('bits') !== 16) cursor.fail('film: sound of another number of bits');
  cursor.slice(4, 'reserved bytes');
  const rate = cursor.u32('sampling rate');
  return { width: 0, height: 0, channels, sampleRate: rate / 0x10000 };
}

const objectTypes = { jpeg: 0x6c, mpeg4: 0x20, aac: 0x40 } as const;
const jpegCodecs = ['jpeg', 'mjpg', 'MJPG'];

/** Why a description is not that of the recorder's track; null where it is. */
export function contradicts(description: SampleDescription, track: Track): string | null {
  const { format, objectType, isPicture, width, height } = description;
  if (isPicture !== (track.kind === trackKind.video) || track.kind === trackKind.metadata) return 'a track of another kind';
  const isJpeg = jpegCodecs.includes(track.codec);
  if (isJpeg) {
    if (format !== 'jpeg' && !(format === 'mp4v' && objectType === objectTypes.jpeg)) return 'another codec';
  } else if (format !== track.codec) return 'another codec';
  if (format === 'mp4v' && objectType !== (isJpeg ? objectTypes.jpeg : objectTypes.mpeg4)) return 'another codec';
  if (format === 'mp4a' && objectType !== objectTypes.aac) return 'another codec';
  if (!equal(description.configuration, track.configuration)) return 'another configuration';
  if (isPicture) return (track.width !== 0 && track.width !== width) || (track.height !== 0 && track.height !== height) ? 'pictures in another size' : null;
  const isPlain = format !== 'mp4a';
  return isPlain && (description.channels !== (track.channels || 1) || description.sampleRate !== track.sampleRate) ? 'sound of another rate' : null;
}
