/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of all browsers open; each is made when it is first asked for. */
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Material, type Named, boxed, deep, laughs, markup, outside, start, zipBomb } from './material.js';

export const startUtc = BigInt(Date.parse('2026-11-21T10:00:00Z')) * 1_000_000n;
/** Moment of a picture of a clip with ten pictures a second. */
export const utcOf = (picture: number): bigint => startUtc + BigInt(picture) * 100_000_000n;

export const hugeSize = 2 ** 31 + 4096;

/** Where a segment begins: 16 bytes before the body of its segment start, which says its number (container.md 6). */
function segmentStart(recording: Buffer, segment: bigint): number {
  let at = recording.indexOf('SVMSSEG1');
  while (at >= 0 && recording.readBigUInt64BE(at + 16) !== segment) at = recording.indexOf('SVMSSEG1', at + 1);
  if (at < 0) throw new Error(`the recording has no segment ${segment}`);
  return at - 16;
}

export class Scenes {
  private readonly made = new Map<string, unknown>();

  constructor(readonly material: Material) {
    material.identities();
  }

  once<Made>(name: string, make: () => Made): Made {
    if (!this.made.has(name)) this.made.set(name, make());
    return this.made.get(name) as Made;
  }

  get ca(): string {
    return this.material.path('front/ca.pem');
  }

  /** H.264 with AAC, and H.264 in four slices. */
  readonly frontClip = (): string => this.once('front clip', () => this.material.clip('walkway-h264-aac.mp4', '-c:v', 'libx264', '-preset', 'veryfast', '-g', '10', '-c:a', 'aac'));
  readonly yardClip = (): string => this.once('yard clip', () => this.material.clip('walkway-h264-4slices.mp4', '-c:v', 'libx264', '-preset', 'veryfast', '-g', '10', '-x264-params', 'slices=4', '-an'));
  readonly h265Clip = (): string => this.once('H.265 clip', () => this.material.clip('walkway-h265.mp4', '-c:v', 'libx265', '-preset', 'veryfast', '-g', '10', '-tag:v', 'hvc1', '-an'));
  readonly mjpegClip = (): string => this.once('MJPEG clip', () => this.material.clip('walkway-mjpeg.mkv', '-c:v', 'mjpeg', '-q:v', '3', '-an'));

  private front(): string {
    return this.once('front', () => {
      this.material.record(this.frontClip(), 'front.svms', 'front', '--device', 'Front door');
      return 'front.svms';
    });
  }

  private yard(): string {
    return this.once('yard', () => {
      this.material.record(this.yardClip(), 'yard.svms', 'yard', '--device', 'Yard');
      return 'yard.svms';
    });
  }

  frontRecording(): string {
    return this.material.path(this.front());
  }

  /** Two devices, sealed, with a custodian's link. */
  pair(): string {
    return this.once('pair', () => {
      const { material } = this;
      material.export('pair.svmx', [this.front(), this.yard()], '--case', '7/2026', '--operator', 'A. Fox', '--reason', 'asked for by the court');
      material.svms('export', 'countersign', 'pair.svmx', '--trust', 'front/ca.pem', '--note', 'received from A. Fox', ...Material.signer('custodian'));
      return material.path('pair.svmx');
    });
  }

  receipt(): string {
    this.pair();
    return this.material.receipt('pair.svmx');
  }

  /** The same with one byte changed in the middle, and what the command line says of it. */
  tampered(): { path: string; named: Named } {
    return this.once('tampered', () => {
      const named = this.material.tamper('pair.svmx', 'tampered.svmx', Math.floor(statSync(this.pair()).size / 3));
      return { path: this.material.path('tampered.svmx'), named };
    });
  }

  locked(): string {
    return this.once('locked', () => {
      this.material.export('locked.svmx', [this.yard()], '--no-reexport');
      return this.material.path('locked.svmx');
    });
  }

  /** Re-export forbidden, with a file beside the recording. */
  lockedWithAttachment(): string {
    return this.once('locked with attachment', () => {
      writeFileSync(this.material.path('statement.txt'), 'A statement.\n');
      this.material.export('kept.svmx', [this.yard()], '--no-reexport', '--attach', 'statement.txt');
      return this.material.path('kept.svmx');
    });
  }

