/* SPDX-License-Identifier: Apache-2.0 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemorySource } from '../src/bytes/source.js';
import type { ClipResult } from '../src/film/model.js';
import { verifyProof } from '../src/package/proof.js';
import { certificatesOf } from '../src/x509/pem.js';
import type { Judgement } from './film_judge.js';
import type { Workshop } from './film_material.js';
import { proveFilm } from './film_prover.js';

/** Writes a film; also into the folder SVMS_FILM_KEEP, to be looked at. */
export async function saved(workshop: Workshop, name: string, { film }: ClipResult): Promise<string> {
  const path = workshop.at(`${name}.clip.mp4`);
  writeFileSync(path, new Uint8Array(await film.arrayBuffer()));
  const keep = process.env['SVMS_FILM_KEEP'];
  if (keep !== undefined) {
    mkdirSync(keep, { recursive: true });
    writeFileSync(join(keep, `${name}.mp4`), new Uint8Array(await film.arrayBuffer()));
  }
  return path;
}

export function requireNoFault({ faults, jumps }: Judgement): void {
  assert.deepEqual(faults.map(({ rule, reason, sample }) => ({ rule, reason, sample })), []);
  assert.equal(jumps.count, 0);
}

/** What ffprobe says of a packet. */
export interface Packet {
  pts: number;
  dts: number;
  size: number;
  isKey: boolean;
  isHidden: boolean;
  hash: string;
}

export function packetsOf(workshop: Workshop, path: string, stream: string): Packet[] {
  const entries = 'packet=pts_time,dts_time,size,flags,data_hash';
  const text = workshop.probe('-select_streams', stream, '-show_packets', '-show_data_hash', 'MD5', '-show_entries', entries, path);
  const found = JSON.parse(text) as { packets: { pts_time: string; dts_time: string; size: string; flags: string; data_hash: string }[] };
  return found.packets.map(({ pts_time, dts_time, size, flags, data_hash }) => ({
    pts: Number(pts_time), dts: Number(dts_time), size: Number(size), isKey: flags.includes('K'), isHidden: flags.includes('D'), hash: data_hash,
  }));
}

/** Every decoded picture: when it is shown, and its hash. */
export function picturesOf(workshop: Workshop, path: string): { time: number; hash: string }[] {
  const lines = workshop.ffmpeg('-i', path, '-map', '0:v', '-fps_mode', 'passthrough', '-enc_time_base', '1:90000', '-f', 'framemd5', '-').split('\n');
  const fields = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(',').map((field) => field.trim()));
  return fields.map((field) => ({ time: Number(field[2]) / 90_000, hash: field[5] as string }));
}

/** Hash of all sound, decoded. */
export function soundOf(workshop: Workshop, path: string): string {
  return workshop.ffmpeg('-i', path, '-map', '0:a', '-c:a', 'pcm_s16le', '-f', 'md5', '-');
}

const tolerance = 0.0015;

function near(a: number, b: number): boolean {
  return Math.abs(a - b) < tolerance;
}

export function samePackets(film: readonly Packet[], original: readonly Packet[], shift: number): void {
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

async function bothJudge(workshop: Workshop, film: string, proof: string, samples: number, verdict: string, presentation: string): Promise<void> {
  const answer = JSON.parse(workshop.answer('verify-proof', film, proof, '--trust', workshop.at('id', 'ca.pem'), '--json')) as Answer;
  const { same, different, missing: lacking, bytes_besides } = answer.samples;
  const found = { verdict: answer.samples.verdict, same, different, lacking, bytes_besides };
  assert.deepEqual(found, { verdict: 'authentic', same: samples, different: 0, lacking: 0, bytes_besides: 0 }, answer.reason ?? '');
  assert.deepEqual([answer.verdict, answer.presentation, answer.film], [verdict, presentation, 'plain'], answer.reason ?? '');
  const anchors = { certificates: certificatesOf(readFileSync(workshop.at('id', 'ca.pem'))) };
  const trust = { anchors, stampAnchors: { certificates: [] }, now: BigInt(Date.now()) * 1_000_000n };
  const sources = [proof, film].map((path) => new MemorySource(new Uint8Array(readFileSync(path)))) as [MemorySource, MemorySource];
  const report = await verifyProof(sources[0], sources[1], { trust });
  assert.deepEqual([report.samples?.verdict, report.samples?.compared, report.samples?.reason], ['authentic', samples, '']);
  assert.deepEqual([report.verdict, report.presentation, report.jumps?.count], [verdict, presentation, 0], report.reason);
}

/** Both programs compare the samples of a film with a proof that `svms` made of a film of its own of the same samples. */
export async function bothCompare(workshop: Workshop, film: string, proof: string, samples: number): Promise<void> {
  await bothJudge(workshop, film, proof, samples, 'incomplete', 'differs');
}

/** Both programs verify the film with a proof that an exporter of the tests made of it. */
export async function bothVerify(workshop: Workshop, film: string, recordings: readonly string[], result: ClipResult): Promise<void> {
  const signer = { certificate: workshop.at('exporter', 'cert.pem'), key: workshop.at('exporter', 'key.pem') };
  const tracks = result.tracks.map(({ track }) => track);
  const proof = `${film}.proof`;
  writeFileSync(proof, await proveFilm(new Uint8Array(readFileSync(film)), recordings, tracks, workshop.credentials, signer));
  await bothJudge(workshop, film, proof, result.samples, 'authentic', 'same');
}
