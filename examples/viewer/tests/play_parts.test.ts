/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { type XmlElement, boxesOf, maxBoxes, onvif } from '../src/play/analytics.js';
import { UtcClock } from '../src/play/clock.js';
import { aacObjectType, av1Codec, describeAvc, describeHevc, describePictures, describeSounds, vp9Codec } from '../src/play/codecs.js';
import { decideGap } from '../src/play/gaps.js';
import { jpegSize } from '../src/play/jpeg.js';
import { documentOf, maxDocument, readMetadataCoding } from '../src/play/metadata.js';
import { decodePlain } from '../src/play/pcm.js';
import { Timeline } from '../src/play/timeline.js';
import { refusalOf } from '../src/play/xml_bounds.js';
import { begin, fakeEvidence, fakeTrack, second, segmentAt } from './play_fakes.js';

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** SHA-256 of what FFmpeg 5.1 makes of the bytes 0 to 255: `ffmpeg -f mulaw -ar 8000 -i … -f s16le -`. */
const ffmpegSays = {
  ulaw: '3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827',
  alaw: 'e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174',
} as const;

for (const codec of ['ulaw', 'alaw'] as const) {
  test(`every value of ${codec} is what FFmpeg makes of it`, () => {
    const [values] = decodePlain(codec, 1, Uint8Array.from({ length: 256 }, (_, value) => value));
    const decoded = Buffer.alloc(512);
    values?.forEach((value, at) => decoded.writeInt16LE(value * 32_768, at * 2));
    assert.equal(createHash('sha256').update(decoded).digest('hex'), ffmpegSays[codec]);
  });
}

test('PCM in both byte orders, of several channels, with a piece too many', () => {
  const data = Uint8Array.of(0x00, 0x80, 0xff, 0x7f, 0x01);
  assert.deepEqual(decodePlain('sowt', 2, data), [Float32Array.of(-1), Float32Array.of(32_767 / 32_768)]);
  assert.deepEqual(decodePlain('twos', 1, data), [Float32Array.of(128 / 32_768, -129 / 32_768)]);
  assert.deepEqual(decodePlain('ulaw', 3, Uint8Array.of(255, 255)), [new Float32Array(0), new Float32Array(0), new Float32Array(0)]);
});

test('codec strings, and lengths of four bytes', () => {
  const avc = describeAvc(bytes('014d401ffde100046764001f01000468ee3cb0'));
  assert.equal(avc.codec, 'avc1.4D401F');
  assert.equal(avc.description[4], 0xff);
  const hevc = describeHevc(bytes('01016000000090000000000' + '05af000fcfdf8f800000c00'));
  assert.equal(hevc.codec, 'hvc1.1.6.L90.90');
  const main10 = describeHevc(bytes('0122200000009000000000007b' + 'f000fcfdfafa00000c00'));
  assert.equal(main10.codec, 'hvc1.2.4.H123.90');
  assert.equal((main10.description[21] ?? 0) & 3, 3);
  assert.equal(av1Codec(bytes('81084c00')), 'av01.0.08M.10');
  assert.equal(vp9Codec(bytes('010000000029a20202020000')), 'vp09.00.41.10');
  assert.equal(vp9Codec(new Uint8Array(0)), 'vp09.00.51.08');
  assert.equal(aacObjectType(bytes('1408')), 2);
  assert.equal(aacObjectType(bytes('f8e8')), 39);
});

test('what cannot be described is unsupported, and named', () => {
  const track = fakeTrack(0, 0, 'video', 'avc1');
  for (const configuration of ['', '01', '004d401fff', '014d40']) {
    assert.equal(describePictures({ ...track, configuration: bytes(configuration) }).kind, 'unsupported', configuration);
  }
  assert.deepEqual(describePictures({ ...track, codec: 'zzzz' }), { kind: 'unsupported', detail: 'zzzz' });
  assert.equal(describePictures({ ...track, codec: 'MJPG' }).kind, 'jpeg');
  const sound = fakeTrack(0, 1, 'audio', 'ulaw');
  assert.equal(describeSounds(sound).kind, 'plain');
  for (const change of [{ sampleRate: 0 }, { sampleRate: 4_000_000 }, { channels: 4_000_000_000 }, { codec: 'zzzz' }, { codec: 'mp4a' }]) {
    assert.equal(describeSounds({ ...sound, ...change }).kind, 'unsupported', JSON.stringify(change));
  }
});

