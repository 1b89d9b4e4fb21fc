/* SPDX-License-Identifier: Apache-2.0 */
import { hex } from '../bytes/octets.js';
import { type DerValue, derChildren, derOf, derTag } from './der.js';

/** Short names of RFC 4514 and of what is common besides, by the content of the object identifier. */
const shortNames: Record<string, string> = {
  '550403': 'CN',
  '550404': 'SN',
  '550405': 'serialNumber',
  '550406': 'C',
  '550407': 'L',
  '550408': 'ST',
  '550409': 'STREET',
  '55040a': 'O',
  '55040b': 'OU',
  '55040c': 'title',
  '55042a': 'GN',
  '2a864886f70d010901': 'emailAddress',
  '0992268993f22c640101': 'UID',
  '0992268993f22c640119': 'DC',
};

const utf8String = 0x0c;
const printableString = 0x13;
const ia5String = 0x16;
const bmpString = 0x1e;

function textOf(value: DerValue): string | null {
  if (value.tag === utf8String || value.tag === printableString || value.tag === ia5String) {
    return new TextDecoder().decode(value.content);
  }
  if (value.tag === bmpString) return new TextDecoder('utf-16be').decode(value.content);
  return null;
}

function escaped(text: string): string {
  return text
    .replace(/[\\"+,;<=>]/g, (special) => `\\${special}`)
    .replace(/[\u0000-\u001f\u007f]/g, (control) => `\\${control.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replace(/^[ #]/, (first) => `\\${first}`)
    .replace(/ $/, '\\ ');
}

function attributeText(attribute: DerValue): string {
  const [type, value] = derChildren(attribute);
  if (type === undefined || type.tag !== derTag.oid || value === undefined) return '?';
  const text = textOf(value);
  const name = shortNames[hex(type.content)] ?? `OID#${hex(type.content)}`;
  return `${name}=${text === null ? `#${hex(value.raw)}` : escaped(text)}`;
}

/** A distinguished name as RFC 4514 writes it, the last part first. */
export function nameText(raw: Uint8Array): string {
  const parts = derChildren(derOf(raw, derTag.sequence));
  return parts
    .reverse()
    .map((part) => derChildren(part).map(attributeText).join('+'))
    .join(',');
}
