/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures that are too large, before and after decoding. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sizesInConfiguration, sizesInSample } from '../src/play/parameter_sets.js';
import { boundOf, refusalOfSize, shareOf } from '../src/play/picture_bounds.js';
import { JpegDecoder, StreamPictureDecoder } from '../src/play/picture_decoders.js';
import type { PictureImage, PictureSink } from '../src/play/platform.js';
import { settle } from './play_fakes.js';

const bytes = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** By x264 and x265, of clips of these sizes. */
const avc642 = '01640016ffe1001b67640016acd940a42fe224c044000003000400000300503c58b65801000668ebe3cb22c0fdf8f800';
const avcInterlaced = '01640015ffe1001a67640015acd941410fcb8088000003000800000300a0f8a14cb001000768fba3cb3002c0fdf8f800';
const hevc642 = '0101600000009000000000003ff000fcfdf8f800000f01a10001002c42010101600000030090000003000003003fa005120171c9265959a4932bc05a020000030002000003001410';

/** A sequence parameter set of H.264 that says this size. */
function avcUnit(width: number, height: number): number[] {
  let text = '';
  const ue = (value: number): void => {
    const binary = (value + 1).toString(2);
    text += '0'.repeat(binary.length - 1) + binary;
  };
  for (const value of [0, 0, 2, 1]) ue(value);
  text += '0';
  ue(width / 16 - 1);
  ue(height / 16 - 1);
  text += '11001';
  const body = text.padEnd(Math.ceil(text.length / 8) * 8, '0').match(/.{8}/g) ?? [];
  return [0x67, 66, 0xc0, 40, ...body.map((eight) => Number.parseInt(eight, 2))];
}

function avcConfiguration(unit: readonly number[]): Uint8Array {
  return Uint8Array.of(1, 66, 0xc0, 40, 0xff, 0xe1, 0, unit.length, ...unit, 0);
}

interface Told {
  pictures: PictureImage[];
  problems: string[];
}

function listen(): { told: Told; sink: PictureSink } {
  const told: Told = { pictures: [], problems: [] };
  const sink = {
    picture: (_: number, image: PictureImage) => void told.pictures.push(image),
    lost: (_: number, reason: string) => void told.problems.push(`lost: ${reason}`),
    failed: (reason: string, isUnsupported: boolean) => void told.problems.push(`${isUnsupported ? 'unsupported' : 'failed'}: ${reason}`),
    ready: () => undefined,
  };
  return { told, sink };
}

interface Size {
  codedWidth: number;
  codedHeight: number;
  displayWidth: number;
  displayHeight: number;
}

let decoders: StandIn[] = [];
let closed = 0;

/** A decoder of the browser that gives what the test says. */
class StandIn extends EventTarget {
  state = 'configured';
  decodeQueueSize = 0;
  taken = 0;

  constructor(readonly told: { output: (frame: unknown) => void; error: (error: DOMException) => void }) {
    super();
    decoders.push(this);
  }

  configure(): void {
    this.state = 'configured';
  }

  decode(): void {
    this.taken += 1;
  }

  give(size: Size): void {
    this.told.output({ ...size, timestamp: 0, allocationSize: () => 12, close: () => (closed += 1) });
  }

  close(): void {
    this.state = 'closed';
  }
}

function openStream(description: Uint8Array, sizes: { codedWidth?: number; codedHeight?: number } = {}): { told: Told; decoder: StreamPictureDecoder } {
  decoders = [];
  closed = 0;
  Object.assign(globalThis, { VideoDecoder: StandIn, EncodedVideoChunk: class {} });
  const { told, sink } = listen();
  return { told, decoder: new StreamPictureDecoder({ codec: 'avc1.42C028', description, ...sizes }, sink, shareOf(1).pixels) };
}

test('parameter sets of H.264 and H.265 tell the size that is decoded', () => {
  assert.deepEqual(sizesInConfiguration('avc1.640016', bytes(avc642)), [{ width: 656, height: 368 }]);
  assert.deepEqual(sizesInConfiguration('avc1.640015', bytes(avcInterlaced)), [{ width: 320, height: 256 }]);
  assert.deepEqual(sizesInConfiguration('hvc1.1', bytes(hevc642)), [{ width: 648, height: 368 }]);
  assert.deepEqual(sizesInConfiguration('avc1.42C028', avcConfiguration(avcUnit(16_000, 12_000))), [{ width: 16_000, height: 12_000 }]);
});

