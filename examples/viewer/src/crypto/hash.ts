/* SPDX-License-Identifier: Apache-2.0 */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import type { Octets } from '../bytes/octets.js';
import { subtle } from './platform.js';

/** Below this size the call into the browser costs more than hashing right here. */
const smallSize = 1024;

export type HashName = 'SHA-256' | 'SHA-384' | 'SHA-512';

export function sha256Now(bytes: Uint8Array): Octets {
  return nobleSha256(bytes) as Octets;
}

/** SHA-256 of something of any size. The bytes may be changed as soon as this has returned its promise. */
export async function sha256(bytes: Octets): Promise<Octets> {
  if (bytes.length < smallSize) return sha256Now(bytes);
  return new Uint8Array(await subtle().digest('SHA-256', bytes));
}

export async function digest(name: HashName, bytes: Octets): Promise<Octets> {
  return new Uint8Array(await subtle().digest(name, bytes));
}

/** SHA-256 of what comes piece by piece. */
export class RunningSha256 {
  private state = nobleSha256.create();

  update(bytes: Uint8Array): this {
    this.state.update(bytes);
    return this;
  }

  /** The digest of everything so far; more can follow. */
  peek(): Octets {
    return this.state.clone().digest() as Octets;
  }
}

/**
 * Hash of a leaf (C-ALG-5) that stands at `from` to `to` of `window`, whose byte before `from` is
 * free to be used: it becomes the 00 in front of the leaf while the digest takes its copy.
 */
export function leafHash(window: Octets, from: number, to: number): Octets | Promise<ArrayBuffer> {
  const before = window[from - 1] as number;
  window[from - 1] = 0;
  try {
    const leaf = window.subarray(from - 1, to);
    return leaf.length < smallSize ? sha256Now(leaf) : subtle().digest('SHA-256', leaf);
  } finally {
    window[from - 1] = before;
  }
}
