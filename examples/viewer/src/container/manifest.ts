/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { type Octets, copyOf, equal, isZero } from '../bytes/octets.js';
import { auxiliaryTrack, hashSize, limits, maxI64, minI64, objectType, protection, recordHeaderSize, trackKind } from './format.js';
import type { Header, Track } from './header.js';
import { readPrefixLike } from './objects.js';

export interface TrackEntry {
  track: number;
  leaves: number;
  firstPts: bigint;
  firstUtc: bigint;
  root: Octets;
  commitment: Octets;
}

export interface Manifest {
  segment: number;
  previous: Octets;
  salt: Octets;
  firstUtc: bigint;
  lastUtc: bigint;
  madeUtc: bigint;
  monotonic: bigint;
  bytes: number;
  records: number;
  clockState: number;
  gap: number;
  beginsWithSync: boolean;
  evidenceHash: Octets;
  entries: TrackEntry[];
  auxiliary: TrackEntry;
}

function readEntry(cursor: Cursor): TrackEntry {
  const track = cursor.u8('track number');
  cursor.zeros(3, 'bytes behind the track number');
  return {
    track,
    leaves: cursor.u32('number of leaves'),
    firstPts: cursor.i64('presentation time'),
    firstUtc: cursor.i64('UTC'),
    root: copyOf(cursor.slice(hashSize, 'Merkle root')),
    commitment: copyOf(cursor.slice(hashSize, 'commitment')),
  };
}

function checkEntry(cursor: Cursor, entry: TrackEntry, track: Track | undefined): void {
  if (entry.track === auxiliaryTrack) {
    if (entry.firstPts !== 0n || entry.firstUtc !== 0n || !isZero(entry.commitment)) cursor.fail('times of auxiliary records', 'C-MAN-2');
    return;
  }
  if (track === undefined) cursor.fail('entry of a track that does not exist', 'C-MAN-2');
  if (entry.leaves === 0) cursor.fail('entry of a track without samples', 'C-MAN-2');
  if ((track.protection === protection.none) !== isZero(entry.commitment)) cursor.fail('commitment where none belongs, or the reverse', 'C-KEY-5');
}

function readEntries(cursor: Cursor, tracks: readonly Track[]): { entries: TrackEntry[]; auxiliary: TrackEntry } {
  const count = cursor.u16('number of entries');
  cursor.zeros(2, 'bytes behind the number of entries');
  if (count > limits.tracks + 1) cursor.fail('too many entries', 'C-LIM-1');
  const entries: TrackEntry[] = [];
  let last = -1;
  for (let i = 0; i < count; i++) {
    const entry = readEntry(cursor);
    if (entry.track <= last) cursor.fail('entries that are not in order', 'C-MAN-2');
    checkEntry(cursor, entry, tracks[entry.track]);
    last = entry.track;
    entries.push(entry);
  }
  const auxiliary = entries.pop();
  if (auxiliary === undefined || auxiliary.track !== auxiliaryTrack) cursor.fail('no entry of auxiliary records', 'C-MAN-2');
  if (entries.length === 0) cursor.fail('segment without samples', 'C-SEG-5');
  return { entries, auxiliary };
}

/** Parses the whole record, header included, whose CRC was checked. */
export function readManifest(record: Octets, offset: number, header: Header): Manifest {
  const cursor: Cursor = new Cursor(record, 'C-MAN-3', offset);
  cursor.slice(recordHeaderSize);
  readPrefixLike(cursor, objectType.manifest, record.length - recordHeaderSize, header.prefix);
  if (!equal(cursor.slice(hashSize, 'h'), header.hash)) cursor.fail('manifest of another container', 'C-HDR-7');
  const number = cursor.u64('segment number');
  if (number >= BigInt(limits.segments)) cursor.fail('too many segments', 'C-LIM-1');
  const manifest = {
    segment: Number(number),
    previous: copyOf(cursor.slice(hashSize, 'hash of the manifest before')),
    salt: copyOf(cursor.slice(32, 'salt')),
    firstUtc: cursor.i64('first UTC'),
    lastUtc: cursor.i64('last UTC'),
    madeUtc: cursor.i64('UTC of the manifest'),
    monotonic: cursor.u64('monotonic time'),
    bytes: cursor.size64('bytes of the segment'),
    records: cursor.u32('number of records'),
    clockState: cursor.u8('clock state'),
    gap: cursor.u8('reason of the gap'),
  };
  if (manifest.clockState > 3) cursor.fail('unknown clock state');
  if (manifest.gap > 7) cursor.fail('unknown reason of a gap');
  const flags = cursor.u16('flags');
  if (flags > 1) cursor.fail('unknown flags');
  const evidenceHash = copyOf(cursor.slice(hashSize, 'hash of evidence'));
  const entries = readEntries(cursor, header.tracks);
  cursor.end('manifest');
  return { ...manifest, beginsWithSync: flags === 1, evidenceHash, ...entries };
}

/** The reference track by the header alone (C-MAN-6). */
export function referenceTrack(tracks: readonly Track[]): number {
  return tracks.find((track) => track.kind === trackKind.video)?.number ?? 0;
}

const nanoseconds = 1_000_000_000n;

function saturated(utc: bigint): bigint {
  if (utc > maxI64) return maxI64;
  return utc <= minI64 ? minI64 + 1n : utc;
}

/** UTC of a presentation time, by the entry of its track (C-MAN-5). */
export function utcOf(entry: TrackEntry, track: Track, pts: bigint): bigint {
  const ticks = (pts - entry.firstPts) * BigInt(track.timebase.numerator) * nanoseconds;
  return saturated(entry.firstUtc + ticks / BigInt(track.timebase.denominator));
}

export function endOf(entry: TrackEntry, track: Track, pts: bigint, duration: number): bigint {
  const ticks = BigInt(duration) * BigInt(track.timebase.numerator) * nanoseconds;
  return saturated(utcOf(entry, track, pts) + ticks / BigInt(track.timebase.denominator));
}
