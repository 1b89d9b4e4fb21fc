/* SPDX-License-Identifier: Apache-2.0 */
import { type Octets, equal } from '../bytes/octets.js';
import { sha256Now } from './hash.js';

export const hashSize = 32;

function nodeHash(left: Uint8Array, right: Uint8Array): Octets {
  const node = new Uint8Array(1 + 2 * hashSize);
  node[0] = 1;
  node.set(left, 1);
  node.set(right, 1 + hashSize);
  return sha256Now(node);
}

/** MTH over leaves that are hashed already (C-ALG-5). */
export function merkleRoot(leaves: readonly Uint8Array[]): Octets {
  const complete: { hash: Uint8Array; size: number }[] = [];
  for (const leaf of leaves) {
    let hash: Uint8Array = leaf;
    let size = 1;
    while (complete.length > 0 && complete[complete.length - 1]?.size === size) {
      hash = nodeHash((complete.pop() as { hash: Uint8Array }).hash, hash);
      size *= 2;
    }
    complete.push({ hash, size });
  }
  const last = complete.pop();
  if (last === undefined) return sha256Now(new Uint8Array(0));
  let root = last.hash;
  while (complete.length > 0) root = nodeHash((complete.pop() as { hash: Uint8Array }).hash, root);
  return root as Octets;
}

/** Does the RFC 6962 inclusion proof lead from the leaf to the root, using every node of it? */
export function proves(
  leaf: Uint8Array,
  index: bigint,
  treeSize: bigint,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (index >= treeSize) return false;
  let node = index;
  let last = treeSize - 1n;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0n) return false;
    if ((node & 1n) === 1n || node === last) {
      hash = nodeHash(sibling, hash);
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n && equal(hash, root);
}

export function leafOf(data: Uint8Array): Octets {
  const leaf = new Uint8Array(1 + data.length);
  leaf.set(data, 1);
  return sha256Now(leaf);
}