test('the clock runs at its rate, waits, and is set', () => {
  let now = 0;
  const clock = new UtcClock(() => now, 1000n);
  now = 500;
  assert.equal(clock.position, 1000n);
  clock.start();
  now = 1500;
  assert.equal(clock.position, 1000n + second);
  clock.setRate(0.25);
  now = 2500;
  assert.equal(clock.position, 1000n + second + second / 4n);
  clock.stop();
  now = 9000;
  clock.start();
  assert.equal(clock.position, 1000n + second + second / 4n);
  clock.setRate(100);
  assert.equal(clock.rate, 16);
  clock.setRate(-3);
  assert.equal(clock.rate, 0.25);
  clock.setRate(Number.NaN);
  assert.equal(clock.rate, 0.25);
  clock.set(7n);
  assert.equal(clock.position, 7n);
});

test('gaps: run, linger, jump, end', () => {
  const open = { isCovered: false, next: 100n * second };
  assert.deepEqual(decideGap([{ isCovered: true, next: null }, open], 0n, 1, 0), { act: 'run' });
  assert.deepEqual(decideGap([open], 98n * second, 1, 5000), { act: 'run' });
  assert.deepEqual(decideGap([open], 0n, 1, 200), { act: 'run' });
  assert.deepEqual(decideGap([open, { isCovered: false, next: 50n * second }], 0n, 1, 1000), { act: 'jump', to: 50n * second });
  assert.deepEqual(decideGap([open], 60n * second, 16, 5000), { act: 'run' });
  assert.deepEqual(decideGap([{ isCovered: false, next: null }], 0n, 1, 0), { act: 'end' });
});

test('parts that overlap do not take turns, and fill gaps of each other', () => {
  const recorder = [segmentAt(0), segmentAt(10), segmentAt(40), segmentAt(50)];
  const camera = [5, 15, 25, 35, 45].map((tenth) => segmentAt(tenth));
  const evidence = fakeEvidence([recorder, camera], [[1, 0]]);
  const [device] = evidence.devices;
  assert.ok(device !== undefined);
  const timeline = Timeline.of(device, evidence);
  const listed = Array.from({ length: timeline.count }, (_, index) => timeline.get(index));
  assert.deepEqual(listed.map((one) => `${one?.part}/${one?.number}`), ['0/0', '0/1', '1/1', '1/2', '1/3', '0/2', '0/3']);
  assert.equal(listed[2]?.from, begin + 2n * second);
  assert.equal(listed[4]?.to, begin + 4n * second);
  assert.equal(timeline.at(begin - 1n), -1);
  assert.equal(timeline.at(begin + 45n * (second / 10n)), 5);
  assert.equal(timeline.isContinued(0), true);
  assert.equal(timeline.isContinued(1), false);
  assert.equal(timeline.end, begin + 6n * second);
});

test('the size of a JPEG picture is known before it is decoded', () => {
  const frame = 'ffc0000b08' + '0240' + '0300' + '01011100';
  assert.deepEqual(jpegSize(bytes(`ffd8ffe00004abcd${frame}`)), { width: 768, height: 576 });
  for (const bad of ['', 'ffd8', 'ffd9', 'ffd8ffda0002', 'ffd8ffe0ffff', 'ffd8ffe00000']) assert.throws(() => jpegSize(bytes(bad)), bad);
});

/** An element without a parser. */
function element(name: string, attributes: Record<string, string>, ...content: (XmlElement | string)[]): XmlElement {
  return {
    namespace: onvif,
    name,
    attribute: (wanted) => attributes[wanted] ?? null,
    children: () => content.filter((one): one is XmlElement => typeof one !== 'string'),
    text: () => content.map((one) => (typeof one === 'string' ? one : one.text())).join(''),
  };
}

function object(id: string, box: Record<string, string>, ...more: XmlElement[]): XmlElement {
  return element('Object', { ObjectId: id }, element('Appearance', {}, element('Shape', {}, element('BoundingBox', box)), ...more));
}

function stream(...content: XmlElement[]): XmlElement {
  return element('MetadataStream', {}, element('VideoAnalytics', {}, element('Frame', {}, ...content)));
}

