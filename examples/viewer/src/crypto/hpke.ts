/* SPDX-License-Identifier: Apache-2.0 */
import { type Octets, ascii, concat, u16 } from '../bytes/octets.js';
import { AeadKey, nonceSize } from './aead.js';
import { hkdfExpand, hkdfExtract } from './kdf.js';

/** One side of a Diffie-Hellman exchange that RFC 9180 calls the KEM's group. */
export interface KemKey {
  readonly kemId: number;
  /** The public key as it is sent. */
  readonly publicBytes: Octets;
  /** The shared secret with an ephemeral public key; null where that is no valid one. */
  agree(ephemeral: Octets): Promise<Octets | null>;
}

export const kemP256 = 0x0010;
export const kemX25519 = 0x0020;
const kdfHkdfSha256 = 0x0001;
const aeadAes256Gcm = 0x0002;
const version = ascii('HPKE-v1');
const none = new Uint8Array(0);

function labeledExtract(suite: Octets, salt: Uint8Array, label: string, input: Uint8Array): Octets {
  return hkdfExtract(salt, concat(version, suite, ascii(label), input));
}

function labeledExpand(suite: Octets, key: Uint8Array, label: string, info: Uint8Array, size: number): Octets {
  return hkdfExpand(key, concat(u16(size), version, suite, ascii(label), info), size);
}

/** RFC 9180, base mode, one message: HKDF-SHA-256 and AES-256-GCM. Null where it does not open. */
export async function hpkeOpen(
  key: KemKey,
  encapsulated: Octets,
  info: Octets,
  aad: Octets,
  sealed: Octets,
): Promise<Octets | null> {
  const agreed = await key.agree(encapsulated);
  if (agreed === null) return null;
  const kem = concat(ascii('KEM'), u16(key.kemId));
  const context = concat(encapsulated, key.publicBytes);
  const shared = labeledExpand(kem, labeledExtract(kem, none, 'eae_prk', agreed), 'shared_secret', context, 32);
  const suite = concat(ascii('HPKE'), u16(key.kemId), u16(kdfHkdfSha256), u16(aeadAes256Gcm));
  const schedule = concat(
    Uint8Array.of(0),
    labeledExtract(suite, none, 'psk_id_hash', none),
    labeledExtract(suite, none, 'info_hash', info),
  );
  const secret = labeledExtract(suite, shared, 'secret', none);
  const aead = await AeadKey.of(labeledExpand(suite, secret, 'key', schedule, 32));
  return aead.open(labeledExpand(suite, secret, 'base_nonce', schedule, nonceSize), sealed, aad);
}
