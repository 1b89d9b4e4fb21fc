/* SPDX-License-Identifier: Apache-2.0 */
import { Cursor } from '../bytes/cursor.js';
import { FormatError } from '../bytes/errors.js';
import { type Octets, copyOf, equal, isZero } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import { limits as containerLimits } from '../container/format.js';
import { sha256 } from '../crypto/hash.js';
import {
  directoryEntries, directoryHeadSize, entrySize, frameFlag, frameHeaderSize, frameKind, limits, noNumber,
} from './format.js';
import type { PackageHeader } from './header.js';
import type { FirstLink } from './links.js';
import { type SegmentList, SegmentListBuilder } from './segment_list.js';

/** A frame as its directory describes it, and where it ends. */
export interface FrameEntry {
  /** Count of the frame in the file, directories included (E-FRM-2). */
  index: number;
  offset: number;
  end: number;
  kind: number;
  flags: number;
  /** Null for 2^64−1. */
  number: number | null;
  origin: number;
  firstUtc: bigint;
  lastUtc: bigint;
  digest: Octets;
}

interface DirectoryPlace {
  offset: number;
  size: number;
  hash: Octets;
  entries: number;
  /** Count of its first entry's frame. */
  firstIndex: number;
  /** As it was compared; null where there are too many to be kept. */
  bytes: Octets | null;
}

/** A source and the frames that belong to it. */
export interface SourcePlace {
  number: number;
  frame: FrameEntry;
  /** Place of its first frame, in the list of entries, and how many there are. */
  firstEntry: number;
  entries: number;
  /** Of the frames that hold segments (of a proof: leaves). */
  firstSegment: FrameEntry | null;
  lastSegment: FrameEntry | null;
  latestUtc: bigint | null;
  /** Frames that hold segments (of a proof: leaves). */
  segments: SegmentList;
}

/** What the directories of a package say: which frames there are and whom they belong to. */
export interface PackageIndex {
  sources: SourcePlace[];
  attachments: FrameEntry[];
  case: FrameEntry;
  entries: number;
  /** Entries `from` to `from + count`, whose directories are read, and compared, again. */
  read(from: number, count: number): AsyncGenerator<FrameEntry>;
}

const maxDirectorySize = frameHeaderSize + directoryHeadSize + entrySize * directoryEntries;

interface DirectoryFrame {
  bytes: Octets;
  before: number;
  beforeHash: Octets;
  entries: number;
}

/** Reads the directory frame that ends at `end`, and compares it with its hash before anything in it is used. */
async function readDirectory(source: Source, offset: number, end: number, hash: Octets): Promise<DirectoryFrame> {
  const size = end - offset;
  const fail = (rule: string, what: string): never => {
    throw new FormatError(rule, what, offset);
  };
  if (offset < 0 || size < frameHeaderSize + directoryHeadSize || size > maxDirectorySize) fail('E-DIR-1', 'no directory fits there');
  const bytes = await source.read(offset, size);
  if (bytes.length !== size || !equal(await sha256(bytes), hash)) fail('E-DIR-1', 'directory that was altered');
  const cursor: Cursor = new Cursor(bytes, 'E-DIR-1', offset);
  if (cursor.u8('kind') !== frameKind.directory) cursor.fail('no directory');
  cursor.zeros(7, 'flags and size of part A');
  const sizeC = cursor.u32('size of part C');
  cursor.zeros(12, 'size of part B');
  const entries = cursor.size64('number of entries');
  cursor.zeros(8, 'origin');
  if (entries < 1 || entries > directoryEntries) cursor.fail(`directory of ${entries} entries`);
  if (sizeC !== directoryHeadSize + entrySize * entries || size !== frameHeaderSize + sizeC) cursor.fail('directory of another size');
  const before = cursor.size64('offset of the directory before');
  return { bytes, before, beforeHash: copyOf(cursor.slice(32)), entries };
}

/** Bytes of directories that are kept in memory; more are read again when they are needed. */
const maxKept = 64 << 20;

