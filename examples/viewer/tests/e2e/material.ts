/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings and packages that the C command line makes from clips, or from synthetic scenes where there are none. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

export const start = '2026-11-21T10:00:00Z';
export const password = 'correct horse battery staple';
/** Would show itself by a property of the page if anything took it for markup. */
export const markup = (name: string): string => `<img src=x onerror="window.__ran='${name}'"><script>window.__ran='${name}'</script>`;

function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

export interface Named {
  verdict: string;
  segment: number;
  time: string;
}

interface CommandReport {
  verdict: string;
  receipt: string;
  first_failure: { segment: number; time: string } | null;
}

export class Material {
  readonly folder = mkdtempSync(join(tmpdir(), 'svms-viewer-'));
  private readonly program = needed('SVMS_PROGRAM');
  private readonly clips = process.env['SVMS_MEDIA'] ?? '';

  /** Takes the folder away however the tests end: there are gigabytes in it. */
  constructor() {
    process.on('exit', () => this.remove());
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(1));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  svms(...words: string[]): string {
    return execFileSync(this.program, words, { cwd: this.folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  }

  ffmpeg(...words: string[]): void {
    execFileSync('ffmpeg', ['-v', 'error', '-y', '-nostdin', ...words], { cwd: this.folder, stdio: ['ignore', 'inherit', 'inherit'] });
  }

  /** As pale and soft as what cameras see, since browsers and FFmpeg differ at the edges of pure colours; grainy, for its size. */
  private synthetic(name: string, words: string[]): string {
    const scene = 'testsrc2=size=640x480:rate=10,hue=s=0.2,gblur=sigma=1.5,noise=c0s=8:c0f=t:all_seed=1';
    this.ffmpeg('-f', 'lavfi', '-i', scene, '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=16000',
      '-t', '24', '-pix_fmt', 'yuv420p', ...words, name);
    return this.path(name);
  }

  /** A clip of the shared folder, or a scene like it. */
  clip(name: string, ...coding: string[]): string {
    const path = join(this.clips, name);
    if (existsSync(path)) return path;
    console.log(`NOTE: ${path} is absent: a synthetic scene takes its place`);
    return this.synthetic(name, coding);
  }

  identities(): void {
    this.svms('identity', 'create', '--out', 'front', '--name', 'Front recorder');
    this.svms('identity', 'create', '--out', 'yard', '--name', 'Yard recorder', '--ca', 'front');
    this.svms('identity', 'create', '--out', 'exporter', '--name', 'A. Fox', '--role', 'exporter', '--ca', 'front');
    this.svms('identity', 'create', '--out', 'custodian', '--name', 'Evidence store', '--role', 'custodian', '--ca', 'front');
    this.svms('identity', 'create', '--out', 'stranger', '--name', 'Somebody else');
    writeFileSync(this.path('password'), `${password}\n`, { mode: 0o600 });
  }

  static signer(who: string): string[] {
    return ['--signer', `${who}/cert.pem`, '--signer-key', `${who}/key.pem`];
  }

  /** A recording in the clear unless `more` says other. */
  record(clip: string, out: string, who = 'front', ...more: string[]): void {
    const protects = more.includes('--password-file') ? [] : ['--protect', 'none'];
    const starts = more.includes('--start-time') ? [] : ['--start-time', start];
    this.svms('record', clip, '--out', out, '--durability', 'none', ...starts, ...protects, ...Material.signer(who), ...more);
  }

  /** A package of these recordings, sealed with the password unless `more` says other. */
  export(out: string, sources: string[], ...more: string[]): void {
    const seals = more.includes('--unsealed') ? [] : ['--password-file', 'password'];
    this.svms('export', 'create', ...sources, '--out', out, '--trust', 'front/ca.pem', '--quiet', '--no-check', ...seals, ...Material.signer('exporter'), ...more);
  }

  /** A copy with one byte changed, and what the command line says of it. */
  tamper(from: string, to: string, offset: number): Named {
    copyFileSync(this.path(from), this.path(to));
    const file = openSync(this.path(to), 'r+');
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, offset);
    byte[0] = 255 - (byte[0] ?? 0);
    writeSync(file, byte, 0, 1, offset);
    closeSync(file);
    const { verdict, first_failure: failure } = this.verified(to);
    if (failure === null) throw new Error(`the command line finds nothing wrong with ${to}`);
    return { verdict, segment: failure.segment, time: failure.time };
  }

  /** What the command line says of a package; without its password, so that a sealed one is never wholly authentic. */
  private verified(name: string): CommandReport {
    const words = ['export', 'verify', name, '--trust', 'front/ca.pem', '--json'];
    return JSON.parse(spawnSync(this.program, words, { cwd: this.folder, encoding: 'utf8' }).stdout) as CommandReport;
  }

  receipt(name: string): string {
    return this.verified(name).receipt;
  }

  fingerprint(): string {
    const text = execFileSync('openssl', ['x509', '-in', this.path('front/ca.pem'), '-noout', '-fingerprint', '-sha256'], { encoding: 'utf8' });
    return text.slice(text.indexOf('=') + 1).trim();
  }

  /** A file without content that takes no room on the disk. */
  hole(name: string, size: number): string {
    writeFileSync(this.path(name), '');
    truncateSync(this.path(name), size);
    return name;
  }

  /** A recording of samples that no camera sends: pictures, and beside each what `metadata` gives. */
  scene(out: string, device: string, encoding: string, metadata: readonly Buffer[]): void {
    const folder = this.path(`${out}.parts`);
    mkdirSync(folder);
    this.ffmpeg('-f', 'lavfi', '-i', `testsrc2=size=320x240:rate=10:duration=${metadata.length / 10}`, '-pix_fmt', 'yuvj420p', join(folder, '%03d.jpg'));
    const namespace = 'http://www.onvif.org/ver10/schema';
    writeFileSync(join(folder, 'metx'), `${encoding}\0${namespace}\0\0`);
    const lines = [`device ${device}`, 'track 1 jpeg 10 320 240 -', `track 3 metx 10 0 0 ${join(folder, 'metx')}`];
    metadata.forEach((bytes, i) => {
      writeFileSync(join(folder, `${i}.xml`), bytes);
      const picture = join(folder, `${String(i + 1).padStart(3, '0')}.jpg`);
      lines.push(`sample 0 1 ${i} 1 ${picture}`, `sample 1 1 ${i} 1 ${join(folder, `${i}.xml`)}`);
    });
    writeFileSync(join(folder, 'scene'), `${lines.join('\n')}\n`);
    execFileSync(needed('SVMS_MAKE_SCENE'), [this.path(out), 'front/cert.pem', 'front/key.pem', join(folder, 'scene')], { cwd: this.folder, stdio: 'inherit' });
  }

  /** One picture of a clip as FFmpeg decodes it: RGB, three bytes a pixel. */
  picture(clip: string, number: number): Buffer {
    const words = ['-v', 'error', '-nostdin', '-i', clip, '-map', '0:v:0', '-vf', `select=eq(n\\,${number})`, '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
    return execFileSync('ffmpeg', words, { cwd: this.folder, maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'inherit'] });
  }
}

const frameOf = (inner: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema"><tt:VideoAnalytics><tt:Frame UtcTime="2026-11-21T10:00:00Z">${inner}</tt:Frame></tt:VideoAnalytics></tt:MetadataStream>`;

/** A scene description with one box whose kind is this text. */
export function boxed(kind: string): string {
  const escaped = kind.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return frameOf(
    `<tt:Object ObjectId="7"><tt:Appearance><tt:Shape><tt:BoundingBox left="-0.5" top="0.5" right="0.5" bottom="-0.5"/><tt:CenterOfGravity x="0" y="0"/></tt:Shape>` +
      `<tt:Class><tt:Type Likelihood="0.9">${escaped}</tt:Type></tt:Class></tt:Appearance></tt:Object>`,
  );
}

/** Entities that would become two thousand million characters. */
export function laughs(): string {
  const levels = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
  return `<?xml version="1.0"?><!DOCTYPE tt:MetadataStream [<!ENTITY l0 "ha">${levels}]><tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema">&l9;</tt:MetadataStream>`;
}

/** A file on this machine, by an entity. */
export const outside = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10/schema">&e;</tt:MetadataStream>`;

/** A zlib stream of a few hundred kilobytes that would become 256 MiB. */
export const zipBomb = (): Buffer => deflateSync(Buffer.alloc(256 << 20, 0x20), { level: 9 });

/** Elements within elements, thousands deep. */
export const deep = (levels: number): string => frameOf(`${'<tt:a>'.repeat(levels)}${'</tt:a>'.repeat(levels)}`);
