/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError } from '../bytes/errors.js';
import { type Octets, concat, copyOf, equal } from '../bytes/octets.js';
import { MemorySource, type Source } from '../bytes/source.js';
import { auxiliaryTrack, protection, recordHeaderSize, recordType } from '../container/format.js';
import { type Manifest, type TrackEntry, endOf, referenceTrack } from '../container/manifest.js';
import { type SampleHeader, type SampleLayout, readRecordHeader, readSampleHeader, sampleLayout } from '../container/records.js';
import { type ContainerContext, type ManifestPiece, checkSegment, faultOf } from '../container/segment.js';
import { leafOf, merkleRoot } from '../crypto/merkle.js';
import type { FrameEntry } from './directory.js';
import { frameFlag } from './format.js';
import { type Frame, readFrame } from './frames.js';
import type { DisclosedSecrets } from './keys.js';
import { type SegmentResult, readCarriedManifest, readPartA } from './segment_frame.js';

/** A sample that a proof presents, or only names (section 9). */
export interface ProvenSample {
  track: number;
  /** Index among the entries of its track in this segment. */
  index: number;
  /** Null of a sample whose bytes are not in the presentation (form 3). */
  presented: { header: SampleHeader; layout: SampleLayout; start: Octets } | null;
  leaf: Octets;
}

export interface LeavesResult extends SegmentResult {
  samples: ProvenSample[];
  secrets: DisclosedSecrets | null;
}

export interface LeavesJob {
  entry: FrameEntry;
  removed: ReadonlySet<number>;
  containerSize: number;
}

const form = { record: 1, presented: 2, named: 3 } as const;
const leafSize = 32;

interface Content {
  auxiliary: Octets[];
  samples: ProvenSample[];
  entries: number;
  /** Sizes of the records, when every one is known. */
  bytes: number;
  hasNamed: boolean;
  first: { form: number; header: SampleHeader | null; track: number; place: number } | null;
}

/** Reads the entries of part B (section 9), one after the other. */
class LeavesReader {
  private readonly content: Content = { auxiliary: [], samples: [], entries: 0, bytes: 0, hasNamed: false, first: null };
  private readonly counts = new Map<number, number>();
  private lastNumber = -1;

  constructor(
    private readonly context: ContainerContext,
    private readonly cursor: Cursor,
    private readonly hasRemoved: boolean,
    private readonly manifest: Manifest,
  ) {}

  read(): Content {
    const { cursor, content } = this;
    while (cursor.remaining > 0) {
      const kind = cursor.u8('form of an entry');
      const track = cursor.u8('track of an entry');
      cursor.zeros(2, 'bytes behind the track');
      const offset = cursor.offset + 4;
      const bytes = copyOf(cursor.slice(cursor.u32('length of an entry'), 'entry'));
      if (content.entries >= this.manifest.records) cursor.fail('more entries than the segment has records', 'E-PRF-2');
      if (kind === form.record) this.auxiliary(track, bytes, offset);
      else if (kind === form.presented) this.presented(track, bytes, offset);
      else if (kind === form.named) this.named(track, bytes);
      else cursor.fail('entry of an unknown form');
      content.entries++;
    }
    return content;
  }

  private number(number: number): void {
    const { entries } = this.content;
    const fits = this.hasRemoved ? number > this.lastNumber && number >= entries : number === entries;
    if (!fits) this.cursor.fail('records that are numbered in another way', 'E-PRF-2');
    this.lastNumber = number;
  }

  private auxiliary(track: number, bytes: Octets, offset: number): void {
    if (track !== auxiliaryTrack) this.cursor.fail('whole record of a track');
    const header = readRecordHeader(bytes, offset);
    if (bytes.length !== recordHeaderSize + header.bodySize) this.cursor.fail('entry that is not one record');
    const isFirst = this.content.entries === 0;
    if (isFirst !== (header.type === recordType.segmentStart)) this.cursor.fail('segment start that does not stand first', 'E-PRF-2');
    this.number(header.number);
    this.content.auxiliary.push(bytes);
    this.content.bytes += bytes.length;
  }

