/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory decoded pictures may take, whatever a file says. */

export interface PictureSize {
  width: number;
  height: number;
}

/** What every browser's canvas takes. */
const maxSide = 16_384;
/** A picture of so many pixels takes 256 MiB. */
const maxPixels = 64 << 20;
/** All devices together; but a device is never refused what cameras of today give: 4000 x 3000. */
const pixelsTogether = 128 << 20;
const leastPixels = 12 << 20;

/** Decoded pictures that are held, of all devices. */
const bytesTogether = 256 << 20;
/** Four small pictures are held of each device in any case: decoders give them out in bursts. */
const leastBytes = 64 << 20;

/** What a device may take when so many are shown. */
export interface PictureShare {
  /** Pixels of one picture. */
  pixels: number;
  /** Bytes of all pictures that are held. */
  bytes: number;
}

export function shareOf(devices: number): PictureShare {
  const count = Math.max(1, devices);
  return {
    pixels: Math.max(leastPixels, Math.min(maxPixels, Math.floor(pixelsTogether / count))),
    bytes: Math.floor(bytesTogether / count),
  };
}

/** Bytes that a device may hold in pictures of this size: never less than the one that is shown and the next. */
export function boundOf(share: PictureShare, pictureBytes: number): number {
  return Math.max(share.bytes, 2 * pictureBytes, Math.min(4 * pictureBytes, leastBytes));
}

/** Why a picture of this size is not shown; null where it is. */
export function refusalOfSize({ width, height }: PictureSize, pixels: number): string | null {
  if (width <= maxSide && height <= maxSide && width * height <= pixels) return null;
  return `a picture of ${width} x ${height} pixels is too large to be shown: at most ${maxSide} a side and ${Math.floor(pixels / 1e6)} million of a device are`;
}