/** All directories, first to last, by walking back from link 0 (E-DIR-4). */
async function readDirectories(source: Source, first: FirstLink, end: number, least: number): Promise<DirectoryPlace[]> {
  const found: Omit<DirectoryPlace, 'firstIndex'>[] = [];
  let offset = first.directoryOffset;
  let hash = first.directoryHash;
  let entries = 0;
  let kept = 0;
  let limit = end;
  for (;;) {
    // All but the last are full, and so of one size.
    const size = found.length === 0 ? end - offset : maxDirectorySize;
    if (offset < least || offset + size > limit) throw new FormatError('E-DIR-1', 'directory where none can stand', offset);
    const directory = await readDirectory(source, offset, offset + size, hash);
    if (found.length > 0 && directory.entries !== directoryEntries) throw new FormatError('E-DIR-1', 'directory that is not full', offset);
    kept += size;
    found.push({ offset, size, hash, entries: directory.entries, bytes: kept <= maxKept ? directory.bytes : null });
    entries += directory.entries;
    if (entries + found.length > first.frames) throw new FormatError('E-LNK-4', 'more frames than link 0 says', offset);
    if (directory.before === 0) {
      if (!isZero(directory.beforeHash)) throw new FormatError('E-DIR-1', 'hash of no directory', offset);
      break;
    }
    limit = offset;
    ({ before: offset, beforeHash: hash } = directory);
  }
  if (entries + found.length !== first.frames) throw new FormatError('E-LNK-4', 'another number of frames than link 0 says', end);
  let firstIndex = 0;
  return found.reverse().map((one) => {
    const place = { ...one, firstIndex };
    firstIndex += one.entries + 1;
    return place;
  });
}

function readEntry(cursor: Cursor, index: number): Omit<FrameEntry, 'end'> {
  const offset = cursor.size64('offset of a frame');
  const number = cursor.u64('number');
  const origin = cursor.size64('origin');
  const firstUtc = cursor.i64('first UTC');
  const lastUtc = cursor.i64('last UTC');
  const kind = cursor.u8('kind');
  const flags = cursor.u8('flags');
  cursor.zeros(6, 'bytes behind the flags');
  const digest = copyOf(cursor.slice(32, 'digest'));
  if (number !== noNumber && number >= BigInt(containerLimits.segments)) cursor.fail('number that no frame has', 'E-DIR-3');
  return { index, offset, number: number === noNumber ? null : Number(number), origin, firstUtc, lastUtc, kind, flags, digest };
}

class Directories {
  constructor(
    private readonly source: Source,
    private readonly places: readonly DirectoryPlace[],
    private readonly firstFrame: number,
  ) {}

  get entries(): number {
    return this.places.reduce((sum, place) => sum + place.entries, 0);
  }

  async *read(from: number, count: number): AsyncGenerator<FrameEntry> {
    for await (const entries of this.lists(from, count)) yield* entries;
  }

  /** The same, directory by directory: a step for each entry would cost more than reading it. */
  async *lists(from: number, count: number): AsyncGenerator<FrameEntry[]> {
    let index = 0;
    let offset = this.firstFrame;
    for (const place of this.places) {
      const before = index;
      index += place.entries;
      if (index > from && before < from + count) {
        const wanted = await this.entriesOf(place, offset);
        yield wanted.slice(Math.max(0, from - before), from + count - before);
      }
      offset = place.offset + place.size;
    }
  }

  /** Entries of one directory, whose frames must follow each other from `start` to the directory itself. */
  private async entriesOf(place: DirectoryPlace, start: number): Promise<FrameEntry[]> {
    const bytes = place.bytes ?? (await readDirectory(this.source, place.offset, place.offset + place.size, place.hash)).bytes;
    const cursor: Cursor = new Cursor(bytes, 'E-DIR-1', place.offset);
    cursor.slice(frameHeaderSize + directoryHeadSize);
    const entries: FrameEntry[] = [];
    for (let i = 0; i < place.entries; i++) {
      entries.push({ ...readEntry(cursor, place.firstIndex + i), end: place.offset });
    }
    let at = start;
    for (const [i, entry] of entries.entries()) {
      if (entry.offset !== at) throw new FormatError('E-OVR-1', 'frames that do not follow each other', entry.offset);
      at = entries[i + 1]?.offset ?? place.offset;
      entry.end = at;
      if (entry.end - entry.offset < frameHeaderSize) throw new FormatError('E-DIR-3', 'no frame fits there', entry.offset);
    }
    return entries;
  }
}

