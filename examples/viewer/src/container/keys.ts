/* SPDX-License-Identifier: Apache-2.0 */
import { type Octets, ascii, concat, copyOf, equalSecret, u16, u64 } from '../bytes/octets.js';
import { AeadKey, nonceSize } from '../crypto/aead.js';
import { hkdfExpand, hkdfExtract } from '../crypto/kdf.js';

const suite = 1;

/** T of one track of one segment: it opens these samples and nothing else (C-KEY-4). */
export class TrackSecret {
  private readonly nonceBase: Octets;
  readonly commitment: Octets;
  private key: Promise<AeadKey> | null = null;

  constructor(private readonly secret: Octets) {
    this.nonceBase = hkdfExpand(secret, 'svms1 nonce', nonceSize);
    this.commitment = hkdfExpand(secret, 'svms1 commit', 32);
  }

  /** Is it the secret that the signed manifest commits to (C-KEY-5)? */
  fits(commitment: Octets): boolean {
    return equalSecret(this.commitment, commitment);
  }

  aead(): Promise<AeadKey> {
    this.key ??= AeadKey.of(hkdfExpand(this.secret, 'svms1 key', 32));
    return this.key;
  }

  /** Nonce of a chunk of the sample with this index among the leaves of its track (C-KEY-6). */
  nonce(sample: number, chunk: number): Octets {
    const nonce = copyOf(this.nonceBase);
    const view = new DataView(nonce.buffer);
    view.setBigUint64(0, view.getBigUint64(0) ^ BigInt(sample));
    view.setUint32(8, (view.getUint32(8) ^ chunk) >>> 0);
    return nonce;
  }
}

/** Secret of a track of a segment; P is all it takes (C-KEY-4), so that P alone can be sent to a worker. */
export function trackSecretOf(p: Octets, segment: number, track: number, salt: Octets): TrackSecret {
  const info = concat(ascii('svms1 track'), u16(suite), u64(segment), Uint8Array.of(track), salt);
  return new TrackSecret(hkdfExpand(p, info, 32));
}

/** What follows from a content key, or package key, that fits its header (section 8). */
export class ContentKeys {
  private constructor(
    private readonly id: Octets,
    private readonly ph: Octets,
    /** P, of which everything but the key check follows. */
    readonly p: Octets,
  ) {}

  /** Null where the key does not give the key check (C-KEY-2). */
  static of(contentKey: Octets, id: Octets, headerHash: Octets, keyCheck: Octets): ContentKeys | null {
    if (contentKey.length !== 32) return null;
    const ph = hkdfExtract(id, contentKey);
    if (!equalSecret(hkdfExpand(ph, 'svms1 key check', 32), keyCheck)) return null;
    return new ContentKeys(id, ph, hkdfExtract(headerHash, contentKey));
  }

  accessKey(): Octets {
    return hkdfExpand(this.p, 'svms1 access', 32);
  }

  trackSecret(segment: number, track: number, salt: Octets): TrackSecret {
    return trackSecretOf(this.p, segment, track, salt);
  }

  /** The texts of a sealed description; null where they do not open (C-KEY-3). */
  async openDescription(sealed: Octets): Promise<Octets | null> {
    const key = await AeadKey.of(hkdfExpand(this.ph, 'svms1 description', 32));
    return key.open(new Uint8Array(nonceSize), sealed, this.id);
  }
}
