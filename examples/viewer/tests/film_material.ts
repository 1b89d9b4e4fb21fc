/* SPDX-License-Identifier: Apache-2.0 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { MemorySource } from '../src/bytes/source.js';
import { type Credentials, openSlot } from '../src/container/access.js';
import { keyEncryptionKeysOf } from '../src/container/identities.js';
import { openContainer, slotOwner } from '../src/container/opening.js';
import { readSegment, secretsOf } from '../src/container/samples.js';
import { skimSegment } from '../src/container/skim.js';
import { FormatError } from '../src/bytes/errors.js';
import type { ClipPart } from '../src/film/model.js';
import { vectorFolder } from './vectors.js';

export const second = 1_000_000_000n;
/** UTC with which recordings of the tests begin. */
export const began = BigInt(Date.parse('2026-11-21T10:00:00Z')) * 1_000_000n;
/** A period that holds everything. */
export const all = { from: began - 3600n * second, to: began + 3600n * second };

function hasProgram(name: string): boolean {
  return spawnSync(name, ['-version'], { stdio: 'ignore' }).status === 0;
}

/** What is needed to make recordings; null, with the reason, where something is missing. */
export interface Tools {
  svms: string;
  media: string;
}

export function findTools(): { tools: Tools | null; missing: string } {
  const svms = process.env['SVMS_PROGRAM'] ?? '';
  const media = process.env['SVMS_MEDIA'] ?? join(dirname(dirname(vectorFolder())), '..', 'shared', 'media');
  const say = (missing: string): { tools: null; missing: string } => ({ tools: null, missing: `NOT TESTED: ${missing}` });
  if (svms === '' || !existsSync(svms)) return say('SVMS_PROGRAM does not name the program svms');
  if (!existsSync(join(media, 'walkway-h264-aac.mp4'))) return say('SVMS_MEDIA does not name the folder of clips');
  if (!hasProgram('ffmpeg') || !hasProgram('ffprobe')) return say('there is no ffmpeg');
  return { tools: { svms: resolve(svms), media: resolve(media) }, missing: '' };
}

/** A folder with identities, in which recordings are made once each. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'svms-film-'));

  constructor(private readonly tools: Tools) {
    this.run('kek', 'new', '--out', this.at('kek'));
    this.run('identity', 'create', '--out', this.at('id'), '--name', 'Recorder');
    this.run('identity', 'create', '--out', this.at('exporter'), '--name', 'Exporter', '--role', 'exporter', '--ca', this.at('id'));
  }

  at(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** A clip of the tests, or one that was made here. */
  clip(name: string): string {
    const own = this.at(name);
    return existsSync(own) ? own : join(this.tools.media, name);
  }

  run(...args: string[]): string {
    return execFileSync(this.tools.svms, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  }

  /** Of a command that may fail. */
  answer(...args: string[]): string {
    return spawnSync(this.tools.svms, args, { encoding: 'utf8' }).stdout;
  }

  ffmpeg(...args: string[]): string {
    return execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  }

  probe(...args: string[]): string {
    return execFileSync('ffprobe', ['-v', 'error', '-of', 'json', ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  }

  /** Makes a clip from the clips of the tests. */
  make(name: string, from: string, ...how: string[]): string {
    const out = this.at(name);
    if (!existsSync(out)) this.ffmpeg('-i', this.clip(from), ...how, out);
    return name;
  }

  /** Records a clip, and returns the path of the recording: a folder where it is told to rotate. */
  record(name: string, ...more: string[]): string {
    const out = this.at(more.includes('--rotate') ? `${name}.parts` : `${name}.svms`);
    if (existsSync(out)) return out;
    const who = ['--signer', this.at('id', 'cert.pem'), '--signer-key', this.at('id', 'key.pem'), '--kek', this.at('kek')];
    this.run('record', this.clip(name), '--out', out, ...who, '--start-time', '2026-11-21T10:00:00Z', ...more);
    return out;
  }

  /** A proof of all of a recording, or of a period. */
  prove(recording: string, name: string, ...more: string[]): string {
    const proof = this.at(`${name}.proof`);
    const who = ['--signer', this.at('exporter', 'cert.pem'), '--signer-key', this.at('exporter', 'key.pem'), '--kek', this.at('kek')];
    // Of a recording of which a part is missing it says so by its status, and makes the proof.
    this.answer('export', 'mp4', recording, '--out', this.at(`${name}.reference.mp4`), '--proof', proof, ...who, '--trust', this.at('id', 'ca.pem'), ...more);
    return proof;
  }

  /** Opens what `record` makes. */
  get credentials(): Credentials {
    return { keys: keyEncryptionKeysOf(readFileSync(this.at('kek'), 'utf8')) };
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A container as the writer of clips takes it; with all its tracks. */
export async function partOf(workshop: Workshop, path: string, index = 0): Promise<ClipPart> {
  return partOfBytes(new Uint8Array(readFileSync(path)), workshop.credentials, index);
}

export async function partOfBytes(bytes: Uint8Array, credentials: Credentials, index = 0): Promise<ClipPart> {
  const source = new MemorySource(bytes);
  const opened = await openContainer(source);
  const { header, slot } = opened;
  const key = slot === null || header.keys === null ? null : await openSlot(slot, credentials, slotOwner(header), header.keys.check);
  const secrets = key !== null && key.state === 'opened' ? secretsOf(key.keys) : null;
  const places = new Map<number, { offset: number; end: number }>();
  const listed: { number: number; first: bigint; last: bigint }[] = [];
  for (let at = opened.firstRecord; ; ) {
    const skimmed = await skimSegment(opened, source, at).catch((error: unknown) => {
      if (error instanceof FormatError) return null;
      throw error;
    });
    if (skimmed === null) break;
    const { segment, firstUtc, lastUtc } = skimmed.piece.manifest;
    places.set(segment, { offset: at, end: skimmed.end });
    listed.push({ number: segment, first: firstUtc, last: lastUtc });
    at = skimmed.end;
  }
  return {
    index,
    header,
    tracks: header.tracks.map((track) => track.number),
    segments: {
      numbers: Float64Array.from(listed, (one) => one.number),
      first: BigInt64Array.from(listed, (one) => one.first),
      last: BigInt64Array.from(listed, (one) => one.last),
    },
    read: async (number) => {
      const place = places.get(number);
      return place === undefined ? 'lost' : readSegment(opened, source, place, secrets);
    },
  };
}