  /** The front recording without its second and third segment; all else is as it was written. */
  cutOut(): string {
    return this.once('cut out', () => {
      const whole = readFileSync(this.frontRecording());
      const cut = Buffer.concat([whole.subarray(0, segmentStart(whole, 1n)), whole.subarray(segmentStart(whole, 3n))]);
      writeFileSync(this.material.path('cut.svms'), cut);
      return this.material.path('cut.svms');
    });
  }

  /** A recording that a password opens. */
  sealedRecording(): string {
    return this.once('sealed recording', () => {
      this.material.record(this.yardClip(), 'sealed.svms', 'yard', '--password-file', 'password');
      return this.material.path('sealed.svms');
    });
  }

  unsigned(): string {
    return this.once('unsigned', () => {
      this.material.svms('record', this.yardClip(), '--out', 'unsigned.svms', '--start-time', start, '--durability', 'none', '--protect', 'none', '--unsigned');
      return this.material.path('unsigned.svms');
    });
  }

  /** A recording that carries the certificate of its authority beside the signer's. */
  withAuthority(): string {
    return this.once('with authority', () => {
      const { material } = this;
      const chain = ['front/cert.pem', 'front/ca.pem'].map((name) => readFileSync(material.path(name), 'utf8'));
      writeFileSync(material.path('chain.pem'), chain.join(''));
      material.svms('record', this.yardClip(), '--out', 'carried.svms', '--start-time', start, '--protect', 'none', '--signer', 'chain.pem', '--signer-key', 'front/key.pem');
      return material.path('carried.svms');
    });
  }

  h265(): string {
    return this.once('H.265', () => {
      this.material.record(this.h265Clip(), 'h265.svms');
      return this.material.path('h265.svms');
    });
  }

  mjpeg(): string {
    return this.once('MJPEG', () => {
      this.material.record(this.mjpegClip(), 'mjpeg.svms');
      return this.material.path('mjpeg.svms');
    });
  }

  /** Pictures with G.711 sound. */
  telephone(): string {
    return this.once('G.711', () => {
      const { material } = this;
      material.ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=10', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=8000', '-t', '6',
        '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'veryfast', '-g', '10', '-c:a', 'pcm_mulaw', 'telephone.mkv');
      material.record('telephone.mkv', 'telephone.svms');
      return material.path('telephone.svms');
    });
  }

  /** Containers of one recording. */
  rotated(): string[] {
    return this.once('rotated', () => {
      this.material.record(this.yardClip(), 'rotated', 'yard', '--rotate', '5s');
      const folder = this.material.path('rotated');
      return readdirSync(folder).filter((name) => name.endsWith('.svms')).sort().map((name) => join(folder, name));
    });
  }

  /** More than 2 GiB: of a file that is a hole. */
  huge(): string {
    return this.once('huge', () => {
      this.material.export('huge.svmx', [this.front()], '--attach', this.material.hole('disk.img', hugeSize));
      return this.material.path('huge.svmx');
    });
  }

  /** Markup wherever somebody may write a text. */
  hostileTexts(): string {
    return this.once('hostile texts', () => {
      const { material } = this;
      material.record('telephone.mkv', 'hostile.svms', 'front', '--device', markup('device'));
      const attachment = '<img src=x onerror=window.__ran=1>.html';
      writeFileSync(material.path(attachment), markup('attachment'));
      material.export('hostile.svmx', ['hostile.svms'], '--case', markup('case'), '--operator', markup('operator'), '--reason', markup('reason'),
        '--comment', markup('comment'), '--note', markup('note'), '--audit-reference', markup('audit'), '--attach', attachment, '--description', markup('description'));
      return material.path('hostile.svmx');
    });
  }

  /** A box whose kind is markup; entities, files, bombs and depth in the pictures behind it. */
  hostileMetadata(): string {
    return this.once('hostile metadata', () => {
      const texts = [boxed(markup('box')), laughs(), outside, deep(100_000), 'not XML', boxed('Person')];
      this.material.scene('metadata.svms', markup('scene'), '', texts.map((text) => Buffer.from(text)));
      return this.material.path('metadata.svms');
    });
  }

  bombs(): string {
    return this.once('bombs', () => {
      this.material.scene('bombs.svms', 'Bombs', 'application/zlib', Array<Buffer>(6).fill(zipBomb()));
      return this.material.path('bombs.svms');
    });
  }
}
