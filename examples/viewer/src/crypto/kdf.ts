/* SPDX-License-Identifier: Apache-2.0 */
import { expand, extract } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Octets, ascii, concat } from '../bytes/octets.js';

export function hkdfExtract(salt: Uint8Array, key: Uint8Array): Octets {
  return extract(sha256, key, salt) as Octets;
}

export function hkdfExpand(key: Uint8Array, info: Uint8Array | string, size: number): Octets {
  return expand(sha256, key, typeof info === 'string' ? ascii(info) : info, size) as Octets;
}

export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Octets {
  return hmac(sha256, key, concat(...parts)) as Octets;
}

/** `progress` is told how far it is, from 0 to 1. */
export async function scryptKey(
  password: Uint8Array,
  salt: Uint8Array,
  log2N: number,
  progress?: (part: number) => void,
): Promise<Octets> {
  const options = { N: 2 ** log2N, r: 8, p: 1, dkLen: 32, maxmem: 2 ** 30 };
  const key = await scryptAsync(password, salt, progress === undefined ? options : { ...options, onProgress: progress });
  return key as Octets;
}