test('parameter sets that are cut off, or in samples without sense, are left to the decoder', () => {
  for (let length = 0; length < 30; length++) assert.deepEqual(sizesInConfiguration('avc1.640016', bytes(avc642).subarray(0, length)), []);
  for (let length = 0; length < 60; length++) assert.ok(sizesInConfiguration('hvc1.1', bytes(hevc642).subarray(0, length)).length === 0);
  const unit = avcUnit(640, 480);
  const sample = Uint8Array.of(0, 0, 0, 2, 9, 0xf0, 0, 0, 0, unit.length, ...unit, 0xff, 0xff, 0xff, 0xff, 1, 2);
  assert.deepEqual(sizesInSample('avc1.42C028', sample), [{ width: 640, height: 480 }]);
  assert.deepEqual(sizesInSample('vp09', sample), []);
});

test('several devices share pixels and bytes, and each keeps what cameras give', () => {
  assert.equal(refusalOfSize({ width: 8192, height: 8000 }, shareOf(1).pixels), null);
  assert.match(refusalOfSize({ width: 16_400, height: 16 }, shareOf(1).pixels) ?? '', /16400 x 16 pixels is too large/);
  assert.match(refusalOfSize({ width: 8200, height: 8200 }, shareOf(1).pixels) ?? '', /too large/);
  assert.match(refusalOfSize({ width: 8192, height: 8000 }, shareOf(9).pixels) ?? '', /too large/);
  assert.equal(refusalOfSize({ width: 4000, height: 3000 }, shareOf(200).pixels), null);
  assert.equal(boundOf(shareOf(1), 4 << 20), 256 << 20);
  assert.equal(boundOf(shareOf(64), 4 << 20), 16 << 20);
  assert.equal(boundOf(shareOf(9), 250 << 20), 500 << 20);
});

test('a configuration that asks for too much is not given to a decoder', () => {
  assert.throws(() => openStream(avcConfiguration(avcUnit(16_000, 12_000))), /16000 x 12000 pixels is too large/);
  assert.throws(() => openStream(avcConfiguration(avcUnit(640, 480)), { codedWidth: 20_000, codedHeight: 480 }), /20000 x 480/);
  assert.equal(decoders.length, 0);
});

test('a parameter set in a sample, a decoded size and a shape that are too large are refused', async () => {
  const { told, decoder } = openStream(avcConfiguration(avcUnit(640, 480)));
  const unit = avcUnit(16_000, 16_000);
  decoder.decode(0, true, Uint8Array.of(0, 0, 0, unit.length, ...unit));
  await settle();
  assert.match(told.problems[0] ?? '', /^failed: a picture of 16000 x 16000/);
  assert.equal(decoders[0]?.taken, 0);
  decoders[0]?.give({ codedWidth: 640, codedHeight: 480, displayWidth: 640, displayHeight: 480 });
  assert.equal(told.pictures.length, 1);
  assert.equal(told.pictures[0]?.bytes, 12);
  decoders[0]?.give({ codedWidth: 9000, codedHeight: 9000, displayWidth: 640, displayHeight: 480 });
  decoders[0]?.give({ codedWidth: 640, codedHeight: 480, displayWidth: 640 * 255, displayHeight: 480 });
  assert.equal(closed, 2);
  assert.match(told.problems[1] ?? '', /9000 x 9000/);
  assert.match(told.problems[2] ?? '', /163200 x 480/);
});

test('a decoder that the browser lacks after all is told from a broken picture', () => {
  const { told } = openStream(avcConfiguration(avcUnit(640, 480)));
  decoders[0]?.told.error(new DOMException('none', 'NotSupportedError'));
  decoders[0]?.told.error(new DOMException('bad data', 'EncodingError'));
  assert.deepEqual(told.problems, ['unsupported: none', 'failed: bad data']);
});

test('a JPEG picture is refused by its header, with words', async () => {
  const { told, sink } = listen();
  const decoder = new JpegDecoder(sink, shareOf(1).pixels);
  decoder.decode(0, true, bytes('ffd8ffc0001108' + '2328' + '2328' + '03011100021100031100ffda'));
  await settle();
  assert.match(told.problems[0] ?? '', /^lost: a picture of 9000 x 9000 pixels is too large/);
});
