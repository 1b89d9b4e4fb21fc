/* SPDX-License-Identifier: Apache-2.0 */
import type { PublicKey } from '../crypto/signature.js';
import type { Header } from './header.js';
import { ObjectSigner } from './objects.js';
import type { ContainerContext } from './segment.js';

/**
 * A context that one thread opened, as it is sent to others: reading certificates costs each thread that begins with
 * it as much as hashing tens of megabytes.
 */
export interface HandedContext {
  header: Header;
  signer: { algorithm: number; key: PublicKey } | null;
}

export function handOver({ header, signer }: ContainerContext): HandedContext {
  return { header, signer: signer === null ? null : { algorithm: signer.algorithm, key: signer.key } };
}

export async function takeOver({ header, signer }: HandedContext): Promise<ContainerContext> {
  if (signer === null) return { header, signer: null };
  const verifier = await ObjectSigner.of(signer.algorithm, signer.key);
  if (verifier === null) throw new Error('the key of the signer cannot be used here');
  return { header, signer: verifier };
}
