/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { type Octets, copyOf } from '../bytes/octets.js';
import { MemorySource, type Source } from '../bytes/source.js';
import { chunkSize, protection, recordHeaderSize, recordType, sampleHeaderMax, tagSize } from './format.js';
import type { Track } from './header.js';
import type { ContentKeys, TrackSecret } from './keys.js';
import { type Manifest, type TrackEntry, utcOf } from './manifest.js';
import { type SampleHeader, type SampleLayout, readRecordHeader, readSampleHeader, sampleLayout } from './records.js';
import { type ContainerContext, type SegmentInput, type SegmentPiece, checkSegment } from './segment.js';
import { Window } from './window.js';

/** Something that is signed does not open: the key, a commitment or a sample does not fit. */
export class UndecryptableError extends Error {
  constructor(
    readonly segment: number,
    readonly offset: number,
    what: string,
  ) {
    super(what);
    this.name = 'UndecryptableError';
  }
}

export interface Sample {
  track: Track;
  segment: number;
  /** Index among the samples of its track in this segment. */
  index: number;
  flags: number;
  dts: bigint;
  pts: bigint;
  duration: number;
  utc: bigint;
  data: Octets;
}

/** Gives the secret of a track of a segment: from the content key, or what was disclosed; null where there is none. */
export type SecretSource = (manifest: Manifest, track: number) => TrackSecret | null;

export function secretsOf(keys: ContentKeys): SecretSource {
  return (manifest, track) => keys.trackSecret(manifest.segment, track, manifest.salt);
}

function gather(stored: Uint8Array, layout: SampleLayout): Octets {
  const joined = new Uint8Array(layout.protectedSize);
  let at = 0;
  for (const range of layout.ranges) {
    joined.set(stored.subarray(range.offset, range.offset + range.size), at);
    at += range.size;
  }
  return joined;
}

function scatter(clear: Uint8Array, layout: SampleLayout, into: Uint8Array): void {
  let at = 0;
  for (const range of layout.ranges) {
    into.set(clear.subarray(at, at + range.size), range.offset);
    at += range.size;
  }
}

/** Is the whole sample protected, by one tag? */
function isOneChunk(layout: SampleLayout): boolean {
  return layout.chunks === 1 && layout.tableSize === 0 && layout.protectedSize === layout.sampleSize;
}

/** Opens the sample of a whole record; null where its tags do not fit (C-REC-5, C-REC-6). */
export async function openSample(
  secret: TrackSecret,
  header: SampleHeader,
  record: Octets,
  index: number,
): Promise<Octets | null> {
  const body = record.subarray(header.headerSize);
  const layout = sampleLayout(header, body, -1);
  if (isOneChunk(layout)) {
    // The stored bytes and their tag stand together already.
    const key = await secret.aead();
    const aad = copyOf(record.subarray(0, header.headerSize));
    return key.open(secret.nonce(index, 0), body.subarray(0, layout.sampleSize + tagSize), aad);
  }
  const plain = copyOf(body.subarray(layout.tableSize, layout.tableSize + layout.sampleSize));
  if (layout.chunks === 0) return plain;
  const tags = body.subarray(layout.tableSize + layout.sampleSize);
  const aad = copyOf(record.subarray(0, header.headerSize + layout.tableSize));
  const joined = gather(plain, layout);
  const key = await secret.aead();
  const opened = await Promise.all(
    Array.from({ length: layout.chunks }, (_, chunk) => {
      const part = joined.subarray(chunk * chunkSize, (chunk + 1) * chunkSize);
      const sealed = new Uint8Array(part.length + tagSize);
      sealed.set(part);
      sealed.set(tags.subarray(chunk * tagSize, (chunk + 1) * tagSize), part.length);
      return key.open(secret.nonce(index, chunk), sealed, aad);
    }),
  );
  for (const [chunk, part] of opened.entries()) {
    if (part === null) return null;
    joined.set(part, chunk * chunkSize);
  }
  scatter(joined, layout, plain);
  return plain;
}

/**
 * The inverse of `openSample`: the stored bytes and tags of a sample, whose record begins with `start`,
 * header and range table. So a clear sample can be compared with what was recorded.
 */
export async function sealSample(
  secret: TrackSecret,
  layout: SampleLayout,
  start: Octets,
  plain: Uint8Array,
  index: number,
): Promise<Octets> {
  const stored = new Uint8Array(layout.sampleSize + tagSize * layout.chunks);
  stored.set(plain.subarray(0, layout.sampleSize));
  const joined = gather(stored, layout);
  const key = await secret.aead();
  for (let chunk = 0; chunk < layout.chunks; chunk++) {
    const part = joined.slice(chunk * chunkSize, (chunk + 1) * chunkSize);
    const sealed = await key.seal(secret.nonce(index, chunk), part, start);
    joined.set(sealed.subarray(0, part.length), chunk * chunkSize);
    stored.set(sealed.subarray(part.length), layout.sampleSize + chunk * tagSize);
  }
  scatter(joined, layout, stored);
  return stored;
}

/** Segments up to this size are read once: the bytes that are opened are those that were hashed. */
const maxInMemory = 256 << 20;

/** A segment that was compared with its manifest, from which samples can be taken. */
export interface ReadableSegment {
  piece: SegmentPiece;
  manifest: Manifest;
  samples(wanted?: (track: Track) => boolean): AsyncGenerator<Sample>;
}

/**
 * Reads a segment, compares it with its manifest, and hands out its samples on demand. Whether the
 * manifest is attested, the caller must know: C-LGT-5 forbids to release anything of one that is not.
 */
