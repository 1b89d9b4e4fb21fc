/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';

/** One value of a DER encoding. `raw` is all of it, `content` what stands behind tag and length. */
export interface DerValue {
  tag: number;
  raw: Uint8Array;
  content: Uint8Array;
}

export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const maxDepth = 32;
const constructed = 0x20;

function fail(what: string): never {
  throw new FormatError('DER', what);
}

/** The value at `at`. Lengths are definite and as short as can be. */
export function derAt(bytes: Uint8Array, at: number): DerValue {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) fail('value without tag or length');
  if ((tag & 0x1f) === 0x1f) fail('tag of more than one byte');
  let start = at + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) fail('indefinite or huge length');
    length = 0;
    for (let i = 0; i < count; i++) {
      const digit = bytes[start++];
      if (digit === undefined || (i === 0 && digit === 0)) fail('length that is not the shortest');
      length = length * 256 + digit;
    }
    if (length < 0x80) fail('length that is not the shortest');
  }
  if (length > bytes.length - start) fail('value that does not fit');
  return { tag, raw: bytes.subarray(at, start + length), content: bytes.subarray(start, start + length) };
}

/** The one value that fills `bytes`. */
export function derOf(bytes: Uint8Array, tag?: number): DerValue {
  const value = derAt(bytes, 0);
  if (value.raw.length !== bytes.length) fail('bytes behind the value');
  if (tag !== undefined && value.tag !== tag) fail(`tag ${value.tag} where ${tag} belongs`);
  return value;
}

/** What a sequence, set or explicit tag holds. */
export function derChildren(value: DerValue): DerValue[] {
  const children: DerValue[] = [];
  for (let at = 0; at < value.content.length; ) {
    const child = derAt(value.content, at);
    children.push(child);
    at += child.raw.length;
  }
  return children;
}

function assertPrimitive(value: DerValue): void {
  const { tag, content } = value;
  const first = content[0];
  switch (tag) {
    case derTag.boolean:
      if (content.length !== 1 || (first !== 0 && first !== 0xff)) fail('boolean');
      break;
    case derTag.integer: {
      const second = content[1];
      if (first === undefined) fail('integer without bytes');
      if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
        fail('integer that is not the shortest');
      }
      break;
    }
    case derTag.null:
      if (content.length !== 0) fail('null with content');
      break;
    case derTag.bitString:
      assertBitString(content);
      break;
    case derTag.oid:
      if (first === undefined || ((content[content.length - 1] as number) & 0x80) !== 0) fail('object identifier');
      break;
    default:
  }
}

function assertBitString(content: Uint8Array): void {
  const unused = content[0];
  if (unused === undefined || unused > 7 || (content.length === 1 && unused !== 0)) fail('bit string');
  if (((content[content.length - 1] as number) & ((1 << unused) - 1)) !== 0 && content.length > 1) {
    fail('bit string whose unused bits are set');
  }
}

function assertValue(value: DerValue, depth: number): void {
  if (depth > maxDepth) fail('too deep');
  const universal = (value.tag & 0xc0) === 0;
  const isConstructed = (value.tag & constructed) !== 0;
  const number = value.tag & 0x1f;
  if (universal) {
    if (number === 0) fail('end-of-contents');
    const mustBeConstructed = number === 16 || number === 17;
    if (mustBeConstructed !== isConstructed) fail('primitive where it is constructed, or the reverse');
  }
  if (!isConstructed) return assertPrimitive(value);
  for (const child of derChildren(value)) assertValue(child, depth + 1);
}

/** Is `bytes` one DER value, but for the order within sets? */
export function assertDer(bytes: Uint8Array): void {
  assertValue(derOf(bytes), 0);
}

/** r ‖ s of an ECDSA-Sig-Value, each of `size` bytes; null where it is none. */
export function ecdsaFromDer(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> | null {
  try {
    const parts = derChildren(derOf(bytes, derTag.sequence));
    const fixed = new Uint8Array(2 * size);
    if (parts.length !== 2) return null;
    for (const [i, part] of parts.entries()) {
      const from = part.content[0] === 0 ? 1 : 0;
      const digits = part.content.subarray(from);
      if (part.tag !== derTag.integer || digits.length > size || (part.content[0] as number) >= 0x80) return null;
      assertPrimitive(part);
      fixed.set(digits, (i + 1) * size - digits.length);
    }
    return fixed;
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}
