/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { after, test } from 'node:test';
import { useCrypto } from '../src/crypto/platform.js';
import { writeClip } from '../src/film/clip.js';
import { judge } from './film_judge.js';
import { Workshop, all, findTools, partOf } from './film_material.js';
import { type Packet, bothCompare, bothVerify, packetsOf, picturesOf, requireNoFault, samePackets, saved, soundOf } from './film_measure.js';

useCrypto(webcrypto as unknown as Crypto);

const { tools, missing } = findTools();
const workshop = tools === null ? null : new Workshop(tools);
after(() => workshop?.close());
if (tools === null) process.stderr.write(`film: ${missing}\n`);

function filmTest(name: string, body: (workshop: Workshop) => Promise<void>): void {
  test(name, { skip: workshop === null ? missing : false }, async () => {
    if (workshop !== null) await body(workshop);
  });
}

interface WholeCase {
  name: string;
  /** Made from a clip of the tests, where it is none. */
  made?: [from: string, ...how: string[]];
  record?: string[];
  tracks: number[];
  samples?: number[];
  /** PCM, which is framed by whoever reads it, and which `svms export mp4` leaves out. */
  isPcm?: true;
}

const clip = 'walkway-h264-aac.mp4';
const wholes: WholeCase[] = [
  { name: clip, tracks: [0, 1], samples: [400, 626] },
  { name: 'walkway-h264-4slices.mp4', tracks: [0], samples: [200] },
  { name: 'walkway-h265.mp4', tracks: [0], samples: [200], record: ['--protect', 'light'] },
  { name: 'walkway-mjpeg.mkv', tracks: [0] },
  { name: 'b-frames.mp4', made: [clip, '-t', '12', '-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-g', '25', '-s', '384x288', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ar', '48000', '-ac', '2'], tracks: [0, 1] },
  { name: 'h265-b-frames.mp4', made: [clip, '-t', '6', '-an', '-c:v', 'libx265', '-x265-params', 'bframes=3:keyint=20:open-gop=0:log-level=none', '-tag:v', 'hvc1', '-preset', 'ultrafast', '-s', '192x144', '-pix_fmt', 'yuv420p'], tracks: [0] },
  { name: 'mulaw.mov', made: [clip, '-t', '8', '-c:v', 'copy', '-c:a', 'pcm_mulaw', '-ar', '8000'], tracks: [0, 1], isPcm: true },
  { name: 'alaw.mkv', made: [clip, '-t', '8', '-c:v', 'copy', '-c:a', 'pcm_alaw', '-ar', '8000'], tracks: [0, 1], isPcm: true },
  { name: 'pcm.mov', made: [clip, '-t', '8', '-c:v', 'copy', '-c:a', 'pcm_s16le', '-ar', '16000'], tracks: [0, 1], isPcm: true },
  { name: 'pictures.mp4', made: [clip, '-t', '8', '-an', '-c:v', 'copy'], tracks: [0], samples: [80], record: ['--protect', 'none'] },
  { name: 'sound.mp4', made: [clip, '-t', '8', '-vn', '-c:a', 'copy'], tracks: [0] },
  { name: 'single.mp4', made: [clip, '-an', '-frames:v', '1', '-c:v', 'copy'], tracks: [0], samples: [1] },
];

for (const one of wholes) {
  filmTest(`a film of the whole of ${one.name}`, async (workshop) => {
    if (one.made !== undefined) workshop.make(one.name, ...one.made);
    const recording = workshop.record(one.name, ...(one.record ?? []));
    const part = await partOf(workshop, recording);
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
    await bothVerify(workshop, path, [recording], result);
    if (one.isPcm !== true) {
      await bothCompare(workshop, path, workshop.prove(recording, one.name), result.samples);
      const streams = result.tracks.map(({ kind }) => (kind === 'video' ? 'v:0' : 'a:0'));
      for (const stream of streams) {
        const [film, original] = [packetsOf(workshop, path, stream), packetsOf(workshop, workshop.clip(one.name), stream)];
        samePackets(film, original, (original[0] as Packet).pts - (film[0] as Packet).pts);
      }
    }
    if (one.isPcm === true) assert.equal(soundOf(workshop, path), soundOf(workshop, workshop.clip(one.name)));
    if (result.tracks[0]?.kind === 'video') {
      const [film, original] = [picturesOf(workshop, path), picturesOf(workshop, workshop.clip(one.name))];
      assert.deepEqual(film.map(({ hash }) => hash), original.map(({ hash }) => hash));
    }
  });
}
