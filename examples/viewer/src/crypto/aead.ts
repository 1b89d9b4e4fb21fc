/* SPDX-License-Identifier: Apache-2.0 */
import type { Octets } from '../bytes/octets.js';
import { subtle } from './platform.js';

export const tagSize = 16;
export const nonceSize = 12;

/** A key of AES-256-GCM that only opens (or, for the comparison of proofs, seals). */
export class AeadKey {
  private constructor(private readonly key: CryptoKey) {}

  static async of(raw: Octets): Promise<AeadKey> {
    return new AeadKey(await subtle().importKey('raw', raw, 'AES-GCM', false, ['decrypt', 'encrypt']));
  }

  /** The plaintext, or null where the tag does not fit. `sealed` ends in the tag. */
  async open(nonce: Octets, sealed: Octets, aad: Octets): Promise<Octets | null> {
    if (sealed.length < tagSize) return null;
    const parameters = { name: 'AES-GCM', iv: nonce, additionalData: aad, tagLength: 8 * tagSize };
    try {
      return new Uint8Array(await subtle().decrypt(parameters, this.key, sealed));
    } catch (error) {
      if (error instanceof Error && error.name === 'OperationError') return null;
      throw error;
    }
  }

  /** Ciphertext and tag. */
  async seal(nonce: Octets, plain: Octets, aad: Octets): Promise<Octets> {
    const parameters = { name: 'AES-GCM', iv: nonce, additionalData: aad, tagLength: 8 * tagSize };
    return new Uint8Array(await subtle().encrypt(parameters, this.key, plain));
  }
}

/** RFC 3394; null where the wrapped key was altered or is of another key. */
export async function unwrapAesKey(wrappingKey: Octets, wrapped: Octets): Promise<Octets | null> {
  const kek = await subtle().importKey('raw', wrappingKey, 'AES-KW', false, ['unwrapKey']);
  try {
    const inner = { name: 'HMAC', hash: 'SHA-256' };
    const key = await subtle().unwrapKey('raw', wrapped, kek, 'AES-KW', inner, true, ['sign']);
    return new Uint8Array(await subtle().exportKey('raw', key));
  } catch (error) {
    if (error instanceof Error && (error.name === 'OperationError' || error.name === 'DataError')) return null;
    throw error;
  }
}
