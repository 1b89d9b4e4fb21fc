/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MemorySource } from '../src/bytes/source.js';
import { useCrypto } from '../src/crypto/platform.js';
import { writeClip } from '../src/film/clip.js';
import { type ClipPart, type ClipResult, ClipError } from '../src/film/model.js';
import { verifyProof } from '../src/package/proof.js';
import { certificatesOf } from '../src/x509/pem.js';
import { type Judgement, judge } from './film_judge.js';
import { Workshop, began, findTools, partOf, second } from './film_material.js';

useCrypto(webcrypto as unknown as Crypto);

const { tools, missing } = findTools();
const workshop = tools === null ? null : new Workshop(tools);
after(() => workshop?.close());
if (tools === null) process.stderr.write(`film: ${missing}\n`);

const all = { from: began - 3600n * second, to: began + 3600n * second };

function filmTest(name: string, body: (workshop: Workshop) => Promise<void>): void {
  test(name, { skip: workshop === null ? missing : false }, async () => {
    if (workshop !== null) await body(workshop);
  });
}

async function saved(workshop: Workshop, name: string, { film }: ClipResult): Promise<string> {
  const path = workshop.at(`${name}.clip.mp4`);
  writeFileSync(path, new Uint8Array(await film.arrayBuffer()));
  const keep = process.env['SVMS_FILM_KEEP'];
  if (keep !== undefined) {
    mkdirSync(keep, { recursive: true });
    writeFileSync(join(keep, `${name}.mp4`), new Uint8Array(await film.arrayBuffer()));
  }
  return path;
}

function requireNoFault({ faults, jumps }: Judgement): void {
  assert.deepEqual(faults.map(({ rule, reason, sample }) => ({ rule, reason, sample })), []);
  assert.equal(jumps.count, 0);
}

interface Packet {
  pts: number;
  dts: number;
  size: number;
  isKey: boolean;
  isHidden: boolean;
  hash: string;
}

function packetsOf(workshop: Workshop, path: string, stream: string): Packet[] {
  const entries = 'packet=pts_time,dts_time,size,flags,data_hash';
  const text = workshop.probe('-select_streams', stream, '-show_packets', '-show_data_hash', 'MD5', '-show_entries', entries, path);
  const found = JSON.parse(text) as { packets: { pts_time: string; dts_time: string; size: string; flags: string; data_hash: string }[] };
  return found.packets.map(({ pts_time, dts_time, size, flags, data_hash }) => ({
    pts: Number(pts_time), dts: Number(dts_time), size: Number(size), isKey: flags.includes('K'), isHidden: flags.includes('D'), hash: data_hash,
  }));
}

/** Every decoded picture: when it is shown, and its hash. */
function picturesOf(workshop: Workshop, path: string): { time: number; hash: string }[] {
  const lines = workshop.ffmpeg('-i', path, '-map', '0:v', '-fps_mode', 'passthrough', '-enc_time_base', '1:90000', '-f', 'framemd5', '-').split('\n');
  const fields = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(',').map((field) => field.trim()));
  return fields.map((field) => ({ time: Number(field[2]) / 90_000, hash: field[5] as string }));
}

const tolerance = 0.0015;

function near(a: number, b: number): boolean {
  return Math.abs(a - b) < tolerance;
}

function samePackets(film: readonly Packet[], original: readonly Packet[], shift: number): void {
  assert.equal(film.length, original.length);
  for (const [i, packet] of film.entries()) {
    const other = original[i] as Packet;
    assert.deepEqual([packet.hash, packet.size, packet.isKey], [other.hash, other.size, other.isKey], `packet ${i}`);
    assert.ok(near(packet.pts + shift, other.pts), `packet ${i}: shown at ${packet.pts}, not at ${other.pts - shift}`);
    assert.ok(near(packet.dts + shift, other.dts), `packet ${i}: decoded at ${packet.dts}, not at ${other.dts - shift}`);
  }
}

interface Answer {
  verdict: string;
  film: string;
  presentation: string;
  reason: string | null;
  samples: { verdict: string; same: number; different: number; missing: number; bytes_besides: number };
}

