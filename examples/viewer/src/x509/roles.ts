/* SPDX-License-Identifier: Apache-2.0 */
import { hex } from '../bytes/octets.js';
import type { Certificate } from './certificate.js';

export const roles = { none: 0, camera: 1, recorder: 2, exporter: 3, custodian: 4, officer: 5 } as const;
export type Role = (typeof roles)[keyof typeof roles];

export const roleNames = ['none', 'camera', 'recorder', 'exporter', 'custodian', 'key-officer'] as const;

/** Content of the object identifier 2.25.132330503438125610743018859333830030049.role (C-ALG-4). */
function purposeOfRole(role: Role): string {
  const digits = [role as number];
  const arcs = [132330503438125610743018859333830030049n, 2n * 40n + 25n];
  for (const arc of arcs) {
    digits.unshift(Number(arc & 0x7fn));
    for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) digits.unshift(Number(rest & 0x7fn) | 0x80);
  }
  return hex(Uint8Array.from(digits));
}

const purposes = Object.values(roles).map(purposeOfRole);

export function hasRole(certificate: Certificate, role: Role): boolean {
  const wanted = purposes[role];
  return wanted !== undefined && (certificate.extendedKeyUsage?.purposes.includes(wanted) ?? false);
}

const timeStamping = '2b06010505070308';

/** Is time stamping, critically, all that the certificate is for (C-VER-10)? */
export function isForTimeStamping(certificate: Certificate): boolean {
  const usage = certificate.extendedKeyUsage;
  return usage !== null && usage.critical && usage.purposes.length === 1 && usage.purposes[0] === timeStamping;
}
