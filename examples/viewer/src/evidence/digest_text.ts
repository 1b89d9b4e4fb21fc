/* SPDX-License-Identifier: Apache-2.0 */
/* Digests and fingerprints as people write and paste them. */

export type DigestInput = { ok: true; hex: string } | { ok: false; fault: 'empty' | 'characters' | 'length' };

const digits = 64;

/** SHA-256 as somebody pasted it: with colons, blanks, line breaks, or what a tool wrote before it. */
export function readDigest(text: string): DigestInput {
  const behindName = text.replace(/^[^=]*=(?=[\s0-9a-f])/i, '').replace(/^\s*sha-?256\s*(fingerprint)?\s*[:=]?\s*/i, '');
  const hex = behindName.replace(/[\s:.\-\u2010-\u2015\u00a0]+/g, '').toLowerCase();
  if (hex === '') return { ok: false, fault: 'empty' };
  if (!/^[0-9a-f]+$/.test(hex)) return { ok: false, fault: 'characters' };
  if (hex.length !== digits) return { ok: false, fault: 'length' };
  return { ok: true, hex };
}
