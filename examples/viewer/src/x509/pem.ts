/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import type { Octets } from '../bytes/octets.js';
import { type Certificate, parseCertificate } from './certificate.js';

export interface PemBlock {
  label: string;
  bytes: Octets;
}

const maxPemLength = 4 << 20;

function fromBase64(text: string): Octets {
  const clean = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(clean) || clean.length % 4 !== 0) {
    throw new FormatError('PEM', 'text that is not Base64');
  }
  const binary = atob(clean);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** All blocks of a PEM file, in order. Text around them is passed over. */
export function parsePem(text: string): PemBlock[] {
  if (text.length > maxPemLength) throw new FormatError('PEM', 'file that is too large');
  const blocks: PemBlock[] = [];
  const begin = /-----BEGIN ([A-Z0-9 -]+)-----/g;
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const label = match[1] as string;
    const stop = `-----END ${label}-----`;
    const end = text.indexOf(stop, begin.lastIndex);
    if (end < 0) throw new FormatError('PEM', `block ${label} without an end`);
    blocks.push({ label, bytes: fromBase64(text.slice(begin.lastIndex, end)) });
    begin.lastIndex = end + stop.length;
  }
  return blocks;
}

/** Certificates of a file that is PEM, or one certificate in DER. */
export function certificatesOf(file: Uint8Array): Certificate[] {
  if (file[0] === 0x30) return [parseCertificate(file)];
  return parsePem(new TextDecoder('latin1').decode(file))
    .filter((block) => block.label === 'CERTIFICATE')
    .map((block) => parseCertificate(block.bytes));
}