  private sample(track: number): number {
    if (this.content.entries === 0) this.cursor.fail('segment that does not begin with its start', 'E-PRF-2');
    if (!this.manifest.entries.some((entry) => entry.track === track)) this.cursor.fail('entry of a track that the segment does not have', 'E-PRF-2');
    const index = this.counts.get(track) ?? 0;
    this.counts.set(track, index + 1);
    return index;
  }

  private presented(track: number, bytes: Octets, offset: number): void {
    const index = this.sample(track);
    if (bytes.length < leafSize || bytes[0] !== recordType.sample) this.cursor.fail('entry that is no sample');
    const start = copyOf(bytes.subarray(0, bytes.length - leafSize));
    const header = readSampleHeader(start, offset, this.context.header.tracks);
    if (header.track.number !== track) this.cursor.fail('sample of another track than its entry says');
    const layout = sampleLayout(header, start.subarray(header.headerSize), offset);
    if (start.length !== header.headerSize + layout.tableSize) this.cursor.fail('entry of another size');
    this.number(header.number);
    this.content.first ??= { form: form.presented, header, track, place: this.content.entries };
    this.content.samples.push({ track, index, presented: { header, layout, start }, leaf: copyOf(bytes.subarray(bytes.length - leafSize)) });
    this.content.bytes += header.headerSize + header.bodySize;
    this.checkTimes(header, index);
  }

  private checkTimes(header: SampleHeader, index: number): void {
    const entry = this.manifest.entries.find((one) => one.track === header.track.number) as TrackEntry;
    if (index === 0 && header.pts !== entry.firstPts) this.cursor.fail('first sample with another time than the manifest says', 'E-PRF-2');
    if (endOf(entry, header.track, header.pts, header.duration) > this.manifest.lastUtc) {
      this.cursor.fail('sample that ends behind its segment', 'E-PRF-2');
    }
  }

  private named(track: number, bytes: Octets): void {
    const index = this.sample(track);
    if (bytes.length !== leafSize) this.cursor.fail('leaf hash of another size');
    this.content.first ??= { form: form.named, header: null, track, place: this.content.entries };
    this.content.samples.push({ track, index, presented: null, leaf: bytes });
    this.content.hasNamed = true;
  }
}

function compareRoots(content: Content, manifest: Manifest, removed: ReadonlySet<number>, offset: number): void {
  const leaves = new Map<number, Octets[]>();
  for (const sample of content.samples) {
    const list = leaves.get(sample.track) ?? [];
    list.push(sample.leaf);
    leaves.set(sample.track, list);
  }
  const fail = (rule: string, what: string): never => {
    throw new FormatError(rule, what, offset);
  };
  let missing = 0;
  for (const entry of manifest.entries) {
    const found = leaves.get(entry.track);
    if (removed.has(entry.track)) {
      missing += entry.leaves;
      if (found !== undefined) fail('E-PRF-2', 'entry of a track that was removed');
      continue;
    }
    if ((found?.length ?? 0) !== entry.leaves) fail('C-MAN-3', `another number of samples of track ${entry.track}`);
    if (!equal(merkleRoot(found ?? []), entry.root)) fail('C-MAN-3', `samples of track ${entry.track} were altered`);
  }
  if (content.entries + missing !== manifest.records) fail('E-PRF-2', 'another number of records than the manifest says');
  if (!equal(merkleRoot(content.auxiliary.map(leafOf)), manifest.auxiliary.root)) fail('C-MAN-3', 'auxiliary records that were altered');
  if (missing === 0 && !content.hasNamed && content.bytes !== manifest.bytes) fail('E-PRF-2', 'records of another size than the manifest says');
}

