/* SPDX-License-Identifier: Apache-2.0 */
/* Digests as they are shown, and compared with what somebody reads on a receipt. */

/** Groups of four digits. */
export function groups(hex: string): string[] {
  return hex.match(/.{1,4}/g) ?? [];
}

export function grouped(hex: string): string {
  return groups(hex).join(' ');
}

export type Comparison =
  | { result: 'empty' | 'characters' | 'match' }
  /** So far the same, but not all of it. */
  | { result: 'partial'; given: number }
  /** The group that differs, from 1. */
  | { result: 'differs'; group: number };

/** What somebody reads on a receipt against the head of the file, while it is being typed. */
export function compareDigest(text: string, actual: string): Comparison {
  const hex = text.replace(/[\s:.\-\u2010-\u2015\u00a0]+/g, '').toLowerCase();
  if (hex === '') return { result: 'empty' };
  if (!/^[0-9a-f]+$/.test(hex)) return { result: 'characters' };
  const wanted = actual.toLowerCase();
  for (let i = 0; i < hex.length; i += 1) {
    if (hex[i] !== wanted[i]) return { result: 'differs', group: Math.floor(i / 4) + 1 };
  }
  return hex.length === wanted.length ? { result: 'match' } : { result: 'partial', given: hex.length };
}