const flagsOf: Record<number, number> = {
  [frameKind.source]: frameFlag.unverified,
  [frameKind.segment]: frameFlag.sealed | frameFlag.removed | frameFlag.unverified,
  [frameKind.manifest]: 0,
  [frameKind.record]: 0,
  [frameKind.end]: 0,
  [frameKind.fragment]: frameFlag.sealed | frameFlag.unverified,
  [frameKind.attachment]: frameFlag.sealed,
  [frameKind.case]: frameFlag.sealed,
  [frameKind.leaves]: frameFlag.removed,
};
const nullable: readonly number[] = [frameKind.record, frameKind.end, frameKind.fragment];
const belongsToSource: readonly number[] = [
  frameKind.segment, frameKind.manifest, frameKind.record, frameKind.end, frameKind.fragment, frameKind.leaves,
];

/** Checks which frames there are and their order (E-FRM-1, E-FRM-6, parts of section 5), by the directories alone. */
class IndexBuilder {
  readonly sources: SourcePlace[] = [];
  readonly attachments: FrameEntry[] = [];
  case: FrameEntry | null = null;
  private current: SourcePlace | null = null;
  private segments = new SegmentListBuilder();
  private last: FrameEntry | null = null;
  private lastSegment: number | null = null;
  private leastSegment: number | null = null;
  private hasUnverified = false;

  constructor(private readonly isProof: boolean) {}

  private fail(entry: FrameEntry, rule: string, what: string): never {
    throw new FormatError(rule, what, entry.offset);
  }

  add(entry: FrameEntry, place: number): void {
    this.checkKind(entry);
    if (belongsToSource.includes(entry.kind)) this.addToSource(entry, place);
    else {
      this.endSource(entry);
      if (this.case !== null) this.fail(entry, 'E-FRM-6', 'frame behind the case');
      if (entry.origin !== 0) this.fail(entry, 'E-DIR-3', 'origin of what comes from no container');
      if (entry.kind === frameKind.source) this.addSource(entry, place);
      else if (entry.kind === frameKind.attachment) this.addAttachment(entry);
      else this.addCase(entry);
    }
    this.last = entry;
  }

  private checkKind(entry: FrameEntry): void {
    const allowed = flagsOf[entry.kind];
    if (allowed === undefined) this.fail(entry, 'E-FRM-6', `frame of kind ${entry.kind}`);
    if ((entry.flags & ~allowed) !== 0) this.fail(entry, 'E-FRM-1', 'flag that does not belong to the frame');
    const isForeign = this.isProof
      ? entry.kind === frameKind.segment || entry.kind === frameKind.fragment
      : entry.kind === frameKind.leaves;
    if (isForeign) this.fail(entry, 'E-FRM-1', 'frame that does not belong into such a file');
    if (this.isProof && (entry.flags & frameFlag.unverified) !== 0) this.fail(entry, 'E-PRF-6', 'proof of something unverified');
    if (entry.number === null && !nullable.includes(entry.kind)) this.fail(entry, 'E-FRM-1', 'frame without a number');
    if (entry.number !== null && entry.kind === frameKind.end) this.fail(entry, 'E-FRM-1', 'end with a number');
  }

  private addSource(entry: FrameEntry, place: number): void {
    if (entry.number !== this.sources.length) this.fail(entry, 'E-FRM-6', 'sources that are not numbered in order');
    if (this.sources.length === limits.sources) this.fail(entry, 'E-OVR-5', 'too many sources');
    this.current = {
      number: entry.number, frame: entry, firstEntry: place + 1, entries: 0, firstSegment: null, lastSegment: null, latestUtc: null,
      segments: this.segments.finish(),
    };
    this.segments = new SegmentListBuilder();
    this.sources.push(this.current);
    this.lastSegment = null;
    this.leastSegment = null;
    this.hasUnverified = false;
  }

