/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError, TruncatedError, UnsupportedError } from '../bytes/errors.js';
import { type Octets, copyOf, equal, isZero } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import { limits as containerLimits } from '../container/format.js';
import { sha256Now } from '../crypto/hash.js';
import { fileKind, headerSize } from './format.js';

export interface PackageHeader {
  minor: number;
  isProof: boolean;
  isSealed: boolean;
  slotSize: number;
  id: Octets;
  keyCheck: Octets;
  createdUtc: bigint;
  software: string;
  /** h (E-HDR-2). */
  hash: Octets;
  /** Where the first frame begins. */
  firstFrame: number;
}

const magic = Uint8Array.of(0x8a, 0x53, 0x56, 0x58, 0x0d, 0x0a, 0x1a, 0x0a);

/** Does a file begin like a package or proof? */
export function isPackage(start: Uint8Array): boolean {
  return equal(start.subarray(0, magic.length), magic);
}

function readSoftware(cursor: Cursor): string {
  const bytes = cursor.slice(32, 'name of the software');
  let size = bytes.indexOf(0);
  if (size < 0) size = bytes.length;
  if (!isZero(bytes, size)) cursor.fail('bytes behind the name of the software');
  const name = String.fromCharCode(...bytes.subarray(0, size));
  if (!/^[\x20-\x7e]*$/.test(name)) cursor.fail('name of the software that is not printable');
  return name;
}

function readSealing(cursor: Cursor, isProof: boolean): { isSealed: boolean; slotSize: number } {
  const sealed = cursor.u8('sealed');
  if (sealed > 1) cursor.fail('neither sealed nor unsealed');
  cursor.zeros(2, 'bytes behind the kind');
  const slotSize = cursor.u32('slot size');
  const { slotMin, slotMax } = containerLimits;
  const fits = sealed === 0 ? slotSize === 0 : slotSize >= slotMin && slotSize <= slotMax && slotSize % slotMin === 0;
  if (!fits) cursor.fail(`slot size ${slotSize}`, 'E-HDR-3');
  if (sealed === 1 && isProof) cursor.fail('proof that is sealed', 'E-HDR-3');
  return { isSealed: sealed === 1, slotSize };
}

/** Reads and checks the header (section 2). */
export async function readPackageHeader(source: Source): Promise<PackageHeader> {
  const raw = await source.read(0, headerSize);
  if (!isPackage(raw)) throw new FormatError('E-HDR-1', 'the file is no evidence package', 0);
  if (raw.length < headerSize) throw new TruncatedError('E-VER-1', 'the file stops within the header', 0);
  const cursor: Cursor = new Cursor(raw, 'E-HDR-1', 0);
  cursor.slice(magic.length);
  const major = cursor.u8('major version');
  if (major !== 1) throw new UnsupportedError('E-HDR-1', `major version ${major}`, 8);
  const minor = cursor.u8('minor version');
  cursor.zeros(2, 'bytes behind the version');
  cursor.u32('compatible bits');
  if (cursor.u32('critical bits') !== 0) throw new UnsupportedError('E-HDR-1', 'unknown critical bits', 16);
  if (cursor.u32('header length') !== headerSize) cursor.fail('header of another length');
  const kind = cursor.u8('kind');
  if (kind !== fileKind.package && kind !== fileKind.proof) cursor.fail(`file of kind ${kind}`);
  const isProof = kind === fileKind.proof;
  const sealing = readSealing(cursor, isProof);
  const id = copyOf(cursor.slice(16, 'package id'));
  const keyCheck = copyOf(cursor.slice(32, 'key check'));
  if (!sealing.isSealed && !isZero(keyCheck)) cursor.fail('unsealed, with a key check', 'E-HDR-3');
  const createdUtc = cursor.i64('UTC of creation');
  const software = readSoftware(cursor);
  const firstFrame = headerSize + sealing.slotSize;
  return { minor, isProof, ...sealing, id, keyCheck, createdUtc, software, hash: sha256Now(raw), firstFrame };
}
