/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';

export interface Description {
  name: string | null;
  place: string | null;
  remark: string | null;
}

const minSize = 64;
const maxSize = 4096;

function utf8(cursor: Cursor, size: number): string {
  const bytes = cursor.slice(size, 'text');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return cursor.fail('text that is not UTF-8');
  }
}

export function isDescriptionSize(size: number): boolean {
  return size >= minSize && size <= maxSize && size % minSize === 0;
}

/** Texts of a description (C-HDR-16), which are plain text and nothing else. */
export function readDescription(bytes: Uint8Array, base = -1): Description {
  const cursor: Cursor = new Cursor(bytes, 'C-HDR-16', base);
  if (!isDescriptionSize(bytes.length)) cursor.fail('description of a size that is not allowed');
  const texts: (string | null)[] = [null, null, null, null];
  let last = 0;
  while (cursor.remaining > 0) {
    const kind = cursor.u8('kind of a text');
    if (kind === 0) {
      cursor.zeros(cursor.remaining, 'padding of the description');
      break;
    }
    if (kind > 3) cursor.fail('text of unknown kind');
    if (kind <= last) cursor.fail('texts that are not in order');
    cursor.zeros(1, 'byte behind the kind');
    texts[kind] = utf8(cursor, cursor.u16('length of a text'));
    last = kind;
  }
  return { name: texts[1] ?? null, place: texts[2] ?? null, remark: texts[3] ?? null };
}