  private addAttachment(entry: FrameEntry): void {
    if (entry.number !== this.attachments.length) this.fail(entry, 'E-FRM-6', 'attachments that are not numbered in order');
    if (this.attachments.length === limits.attachments) this.fail(entry, 'E-OVR-5', 'too many attachments');
    this.attachments.push(entry);
  }

  private addCase(entry: FrameEntry): void {
    if (entry.number !== 0) this.fail(entry, 'E-FRM-1', 'case with a number');
    this.case = entry;
  }

  private endSource(at: FrameEntry): void {
    if (this.current !== null && ((this.current.frame.flags & frameFlag.unverified) !== 0) !== this.hasUnverified) {
      this.fail(at, 'E-SRC-1', 'source that does not say whether something in it is unverified');
    }
    if (this.current !== null) this.current.segments = this.segments.finish();
    this.current = null;
  }

  private addToSource(entry: FrameEntry, place: number): void {
    const { current, last } = this;
    if (current === null) this.fail(entry, 'E-FRM-6', 'frame without a source');
    if (last !== null && last !== current.frame) {
      if (last.kind === frameKind.end) this.fail(entry, 'E-SRC-6', 'frame behind the end of its source');
      if (entry.origin <= last.origin) this.fail(entry, 'E-SRC-2', 'frames that do not ascend by their origin');
    }
    current.entries++;
    if ((entry.flags & frameFlag.unverified) !== 0) this.hasUnverified = true;
    this.checkNumbers(entry);
    if (entry.kind === frameKind.segment || entry.kind === frameKind.leaves) {
      current.firstSegment ??= entry;
      current.lastSegment = entry;
      this.segments.add(entry, place);
      if (current.latestUtc === null || entry.lastUtc > current.latestUtc) current.latestUtc = entry.lastUtc;
    }
  }

  private checkNumbers(entry: FrameEntry): void {
    const number = entry.number ?? Number.MAX_SAFE_INTEGER;
    const isSegment = entry.kind === frameKind.segment || entry.kind === frameKind.leaves || entry.kind === frameKind.manifest;
    if (isSegment) {
      if (this.lastSegment !== null && number <= this.lastSegment) this.fail(entry, 'E-SRC-2', 'segments that do not ascend');
      if (this.leastSegment !== null && number < this.leastSegment) this.fail(entry, 'E-SRC-5', 'segment behind a record of a later one');
      this.lastSegment = number;
    } else if (entry.kind === frameKind.record) {
      if (this.lastSegment !== null && number <= this.lastSegment) this.fail(entry, 'E-SRC-5', 'record of a segment that stands before it');
      this.leastSegment = Math.max(this.leastSegment ?? 0, number);
    }
  }

  finish(first: FirstLink, end: FrameEntry): FrameEntry {
    this.endSource(end);
    if (this.case === null) this.fail(end, 'E-FRM-6', 'there is no case');
    if (this.sources.length !== first.sources) this.fail(end, 'E-LNK-4', 'another number of sources than link 0 says');
    if (this.attachments.length !== first.attachments) this.fail(end, 'E-LNK-4', 'another number of attachments than link 0 says');
    return this.case;
  }
}

/**
 * Reads the directories that link 0, whose signature holds, leads to, and checks which frames there are
 * and in what order. `end` is where link 0 begins. Throws FormatError where they do not hold.
 */
export async function readIndex(source: Source, header: PackageHeader, first: FirstLink, end: number): Promise<PackageIndex> {
  const places = await readDirectories(source, first, end, header.firstFrame);
  const directories = new Directories(source, places, header.firstFrame);
  const builder = new IndexBuilder(header.isProof);
  const entries = directories.entries;
  let place = 0;
  let last: FrameEntry | null = null;
  for await (const list of directories.lists(0, entries)) {
    for (const entry of list) {
      builder.add(entry, place++);
      last = entry;
    }
  }
  if (last === null) throw new FormatError('E-FRM-6', 'package without frames', end);
  const caseEntry = builder.finish(first, last);
  const { sources, attachments } = builder;
  return { sources, attachments, case: caseEntry, entries, read: (from, count) => directories.read(from, count) };
}
