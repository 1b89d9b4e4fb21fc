/* SPDX-License-Identifier: Apache-2.0 */
/* Which sync samples stand alone: a group of H.264 or H.265 may be open, so that it refers to the one before. */
import { Cursor } from '../bytes/cursor.js';
import { FormatError } from '../bytes/errors.js';
import type { PictureCoding } from './codecs.js';

export type Beginning =
  /** All that follows can be decoded. */
  | 'whole'
  /** CRA or BLA of H.265: pictures that refer to what is before it are left out (RASL). */
  | 'leaving'
  /** A picture from which others recover: decoders may refuse to begin here. */
  | 'recovery';

const rule = 'units of a sample';
/** Units in front of the picture's own: parameter sets, messages, delimiters. */
const maxUnits = 256;
const idr = 5;
const rasl = [8, 9];

type Family = 'avc' | 'hevc' | null;

function familyOf(coding: PictureCoding): Family {
  const codec = coding.kind === 'stream' ? coding.config.codec : '';
  if (codec.startsWith('avc1')) return 'avc';
  return codec.startsWith('hvc1') ? 'hevc' : null;
}

/** Whether pictures may be shown before the sync sample behind which they are decoded. */
export function hasOpenGroups(coding: PictureCoding): boolean {
  return familyOf(coding) !== null;
}

/** Type of the first unit that holds a part of the picture itself; null where there is none. */
function pictureUnit(family: 'avc' | 'hevc', data: Uint8Array): number | null {
  const cursor = new Cursor(data, rule);
  try {
    for (let count = 0; count < maxUnits && cursor.remaining > 4; count++) {
      const [first] = cursor.slice(cursor.u32('length'), 'unit');
      if (first === undefined) continue;
      const type = family === 'avc' ? first & 31 : (first >> 1) & 63;
      if (family === 'avc' ? type >= 1 && type <= idr : type < 32) return type;
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  return null;
}

/** What decoding finds that begins at this sync sample. */
export function beginningOf(coding: PictureCoding, data: Uint8Array): Beginning {
  const family = familyOf(coding);
  if (family === null) return 'whole';
  const type = pictureUnit(family, data) ?? -1;
  if (family === 'avc') return type === idr ? 'whole' : 'recovery';
  if (type === 19 || type === 20) return 'whole';
  return type >= 16 && type <= 21 ? 'leaving' : 'recovery';
}

/** Whether a picture that is decoded behind such a beginning, and shown before it, refers to what is before both. */
export function refersBack(coding: PictureCoding, beginning: Beginning, data: Uint8Array): boolean {
  if (beginning === 'recovery') return true;
  return beginning === 'leaving' && familyOf(coding) === 'hevc' && rasl.includes(pictureUnit('hevc', data) ?? -1);
}
