/* SPDX-License-Identifier: Apache-2.0 */
/* Sound without a decoder: G.711 (ITU-T) and PCM of 16 bits. */
import type { PlainSound } from './codecs.js';

const tableSize = 256;
const full = 32_768;

function mulawValue(code: number): number {
  const inverted = ~code & 0xff;
  const bias = 0x84;
  const magnitude = ((((inverted & 0x0f) << 3) + bias) << ((inverted >> 4) & 7)) - bias;
  return inverted & 0x80 ? -magnitude : magnitude;
}

function alawValue(code: number): number {
  const toggled = code ^ 0x55;
  const exponent = (toggled >> 4) & 7;
  const mantissa = (toggled & 0x0f) << 4;
  const magnitude = exponent === 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
  return toggled & 0x80 ? magnitude : -magnitude;
}

function tableOf(value: (code: number) => number): Float32Array {
  return Float32Array.from({ length: tableSize }, (_, code) => value(code) / full);
}

const tables: Record<'ulaw' | 'alaw', Float32Array> = { ulaw: tableOf(mulawValue), alaw: tableOf(alawValue) };

function bytesOf(codec: PlainSound): number {
  return codec === 'ulaw' || codec === 'alaw' ? 1 : 2;
}

/** How many moments of sound these bytes hold; what does not make up a whole one is left out. */
export function plainFrames(codec: PlainSound, channels: number, size: number): number {
  return Math.floor(size / (bytesOf(codec) * channels));
}

function readerOf(codec: PlainSound, data: Uint8Array): (index: number) => number {
  if (codec === 'ulaw' || codec === 'alaw') {
    const table = tables[codec];
    return (index) => table[data[index] ?? 0] ?? 0;
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const isLittle = codec === 'sowt';
  return (index) => view.getInt16(index * 2, isLittle) / full;
}

/** A channel each, from -1 to 1. */
export function decodePlain(codec: PlainSound, channels: number, data: Uint8Array): Float32Array<ArrayBuffer>[] {
  const frames = plainFrames(codec, channels, data.length);
  const read = readerOf(codec, data);
  return Array.from({ length: channels }, (_, channel) => {
    const values = new Float32Array(frames);
    for (let frame = 0; frame < frames; frame++) values[frame] = read(frame * channels + channel);
    return values;
  });
}
