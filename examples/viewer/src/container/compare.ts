/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { equal } from '../bytes/octets.js';
import { merkleRoot } from '../crypto/merkle.js';
import { sampleFlag } from './format.js';
import type { Header, Track } from './header.js';
import { type TrackEntry, endOf, referenceTrack } from './manifest.js';
import type { SampleHeader } from './records.js';
import type { ManifestPiece, SegmentStart } from './segment.js';

type Leaf = Uint8Array | Promise<ArrayBuffer>;

export interface TrackContent {
  track: Track;
  firstPts: bigint;
  leaves: Leaf[];
  times: { pts: bigint; duration: number }[];
}

/** What was found in the records of a segment. */
export interface SegmentContent {
  tracks: Map<number, TrackContent>;
  auxiliary: Leaf[];
  /** Records that are there. */
  records: number;
  lastNumber: number;
  firstSample: { header: SampleHeader; recordsBefore: number } | null;
}

async function rootOf(leaves: readonly Leaf[]): Promise<Uint8Array> {
  const hashes = await Promise.all(leaves);
  return merkleRoot(hashes.map((hash) => (hash instanceof Uint8Array ? hash : new Uint8Array(hash))));
}

/** Everything in a manifest that follows from the records (C-MAN-3). */
export async function compareWithManifest(
  header: Header,
  start: SegmentStart,
  content: SegmentContent,
  piece: ManifestPiece,
  place: { offset: number; bytes: number; number: number },
  removed: ReadonlySet<number> = new Set(),
): Promise<void> {
  const { manifest } = piece;
  const fail = (rule: string, what: string): never => {
    throw new FormatError(rule, what, place.offset);
  };
  if (manifest.segment !== start.segment) fail('C-MAN-3', 'manifest of another segment');
  if (!equal(manifest.salt, start.salt)) fail('C-MAN-3', 'salt that differs from that of the start');
  const missing = manifest.entries.filter((entry) => removed.has(entry.track));
  const leavesMissing = missing.reduce((sum, entry) => sum + entry.leaves, 0);
  if (manifest.records !== content.records + leavesMissing) fail('C-MAN-3', 'another number of records');
  if (missing.length === 0 ? manifest.bytes !== place.bytes : manifest.bytes <= place.bytes) fail('C-MAN-3', 'another number of bytes');
  const entries = manifest.entries.filter((entry) => !removed.has(entry.track));
  for (const number of content.tracks.keys()) {
    if (!entries.some((entry) => entry.track === number)) fail('C-MAN-2', `no entry of track ${number}`);
  }
  for (const entry of entries) await compareEntry(entry, content.tracks.get(entry.track), fail);
  if (manifest.auxiliary.leaves !== content.auxiliary.length) fail('C-MAN-3', 'another number of auxiliary records');
  if (!equal(manifest.auxiliary.root, await rootOf(content.auxiliary))) fail('C-MAN-3', 'auxiliary records that were altered');
  compareTimes(header, content, piece, missing.length > 0, fail);
}

type Fail = (rule: string, what: string) => never;

async function compareEntry(entry: TrackEntry, track: TrackContent | undefined, fail: Fail): Promise<void> {
  if (track === undefined) return fail('C-MAN-2', `entry of track ${entry.track}, which has no sample`);
  if (entry.leaves !== track.leaves.length) fail('C-MAN-3', `another number of samples of track ${entry.track}`);
  if (entry.firstPts !== track.firstPts) fail('C-MAN-3', `another first time of track ${entry.track}`);
  if (!equal(entry.root, await rootOf(track.leaves))) fail('C-MAN-3', `samples of track ${entry.track} were altered`);
}

/** `isPartly`: records of some tracks are missing, which alone could contradict what is here. */
function compareTimes(header: Header, content: SegmentContent, piece: ManifestPiece, isPartly: boolean, fail: Fail): void {
  const { manifest } = piece;
  const first = content.firstSample;
  const isFirstKnown = first !== null && (!isPartly || first.header.number === first.recordsBefore);
  const preferred = referenceTrack(header.tracks);
  let reference = manifest.entries.find((entry) => entry.track === preferred);
  if (reference === undefined && isFirstKnown) {
    reference = manifest.entries.find((entry) => entry.track === first.header.track.number);
  }
  if (reference === undefined) {
    if (!manifest.entries.some((entry) => entry.firstUtc === manifest.firstUtc)) fail('C-MAN-6', 'first UTC of no track');
  } else if (reference.firstUtc !== manifest.firstUtc) {
    fail('C-MAN-6', 'first UTC that is not that of the reference track');
  }
  if (isFirstKnown) {
    const isSync =
      first.header.track.number === reference?.track && (first.header.flags & sampleFlag.sync) !== 0;
    if (isSync !== manifest.beginsWithSync) fail('C-MAN-3', 'flag of the first sample');
  }
  const last = latestEnd(content, manifest.entries);
  const fits = isPartly ? last === null || last <= manifest.lastUtc : last === manifest.lastUtc;
  if (!fits) fail('C-MAN-3', 'last UTC that the samples do not give');
}

function latestEnd(content: SegmentContent, entries: readonly TrackEntry[]): bigint | null {
  let last: bigint | null = null;
  for (const { track, times } of content.tracks.values()) {
    const entry = entries.find((one) => one.track === track.number) as TrackEntry;
    for (const { pts, duration } of times) {
      const end = endOf(entry, track, pts, duration);
      if (last === null || end > last) last = end;
    }
  }
  return last;
}
