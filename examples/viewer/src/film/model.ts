/* SPDX-License-Identifier: Apache-2.0 */
/* What whoever reads the evidence and the writer of films say to each other. */
import type { Header, Track } from '../container/header.js';
import type { Sample } from '../container/samples.js';
import type { ClipGapReason, SegmentTable, TrackKind, Utc } from '../evidence/model.js';

/*
 * A clip has no proof: that begins with link 0, which is signed with an exporter's certificate (E-LNK-1, E-OVR-1),
 * and the viewer has no identity.
 */

/** A segment that was compared with its manifest, and may be shown. */
export interface ClipSegment {
  /** In the order of the recording. */
  samples(wanted: (track: Track) => boolean): AsyncIterable<Sample>;
}

/** A part of a device's recording: a source of a package, or a container. */
export interface ClipPart {
  /** `Part.index`: how results name it. */
  index: number;
  header: Header;
  /** Every segment that is there, also those before the period: the clip begins with a picture that stands alone. */
  segments: SegmentTable;
  /** Numbers of the tracks that are wanted and were not removed. */
  tracks: readonly number[];
  /**
   * Reads a segment by its number. The reason where nothing of it may be shown, or it does not verify: the
   * clip then has a gap there, as it has behind a sample that does not open.
   */
  read(segment: number): Promise<ClipSegment | ClipGapReason>;
}

export interface ClipInput {
  /** Of one device, in any order. */
  parts: readonly ClipPart[];
  /** The period; the clip begins with the picture at or before `from` with which decoding can begin. */
  from: Utc;
  to: Utc;
  /** From 0 to 1. */
  progress?: (part: number) => void;
  signal?: AbortSignal;
}

export type LeftOutReason =
  /** A film cannot hold metadata, or this codec. */
  | 'codec'
  /** The recorder does not say what a film must: the size of pictures, the rate of sound. */
  | 'not_described'
  /** A film has one recording, codec and configuration in each track; another clip can hold this. */
  | 'another_recording'
  | 'another_configuration'
  /** Samples of the track are in the period, and none with which decoding could begin. */
  | 'no_sync';

export interface LeftOut {
  part: number;
  /** Null for the whole part. */
  track: number | null;
  kind: TrackKind | null;
  codec: string | null;
  reason: LeftOutReason;
}

export interface ClipTrack {
  /** Of the recorder. */
  track: number;
  kind: TrackKind;
  codec: string;
  samples: number;
}

export interface ClipGap {
  from: Utc;
  to: Utc;
  reason: ClipGapReason;
}

export interface ClipResult {
  /** An MP4 file. */
  film: Blob;
  /** Of the first picture that is shown, and of the end of the last one. Without pictures, of sound. */
  from: Utc;
  to: Utc;
  samples: number;
  tracks: ClipTrack[];
  leftOut: LeftOut[];
  /**
   * Where nothing was recorded for more than a second, or where something is missing, does not open or may not be
   * shown: the film keeps its times, and the picture stands. Of the first track; the first 1,000.
   */
  gaps: ClipGap[];
}

export type ClipErrorCode =
  /** There is nothing in the period that a film can hold. */
  | 'empty'
  /** A film cannot say times this far apart, or that many samples. */
  | 'too_long'
  /** The recorder's times contradict each other. */
  | 'times';

export class ClipError extends Error {
  constructor(
    readonly code: ClipErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'ClipError';
  }
}