/** Both programs compare the samples of a film with a proof that was made of another film of the same samples. */
async function bothProve(workshop: Workshop, film: string, proof: string, samples: number): Promise<void> {
  const answer = JSON.parse(workshop.answer('verify-proof', film, proof, '--trust', workshop.at('id', 'ca.pem'), '--json')) as Answer;
  const { verdict, same, different, missing: lacking, bytes_besides } = answer.samples;
  assert.deepEqual({ verdict, same, different, lacking, bytes_besides }, { verdict: 'authentic', same: samples, different: 0, lacking: 0, bytes_besides: 0 }, answer.reason ?? '');
  assert.deepEqual([answer.verdict, answer.presentation, answer.film], ['incomplete', 'differs', 'plain']);
  const anchors = { certificates: certificatesOf(readFileSync(workshop.at('id', 'ca.pem'))) };
  const trust = { anchors, stampAnchors: { certificates: [] }, now: BigInt(Date.now()) * 1_000_000n };
  const sources = [proof, film].map((path) => new MemorySource(new Uint8Array(readFileSync(path)))) as [MemorySource, MemorySource];
  const report = await verifyProof(sources[0], sources[1], { trust });
  assert.deepEqual([report.samples?.verdict, report.samples?.compared, report.samples?.reason], ['authentic', samples, '']);
  assert.deepEqual([report.verdict, report.presentation, report.jumps?.count], ['incomplete', 'differs', 0]);
}

interface WholeCase {
  name: string;
  /** Made from a clip of the tests, where it is none. */
  made?: [from: string, ...how: string[]];
  record?: string[];
  tracks: number[];
  samples?: number[];
  /** PCM is framed by whoever reads it. */
  isFramedAnew?: true;
}

const clip = 'walkway-h264-aac.mp4';
const wholes: WholeCase[] = [
  { name: clip, tracks: [0, 1], samples: [400, 626] },
  { name: 'walkway-h264-4slices.mp4', tracks: [0], samples: [200] },
  { name: 'walkway-h265.mp4', tracks: [0], samples: [200], record: ['--protect', 'light'] },
  { name: 'walkway-mjpeg.mkv', tracks: [0] },
  { name: 'b-frames.mp4', made: [clip, '-t', '12', '-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-g', '25', '-s', '384x288', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ar', '48000', '-ac', '2'], tracks: [0, 1] },
  { name: 'h265-b-frames.mp4', made: [clip, '-t', '6', '-an', '-c:v', 'libx265', '-x265-params', 'bframes=3:keyint=20:open-gop=0:log-level=none', '-tag:v', 'hvc1', '-preset', 'ultrafast', '-s', '192x144', '-pix_fmt', 'yuv420p'], tracks: [0] },
  { name: 'mulaw.mov', made: [clip, '-t', '8', '-c:v', 'copy', '-c:a', 'pcm_mulaw', '-ar', '8000'], tracks: [0, 1], isFramedAnew: true },
  { name: 'alaw.mkv', made: [clip, '-t', '8', '-c:v', 'copy', '-c:a', 'pcm_alaw', '-ar', '8000'], tracks: [0, 1], isFramedAnew: true },
  { name: 'pcm.mov', made: [clip, '-t', '8', '-c:v', 'copy', '-c:a', 'pcm_s16le', '-ar', '16000'], tracks: [0, 1], isFramedAnew: true },
  { name: 'pictures.mp4', made: [clip, '-t', '8', '-an', '-c:v', 'copy'], tracks: [0], samples: [80], record: ['--protect', 'none'] },
  { name: 'sound.mp4', made: [clip, '-t', '8', '-vn', '-c:a', 'copy'], tracks: [0] },
  { name: 'single.mp4', made: [clip, '-an', '-frames:v', '1', '-c:v', 'copy'], tracks: [0], samples: [1] },
];

for (const one of wholes) {
  filmTest(`a film of the whole of ${one.name}`, async (workshop) => {
    if (one.made !== undefined) workshop.make(one.name, ...one.made);
    const recording = workshop.record(one.name, ...(one.record ?? []));
    const part = await partOf(recording);
    const result = await writeClip({ parts: [part], ...all });
    const judged = await judge(result.film, [part], one.tracks);
    requireNoFault(judged);
    for (const [i, { held, recorded }] of judged.tracks.entries()) {
      assert.equal(held.length, recorded.length);
      assert.equal(held.length, result.tracks[i]?.samples);
      if (one.samples !== undefined) assert.equal(held.length, one.samples[i]);
    }
    assert.deepEqual([result.leftOut, result.gaps], [[], []]);
    const path = await saved(workshop, one.name, result);
    await bothProve(workshop, path, workshop.prove(recording, one.name), result.samples);
    if (one.isFramedAnew !== true) {
      const streams = result.tracks.map(({ kind }) => (kind === 'video' ? 'v:0' : 'a:0'));
      for (const stream of streams) {
        const [film, original] = [packetsOf(workshop, path, stream), packetsOf(workshop, workshop.clip(one.name), stream)];
        samePackets(film, original, (original[0] as Packet).pts - (film[0] as Packet).pts);
      }
    }
    if (result.tracks[0]?.kind === 'video') {
      const [film, original] = [picturesOf(workshop, path), picturesOf(workshop, workshop.clip(one.name))];
      assert.deepEqual(film.map(({ hash }) => hash), original.map(({ hash }) => hash));
    }
  });
}
