/* SPDX-License-Identifier: Apache-2.0 */
import { type Octets, concat, equal } from '../bytes/octets.js';
import { protection } from '../container/format.js';
import type { Track } from '../container/header.js';
import { type Manifest, type TrackEntry, utcOf } from '../container/manifest.js';
import type { OpenedHeader } from '../container/opening.js';
import { sealSample } from '../container/samples.js';
import { leafOf } from '../crypto/merkle.js';
import type { DisclosedSecrets } from './keys.js';
import type { LeavesResult, ProvenSample } from './leaves.js';

/** A leaves frame that holds. */
export interface ProvenSegment {
  source: number;
  opened: OpenedHeader;
  manifest: Manifest;
  secrets: DisclosedSecrets | null;
}

/** A sample that the recorder signed, and where it belongs. */
export interface RecordedSample {
  segment: ProvenSegment;
  track: Track;
  sample: ProvenSample & { presented: NonNullable<ProvenSample['presented']> };
  utc: bigint;
}

/** A sample that is not in the presentation, though its track is. */
export interface AbsentSample {
  source: number;
  segment: number;
  track: number;
  /** Presented samples of its track before it. */
  before: number;
  utc: bigint;
}

/** All samples that a proof presents, by the recorder's track, in order. */
export class ProvenSamples {
  readonly tracks = new Map<number, RecordedSample[]>();
  readonly absent: AbsentSample[] = [];
  private count = 0;

  get presented(): number {
    return this.count;
  }

  add(source: number, opened: OpenedHeader, result: LeavesResult): void {
    if (result.piece === null || result.fault !== null) return;
    const { manifest } = result.piece;
    const segment = { source, opened, manifest, secrets: result.secrets };
    for (const sample of result.samples) {
      const list = this.tracks.get(sample.track) ?? [];
      this.tracks.set(sample.track, list);
      const track = opened.header.tracks[sample.track] as Track;
      const entry = entryOf(manifest, sample.track);
      const { presented } = sample;
      if (presented === null) {
        this.absent.push({ source, segment: manifest.segment, track: sample.track, before: list.length, utc: entry.firstUtc });
        continue;
      }
      list.push({ segment, track, sample: { ...sample, presented }, utc: utcOf(entry, track, presented.header.pts) });
      this.count++;
    }
  }
}

function entryOf(manifest: Manifest, track: number): TrackEntry {
  return manifest.entries.find((entry) => entry.track === track) as TrackEntry;
}

/** Is this the sample that was recorded (E-PRF-3)? */
export async function compareSample(recorded: RecordedSample, plain: Octets): Promise<'same' | 'differs' | 'undecryptable'> {
  const { segment, sample, track } = recorded;
  const { layout, start } = sample.presented;
  if (plain.length !== layout.sampleSize) return 'differs';
  let stored = plain;
  if (track.protection !== protection.none) {
    const secret = segment.secrets?.of(track.number) ?? null;
    if (secret === null || !secret.fits(entryOf(segment.manifest, track.number).commitment)) return 'undecryptable';
    stored = await sealSample(secret, layout, start, plain, sample.index);
  }
  return equal(leafOf(concat(start, stored)), sample.leaf) ? 'same' : 'differs';
}
