/* SPDX-License-Identifier: Apache-2.0 */
/* What the page and the player say to each other. */
import type { Evidence, EvidenceSession, Utc } from '../evidence/model.js';

/** A box of something that was detected, in parts of the picture: 0 to 1 from the left upper corner. */
export interface DetectedBox {
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** Kind of object, with likelihood, as the analytics say; a stranger's text. */
  label: string;
  objectId: string | null;
}

export type DeviceCondition =
  | 'picture'
  /** Nothing was recorded at this moment, or it was left out. */
  | 'gap'
  | 'loading'
  /** Sealed, or not yet called authentic by a report: nothing may be shown. */
  | 'withheld'
  /** This browser cannot decode the codec. */
  | 'unsupported_codec'
  /** What is stored for this moment is not what was signed. */
  | 'altered'
  /** The file cannot be read any more. */
  | 'unreadable'
  /** A picture that cannot be decoded, or is too large to be. */
  | 'broken';

export interface DeviceState {
  device: number;
  condition: DeviceCondition;
  /** Codec or reason, for who wants to know exactly. */
  detail: string;
  /** Of the picture that is shown. */
  utc: Utc | null;
  width: number;
  height: number;
  hasAudio: boolean;
  /** Why metadata of this device could not be read, or not all of it (C-MTD-3); null where nothing was wrong. */
  metadataProblem?: string | null;
}

export interface PlayerState {
  isPlaying: boolean;
  isEnded: boolean;
  /** The moment that is shown. */
  position: Utc;
  /** May be negative never; 0.25 to 16. */
  rate: number;
  /** Device that is heard; null for none. */
  audible: number | null;
  volume: number;
  devices: DeviceState[];
}

export interface PlayerView {
  /** Pictures are drawn here, in the size of the picture. */
  canvas: HTMLCanvasElement;
  /** Called with what was detected at the moment that is shown; empty for nothing. */
  onBoxes(boxes: readonly DetectedBox[]): void;
}

export interface PlayerOptions {
  session: EvidenceSession;
  evidence: Evidence;
  /** By device index; devices without a view are not decoded. */
  views: ReadonlyMap<number, PlayerView>;
  onState(state: PlayerState): void;
}

export interface Player {
  readonly state: PlayerState;
  play(): void;
  pause(): void;
  /** Shows the picture of this moment of every device; resolves when they stand. */
  seek(to: Utc): Promise<void>;
  /** To the next or previous picture of a device, the others in step. */
  step(device: number, by: 1 | -1): Promise<void>;
  setRate(rate: number): void;
  setAudible(device: number | null): void;
  setVolume(volume: number): void;
  /** The picture that is shown, as PNG, without overlay. */
  snapshot(device: number): Promise<{ png: Blob; utc: Utc } | null>;
  /** After unlocking or verification: what was withheld is tried again. */
  refresh(evidence: Evidence): void;
  close(): void;
}

export type CreatePlayer = (options: PlayerOptions) => Player;
