/* SPDX-License-Identifier: Apache-2.0 */

let chosen: Crypto | undefined;

/** For platforms where the global object has no Web Cryptography (Node.js 18). */
export function useCrypto(crypto: Crypto): void {
  chosen = crypto;
}

export function subtle(): SubtleCrypto {
  const there = chosen ?? globalThis.crypto;
  if (there?.subtle === undefined) {
    throw new Error('this browser offers no Web Cryptography to local files');
  }
  return there.subtle;
}
