/* SPDX-License-Identifier: Apache-2.0 */
import { type Octets, ascii, concat, u64 } from '../bytes/octets.js';
import { type Source } from '../bytes/source.js';
import { type ContentKeys, TrackSecret } from '../container/keys.js';
import { UndecryptableError } from '../container/samples.js';
import { AeadKey, nonceSize, tagSize } from '../crypto/aead.js';
import { hkdfExpand } from '../crypto/kdf.js';
import { sealedChunk } from './format.js';

/** Keys of one frame of a sealed package (E-FRM-2); bytes, so that they can be sent to a worker. */
export interface FrameKeys {
  secrets: Octets;
  body: Octets;
}

export function frameKeysOf(keys: ContentKeys, index: number): FrameKeys {
  const derive = (name: string): Octets => hkdfExpand(keys.p, concat(ascii(name), u64(index)), 32);
  return { secrets: derive('svmx1 secrets'), body: derive('svmx1 body') };
}

/** Part A, opened; null where it does not open (E-FRM-3). */
export async function openPartA(key: Octets, sealed: Octets, frameHeader: Octets): Promise<Octets | null> {
  const aead = await AeadKey.of(key);
  return aead.open(new Uint8Array(nonceSize), sealed, frameHeader);
}

const sealedStep = sealedChunk + tagSize;

/** Size of what a sealed part B holds; null where no content gives this size (E-FRM-4). */
export function openedSize(sealedSize: number): number | null {
  if (sealedSize === 0) return 0;
  const chunks = Math.ceil(sealedSize / sealedStep);
  const last = sealedSize - (chunks - 1) * sealedStep;
  return last <= tagSize ? null : sealedSize - chunks * tagSize;
}

function chunkNonce(chunk: number): Octets {
  const nonce = new Uint8Array(nonceSize);
  new DataView(nonce.buffer).setBigUint64(4, BigInt(chunk));
  return nonce;
}

/** A sealed part B that opens as it is read; throws UndecryptableError where a chunk does not. */
export class SealedSource implements Source {
  readonly size: number;
  private aead: Promise<AeadKey> | null = null;

  constructor(
    private readonly sealed: Source,
    private readonly key: Octets,
    private readonly frameHeader: Octets,
    private readonly segment: number,
    private readonly offset: number,
  ) {
    this.size = openedSize(sealed.size) ?? 0;
  }

  async read(offset: number, length: number): Promise<Octets> {
    const end = Math.min(this.size, offset + length);
    if (offset >= end) return new Uint8Array(0);
    this.aead ??= AeadKey.of(this.key);
    const aead = await this.aead;
    const first = Math.floor(offset / sealedChunk);
    const last = Math.floor((end - 1) / sealedChunk);
    const stored = await this.sealed.read(first * sealedStep, (last - first + 1) * sealedStep);
    const opened = await Promise.all(
      Array.from({ length: last - first + 1 }, (_, i) => {
        const part = stored.subarray(i * sealedStep, Math.min(stored.length, (i + 1) * sealedStep));
        return aead.open(chunkNonce(first + i), part, this.frameHeader);
      }),
    );
    const result = new Uint8Array(end - offset);
    for (const [i, part] of opened.entries()) {
      if (part === null) throw new UndecryptableError(this.segment, this.offset, 'a sealed part of the package does not open');
      const start = (first + i) * sealedChunk;
      const from = Math.max(offset, start);
      result.set(part.subarray(from - start, Math.min(end, start + part.length) - start), from - offset);
    }
    return result;
  }
}

/** Secrets of tracks of one segment, as part A hands them out. */
export class DisclosedSecrets {
  private readonly secrets = new Map<number, TrackSecret>();

  constructor(pairs: readonly { track: number; secret: Octets }[]) {
    for (const { track, secret } of pairs) this.secrets.set(track, new TrackSecret(secret));
  }

  get tracks(): number[] {
    return [...this.secrets.keys()];
  }

  of(track: number): TrackSecret | null {
    return this.secrets.get(track) ?? null;
  }
}
