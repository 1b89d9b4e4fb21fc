/* SPDX-License-Identifier: Apache-2.0 */
/* Decoded pictures of a device that are held: the one that is shown, some before and some behind it. */
import type { Utc } from '../evidence/model.js';
import { type Place, comparePlaces } from './pictures.js';
import { type PictureShare, boundOf } from './picture_bounds.js';
import type { PictureImage, Platform } from './platform.js';

export interface HeldPicture {
  place: Place;
  utc: Utc;
  image: PictureImage;
}

/** Never more decoded pictures than this of one device, and fewer where they are large. */
const maxHeld = 24;

export class PictureShelf {
  private pictures: HeldPicture[] = [];
  private readonly copying = new Set<HeldPicture>();

  /** Bytes of the last picture that came: what the next ones are likely to take. */
  private unit = 0;

  constructor(
    private readonly platform: Platform,
    private readonly share: PictureShare,
  ) {}

  get count(): number {
    return this.pictures.length;
  }

  get bytes(): number {
    return this.pictures.reduce((bytes, one) => bytes + one.image.bytes, 0);
  }

  /** How many more pictures may be held. */
  get room(): number {
    if (this.unit === 0) return maxHeld - this.count;
    const left = Math.floor((boundOf(this.share, this.unit) - this.bytes) / this.unit);
    return Math.max(0, Math.min(maxHeld - this.count, left));
  }

  find(place: Place): HeldPicture | null {
    return this.pictures.find((one) => comparePlaces(one.place, place) === 0) ?? null;
  }

  /** The newest one that begins at or before a moment. */
  newestAt(utc: Utc): HeldPicture | null {
    let newest: HeldPicture | null = null;
    for (const one of this.pictures) if (one.utc <= utc) newest = one;
    return newest;
  }

  countAfter(utc: Utc): number {
    return this.pictures.filter((one) => one.utc > utc).length;
  }

  /** Takes a picture; where there is no room it closes it and says so. */
  put(picture: HeldPicture): boolean {
    this.unit = picture.image.bytes;
    if (this.room < 1 || this.find(picture.place) !== null) {
      picture.image.close();
      return false;
    }
    let at = this.pictures.length;
    while (at > 0 && (this.pictures[at - 1] as HeldPicture).utc > picture.utc) at--;
    this.pictures.splice(at, 0, picture);
    return true;
  }

  /** For the picture that is looked for everything else goes, from the farthest on, as far as it must. */
  makeRoom(picture: HeldPicture): void {
    this.unit = picture.image.bytes;
    while (this.room < 1 && this.pictures.length > 0) {
      const [first, last] = [this.pictures[0], this.pictures[this.pictures.length - 1]];
      if (first === undefined || last === undefined) return;
      const isLastFarther = last.utc - picture.utc > picture.utc - first.utc;
      (isLastFarther ? this.pictures.pop() : this.pictures.shift())?.image.close();
    }
  }

  /** Keeps `count` pictures before a moment, and closes those that are older, or newer than `to`. */
  trim(utc: Utc, count: number, to: Utc | null): void {
    const older = this.pictures.filter((one) => one.utc < utc).length;
    this.pictures = this.pictures.filter((one, rank) => {
      const isKept = rank >= older - count && (to === null || one.utc <= to);
      if (!isKept) one.image.close();
      return isKept;
    });
  }

  /** Replaces the decoder's memory by other memory, for pictures that are kept for long. */
  copyOut(picture: HeldPicture): void {
    if (!picture.image.isScarce || this.copying.has(picture)) return;
    const original = picture.image;
    this.copying.add(picture);
    this.platform.copy(original).then(
      (copy) => {
        this.copying.delete(picture);
        if (!this.pictures.includes(picture) || picture.image !== original) {
          copy.close();
          return;
        }
        picture.image = copy;
        original.close();
      },
      // It stays what it is; when its turn comes it is closed like others.
      () => this.copying.delete(picture),
    );
  }

  /** Keeps `count` pictures behind a moment, the nearest ones. */
  limitAhead(utc: Utc, count: number): void {
    const ahead = this.pictures.filter((one) => one.utc > utc);
    const last = ahead[count - 1];
    if (last !== undefined) this.trim(utc, this.pictures.length, last.utc);
  }

  /** Pictures before a moment are kept for long. */
  copyOlder(utc: Utc): void {
    for (const one of this.pictures) if (one.utc < utc) this.copyOut(one);
  }

  clear(): void {
    for (const one of this.pictures) one.image.close();
    this.pictures = [];
  }
}