export async function readSegment(
  context: ContainerContext,
  source: Source,
  place: { offset: number; end: number },
  secrets: SecretSource | null,
): Promise<ReadableSegment> {
  const size = place.end - place.offset;
  const isSmall = size <= maxInMemory;
  const memory = isSmall ? await source.read(place.offset, size) : null;
  const input: SegmentInput =
    memory === null
      ? { source, at: place.offset, end: place.end, zerosFrom: place.end }
      : { source: new MemorySource(memory), at: 0, end: memory.length, zerosFrom: memory.length, shift: place.offset };
  const piece = await checkSegment(context, input);
  if (piece.state !== 'whole' || piece.piece === null) {
    throw new FormatError(piece.fault?.rule ?? 'C-OVR-1', piece.fault?.reason ?? 'the segment is not whole', place.offset);
  }
  const { manifest } = piece.piece;
  return {
    piece,
    manifest,
    samples: (wanted) => readSamples(context, input, piece.piece?.manifest as Manifest, secrets, wanted ?? (() => true)),
  };
}

/** Samples whose opening is under way at once. */
const maxOpening = 64;

/**
 * Opens every sample of a segment that was compared with its manifest before, and throws
 * UndecryptableError where one does not open. Nothing is handed out.
 */
export async function openAllSamples(
  context: ContainerContext,
  source: Source,
  place: { offset: number; end: number },
  manifest: Manifest,
  secrets: SecretSource,
): Promise<void> {
  const input = { source, at: place.offset, end: place.end, zerosFrom: place.end, expectedSize: place.end - place.offset };
  const under: Promise<void>[] = [];
  for await (const stored of storedSamples(context, input, manifest, secrets, () => true)) {
    if (stored.secret === null || stored.header.track.protection === protection.none) continue;
    const { header, record, secret, index, offset } = stored;
    under.push(
      openSample(secret, header, record, index).then((data) => {
        if (data === null) throw new UndecryptableError(manifest.segment, offset, 'a sample does not open');
      }),
    );
    if (under.length >= maxOpening) await Promise.all(under.splice(0));
  }
  await Promise.all(under);
}

interface StoredSample {
  header: SampleHeader;
  entry: TrackEntry;
  secret: TrackSecret | null;
  record: Octets;
  index: number;
  /** In the container. */
  offset: number;
}

interface TrackState {
  entry: TrackEntry;
  secret: TrackSecret | null;
  next: number;
}

function trackStates(manifest: Manifest, secrets: SecretSource | null, tracks: readonly Track[], offset: number): Map<number, TrackState> {
  const states = new Map<number, TrackState>();
  for (const entry of manifest.entries) {
    const isSealed = tracks[entry.track]?.protection !== protection.none;
    const secret = isSealed && secrets !== null ? secrets(manifest, entry.track) : null;
    if (secret !== null && !secret.fits(entry.commitment)) {
      throw new UndecryptableError(manifest.segment, offset, `the key of track ${entry.track} is not the one that was committed to`);
    }
    states.set(entry.track, { entry, secret, next: 0 });
  }
  return states;
}

/** The records of samples, which were checked, with the secrets that fit their commitments. */
async function* storedSamples(
  context: ContainerContext,
  input: SegmentInput,
  manifest: Manifest,
  secrets: SecretSource | null,
  wanted: (track: Track) => boolean,
): AsyncGenerator<StoredSample> {
  const { tracks } = context.header;
  const shift = input.shift ?? 0;
  const states = trackStates(manifest, secrets, tracks, input.at + shift);
  const window = new Window(input.source, input.end, input.expectedSize);
  let at = input.at;
  for (let count = 0; count < manifest.records && at < input.end; count++) {
    const probe = await window.view(at, sampleHeaderMax);
    if (probe[0] !== recordType.sample) {
      at += recordHeaderSize + readRecordHeader(probe, at + shift).bodySize;
      continue;
    }
    const header = readSampleHeader(probe, at + shift, tracks);
    const size = header.headerSize + header.bodySize;
    const state = states.get(header.track.number);
    if (state === undefined) throw new FormatError('C-MAN-2', 'sample of a track without an entry', at + shift);
    const index = state.next++;
    if (wanted(header.track)) {
      const record = await window.view(at, size);
      yield { header, entry: state.entry, secret: state.secret, record, index, offset: at + shift };
    }
    at += size;
  }
}

/** The samples of records that were checked: of protected tracks, those for which there is a secret. */
export async function* readSamples(
  context: ContainerContext,
  input: SegmentInput,
  manifest: Manifest,
  secrets: SecretSource | null,
  wanted: (track: Track) => boolean,
): AsyncGenerator<Sample> {
  for await (const stored of storedSamples(context, input, manifest, secrets, wanted)) {
    const { header, record, secret, index, entry, offset } = stored;
    const data = await openRecord(header, record, secret, index);
    if (data === null) throw new UndecryptableError(manifest.segment, offset, 'a sample does not open');
    if (data !== 'sealed') yield { ...describe(header, manifest, entry, index), data };
  }
}

function describe(header: SampleHeader, manifest: Manifest, entry: TrackEntry, index: number): Omit<Sample, 'data'> {
  const { track, flags, dts, pts, duration } = header;
  return { track, segment: manifest.segment, index, flags, dts, pts, duration, utc: utcOf(entry, track, pts) };
}

async function openRecord(header: SampleHeader, record: Octets, secret: TrackSecret | null, index: number): Promise<Octets | null | 'sealed'> {
  if (header.track.protection === protection.none) {
    return copyOf(record.subarray(header.headerSize));
  }
  if (secret === null) return 'sealed';
  return openSample(secret, header, record, index);
}
