/* SPDX-License-Identifier: Apache-2.0 */
import { ascii, concat, crc32, u32 } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import { headerHashPart, recordType, segmentStartSize } from './format.js';
import type { Header } from './header.js';

const step = 4 << 20;

/** The bytes with which every segment start of a container begins, record header included (C-SEG-3). */
export function segmentMark(header: Header): Uint8Array {
  const fields = concat(Uint8Array.of(recordType.segmentStart, 0, 0, 0), u32(segmentStartSize), u32(0));
  const crc = u32(crc32(fields, 0, fields.length));
  return concat(fields, crc, ascii('SVMSSEG1'), header.hash.subarray(0, headerHashPart));
}

function indexOf(bytes: Uint8Array, mark: Uint8Array): number {
  const first = mark[0] as number;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let i = 1;
    while (i < mark.length && bytes[at + i] === mark[i]) i++;
    if (i === mark.length) return at;
  }
  return -1;
}

/** The next place from `from` on where a segment of this container seems to begin; -1 where there is none. */
export async function findSegment(source: Source, header: Header, from: number, end: number): Promise<number> {
  const mark = segmentMark(header);
  for (let at = from; at + mark.length <= end; at += step) {
    const bytes = await source.read(at, Math.min(step + mark.length - 1, end - at));
    const found = indexOf(bytes, mark);
    if (found >= 0) return at + found;
  }
  return -1;
}