/** What E-SRC-3 demands of times where the samples themselves are not there. */
function compareFirst(context: ContainerContext, manifest: Manifest, offset: number): void {
  const preferred = referenceTrack(context.header.tracks);
  const reference = manifest.entries.find((entry) => entry.track === preferred);
  const fits = reference === undefined ? manifest.entries.some((entry) => entry.firstUtc === manifest.firstUtc) : reference.firstUtc === manifest.firstUtc;
  if (!fits) throw new FormatError('C-MAN-6', 'first UTC that is not that of the reference track', offset);
}

/** The records of form 1 and the manifest, as a segment of which every track was removed (E-PRF-2). */
async function compareAuxiliary(context: ContainerContext, content: Content, frame: Frame, piece: ManifestPiece, result: LeavesResult): Promise<void> {
  const records = concat(...content.auxiliary);
  const all = new Set(context.header.tracks.map((track) => track.number));
  const input = {
    source: new MemorySource(records), at: 0, end: records.length, zerosFrom: records.length, shift: frame.entry.origin, apart: { piece, size: frame.c.length }, removedTracks: all,
  };
  result.segment = await checkSegment(context, input);
  if (result.segment.state !== 'whole') {
    result.fault = result.segment.fault ?? { rule: 'E-PRF-2', offset: frame.offsetB, reason: 'records that are not whole (E-PRF-2)' };
  }
}

async function checkContent(context: ContainerContext, frame: Frame, piece: ManifestPiece, job: LeavesJob, result: LeavesResult): Promise<void> {
  const { entry, removed } = job;
  const { manifest } = piece;
  const lacksSome = manifest.entries.some((one) => removed.has(one.track));
  if (lacksSome !== ((entry.flags & frameFlag.removed) !== 0)) throw new FormatError('E-SRC-3', 'frame that does not say whether records were removed', entry.offset);
  if (entry.origin + manifest.bytes + frame.c.length > job.containerSize) throw new FormatError('E-SRC-1', 'segment that ends behind the end of its container', entry.offset);
  const stored = await frame.b.read(0, frame.b.size);
  const cursor: Cursor = new Cursor(stored, 'E-PRF-2', frame.offsetB);
  const content = new LeavesReader(context, cursor, lacksSome, manifest).read();
  await compareAuxiliary(context, content, frame, piece, result);
  if (result.fault !== null) return;
  compareFirst(context, manifest, entry.offset);
  compareRoots(content, manifest, removed, entry.offset);
  result.samples = content.samples;
  const presented = new Set(content.samples.filter((one) => one.presented !== null).map((one) => one.track));
  const tracks = manifest.entries
    .map((one) => one.track)
    .filter((track) => presented.has(track) && context.header.tracks[track]?.protection !== protection.none);
  const secrets = await readPartA(frame, { tracks, some: false }, false, null);
  result.secrets = secrets === 'locked' ? null : secrets;
}

/** Largest part B of a leaves frame: no record in it is larger than an auxiliary one. */
const maxLeaves = 64 << 20;

/** Checks a leaves frame, all but the samples themselves (E-PRF-2). */
export async function checkLeavesFrame(context: ContainerContext, source: Source, job: LeavesJob): Promise<LeavesResult> {
  const { entry } = job;
  const result: LeavesResult = {
    fault: null, undecryptable: null, isClosed: false, piece: null, manifestSize: 0, segment: null, samples: [], secrets: null,
  };
  try {
    if (entry.end - entry.offset > maxLeaves) throw new FormatError('E-OVR-5', 'leaves that are too large', entry.offset);
    const frame = await readFrame(source, entry, { isSealed: false });
    const piece = await readCarriedManifest(context, frame.c, entry.origin, entry);
    result.piece = piece;
    result.manifestSize = frame.c.length;
    await checkContent(context, frame, piece, job, result);
  } catch (error) {
    result.fault = faultOf(error, entry.offset);
  }
  return result;
}