test('boxes of a scene', () => {
  const human = element('Class', {}, element('Type', { Likelihood: '0.4' }, 'Vehicle'), element('Type', { Likelihood: '0.87' }, '\u202eHu\u0000man'));
  const boxes = boxesOf(stream(object('12', { left: '-1', right: '0', top: '1', bottom: '0' }, human), object('13', { left: '2', right: '3', top: '1', bottom: '0' })));
  assert.deepEqual(boxes, [{ left: 0, right: 0.5, top: 0, bottom: 0.5, label: 'Hu man 87 %', objectId: '12' }]);
});

test('boxes in other coordinates', () => {
  const pixels = element('Transformation', {}, element('Translate', { x: '-1', y: '-1' }), element('Scale', { x: '0.003125', y: '0.00416667' }));
  const older = element('Class', {}, element('ClassCandidate', {}, element('Type', {}, 'Face'), element('Likelihood', {}, '0.5')));
  const [box] = boxesOf(stream(pixels, object('1', { left: '160', right: '480', top: '360', bottom: '120' }, older)));
  assert.ok(box !== undefined);
  for (const [edge, value] of Object.entries({ left: 0.25, right: 0.75, top: 0.25, bottom: 0.75 })) {
    assert.ok(Math.abs(box[edge as 'left'] - value) < 1e-5, edge);
  }
  assert.equal(box.label, 'Face 50 %');
});

test('scenes that are hostile or strange', () => {
  assert.throws(() => boxesOf(element('html', {})));
  const many = Array.from({ length: 5000 }, (_, at) => object(String(at), { left: '0', right: '1', top: '1', bottom: '0' }));
  assert.equal(boxesOf(stream(...many)).length, maxBoxes);
  for (const value of ['', 'NaN', 'Infinity', '1e999', 'x', '0'.repeat(1000)]) {
    assert.deepEqual(boxesOf(stream(object('1', { left: value, right: '1', top: '1', bottom: '0' }))), [], value.slice(0, 10));
  }
});

test('documents that no parser gets to see', () => {
  assert.equal(refusalOf('<?xml version="1.0"?><!-- <a> --><a b=">"><c/><![CDATA[<x>]]></a>'), null);
  const refused = [
    '', 'text', '<a>', '</a>', '<a', '<a b="', '<!DOCTYPE a><a/>', '<!DOCTYPE a [<!ENTITY b "c">]><a/>', '<a><!ELEMENT b></a>', '<!--', '<![CDATA[', '<a <b>></a>',
    '<a>'.repeat(100_000) + '</a>'.repeat(100_000), `<a>${'<b/>'.repeat(100_000)}</a>`, `<a b="${'c'.repeat(900_000)}"/>`,
  ];
  for (const text of refused) assert.notEqual(refusalOf(text), null, text.slice(0, 30));
});

function coding(encoding: string, namespaces = onvif): Uint8Array {
  return new TextEncoder().encode(`${encoding}\0${namespaces}\0\0`);
}

test('metadata: configuration, zlib, and a bomb that is not inflated', async () => {
  assert.deepEqual(readMetadataCoding(coding('application/zlib')), { contentEncoding: 'application/zlib', namespaces: onvif, schemaLocations: '' });
  for (const bad of ['', 'a', '\0\0', '\0\0\0\0', 'a\0b\0c']) assert.throws(() => readMetadataCoding(new TextEncoder().encode(bad)));
  const text = '<a>\u00e4</a>';
  const plain = new TextEncoder().encode(text);
  assert.equal(await documentOf(coding(''), plain), text);
  assert.equal(await documentOf(coding('application/zlib'), deflateSync(plain)), text);
  assert.equal(await documentOf(coding('', 'urn:other'), plain), null);
  await assert.rejects(documentOf(coding('application/gzip'), plain));
  await assert.rejects(documentOf(coding('application/zlib'), plain));
  await assert.rejects(documentOf(coding(''), new TextEncoder().encode('<!DOCTYPE a><a/>')), /C-MTD-3/);
  await assert.rejects(documentOf(coding(''), Uint8Array.of(0x3c, 0xff, 0x3e)));
  await assert.rejects(documentOf(coding(''), new Uint8Array(maxDocument + 1)));
  const bomb = deflateSync(Buffer.alloc(128 << 20), { level: 9 });
  const before = process.memoryUsage().rss;
  await assert.rejects(documentOf(coding('application/zlib'), bomb), /C-MTD-2/);
  assert.ok(process.memoryUsage().rss - before < 64 << 20, 'memory stays');
});
