/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';

const marker = { start: 0xd8, firstFrame: 0xc0, lastFrame: 0xcf, scan: 0xda } as const;
/** Markers among those of frames that are none: tables and JPG. */
const notFrames = [0xc4, 0xc8, 0xcc];

/** Size of a picture as its frame header says it (ITU-T T.81), before anything is decoded. */
export function jpegSize(data: Uint8Array): { width: number; height: number } {
  const cursor: Cursor = new Cursor(data, 'JPEG');
  if (cursor.u8('marker') !== 0xff || cursor.u8('marker') !== marker.start) cursor.fail('no picture begins here');
  for (;;) {
    if (cursor.u8('marker') !== 0xff) cursor.fail('no marker');
    let code = cursor.u8('marker');
    while (code === 0xff) code = cursor.u8('marker');
    if (code === marker.scan) cursor.fail('a scan without a frame');
    const length = cursor.u16('length');
    if (length < 2) cursor.fail('length of a segment');
    if (code >= marker.firstFrame && code <= marker.lastFrame && !notFrames.includes(code)) {
      cursor.slice(1, 'precision');
      const height = cursor.u16('height');
      return { width: cursor.u16('width'), height };
    }
    cursor.slice(length - 2, 'segment');
  }
}
