/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { type Octets, equal } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import type { ChainedSegment } from '../container/chain.js';
import { protection } from '../container/format.js';
import type { Track } from '../container/header.js';
import type { ContentKeys } from '../container/keys.js';
import type { Manifest } from '../container/manifest.js';
import type { OpenedHeader } from '../container/opening.js';
import { type Sample, type SecretSource, UndecryptableError, readSamples } from '../container/samples.js';
import { checkSegment } from '../container/segment.js';
import { type FrameEntry, type PackageIndex, type SourcePlace } from './directory.js';
import { frameKind } from './format.js';
import { type Frame, bodyOf, readFrame } from './frames.js';
import { DisclosedSecrets, type FrameKeys, frameKeysOf } from './keys.js';
import type { OpenedPackage } from './opening.js';
import { fittingSecrets, inMemory, readCarriedManifest, readPartA, segmentInput, wantedSecrets } from './segment_frame.js';
import { type SourceInfo, openSourceHeader, readSourceInfo } from './source_frame.js';

/** A segment as the directory, which link 0 signs, describes it. */
export interface ListedSegment {
  number: number;
  firstUtc: bigint;
  lastUtc: bigint;
  entry: FrameEntry;
}

/** A segment that was compared with its manifest. */
export interface OpenedSegment {
  number: number;
  manifest: Manifest;
  hash: Octets;
  /**
   * Does its manifest carry a signature of its own, which holds? Of one without, C-LGT-5 forbids to show
   * anything before a report calls it attested.
   */
  isSigned: boolean;
  /** Tracks whose samples can be had. */
  tracks: ReadonlySet<number>;
  /** Samples in the order of the recording, of the tracks that are wanted. */
  samples(wanted?: (track: Track) => boolean): AsyncGenerator<Sample>;
}

/** Samples of one source of a package. */
export class SourceReader {
  private constructor(
    private readonly opened: OpenedPackage,
    private readonly keys: ContentKeys | null,
    readonly place: SourcePlace,
    readonly container: OpenedHeader,
    readonly info: SourceInfo,
  ) {}

  /** Throws FormatError where the header of the source cannot be used. */
  static async open(opened: OpenedPackage, number: number, keys: ContentKeys | null): Promise<SourceReader> {
    const place = opened.index.sources[number];
    if (place === undefined) throw new FormatError('E-FRM-6', `there is no source ${number}`);
    const frame = await readFrame(opened.source, place.frame, opened.header);
    const info = readSourceInfo(frame);
    return new SourceReader(opened, keys, place, await openSourceHeader(frame, info), info);
  }

  /** Segments that are carried and hold a moment from `from`, included, to `to`; null for no bound. */
  async *segments(from: bigint | null = null, to: bigint | null = null): AsyncGenerator<ListedSegment> {
    const { firstEntry, entries } = this.place;
    for await (const entry of this.index.read(firstEntry, entries)) {
      if (entry.kind !== frameKind.segment || entry.number === null) continue;
      if ((to !== null && entry.firstUtc >= to) || (from !== null && entry.lastUtc <= from)) continue;
      yield { number: entry.number, firstUtc: entry.firstUtc, lastUtc: entry.lastUtc, entry };
    }
  }

  /** A segment by its row in `place.segments`. */
  async at(row: number): Promise<ListedSegment> {
    const place = this.place.segments.places[row];
    if (place === undefined) throw new FormatError('E-FRM-6', `the source has no segment in row ${row}`);
    for await (const entry of this.index.read(place, 1)) {
      if (entry.number !== null) return { number: entry.number, firstUtc: entry.firstUtc, lastUtc: entry.lastUtc, entry };
    }
    throw new FormatError('E-FRM-6', `the directories have no entry ${place}`);
  }

  /** The segment that holds a moment or is the first behind it; null behind the last. */
  async locate(moment: bigint): Promise<ListedSegment | null> {
    for await (const segment of this.segments(moment)) return segment;
    return null;
  }

  private get index(): PackageIndex {
    return this.opened.index;
  }

  private async secrets(frame: Frame, manifest: Manifest, keys: FrameKeys | null): Promise<SecretSource> {
    const { container, info, opened } = this;
    const wanted = wantedSecrets(container, manifest, frame.entry, info.removed);
    const disclosed = await readPartA(frame, wanted, opened.header.isSealed, keys);
    if (disclosed === null) throw new UndecryptableError(manifest.segment, frame.entry.offset, 'the secrets of a segment do not open');
    return fittingSecrets(disclosed === 'locked' ? new DisclosedSecrets([]) : disclosed, manifest).source;
  }

  /** Small ones are read once, and their samples opened from the same memory (E-VER-12). */
  private async body(frame: Frame, keys: FrameKeys | null): Promise<Source> {
    const body = bodyOf(frame, keys?.body ?? null);
    if (body === null) throw new UndecryptableError(frame.entry.number ?? -1, frame.entry.offset, 'the body of the segment is sealed');
    return inMemory(body);
  }

  /**
   * Reads a segment, compares it with its manifest, and hands out its samples on demand. Throws
   * FormatError where it does not verify, UndecryptableError where something does not open.
   */
  async read(listed: ListedSegment): Promise<OpenedSegment> {
    const { container, opened, info } = this;
    const { entry } = listed;
    const frame = await readFrame(opened.source, entry, opened.header);
    const keys = opened.header.isSealed && this.keys !== null ? frameKeysOf(this.keys, entry.index) : null;
    const piece = await readCarriedManifest(container, frame.c, entry.origin, entry);
    const input = segmentInput(frame, piece, await this.body(frame, keys), info.removed);
    const checked = await checkSegment(container, input);
    if (checked.state !== 'whole' || checked.piece === null) {
      throw new FormatError(checked.fault?.rule ?? 'E-SRC-3', checked.fault?.reason ?? 'the segment is not whole', entry.offset);
    }
    const { manifest } = checked.piece;
    const secrets = await this.secrets(frame, manifest, keys);
    return {
      number: manifest.segment,
      manifest,
      hash: piece.hash,
      isSigned: checked.piece.isSigned,
      tracks: this.openTracks(manifest, secrets),
      samples: (wanted) => readSamples(container, input, manifest, secrets, wanted ?? (() => true)),
    };
  }

  private openTracks(manifest: Manifest, secrets: SecretSource): Set<number> {
    const there = manifest.entries.map((one) => one.track).filter((track) => !this.info.removed.has(track));
    const isClear = (track: number): boolean => this.container.header.tracks[track]?.protection === protection.none;
    return new Set(there.filter((track) => isClear(track) || secrets(manifest, track) !== null));
  }
}

/** May samples of the segment be shown (C-LGT-5)? `segments` are those of the report of its source. */
export function mayShow(segment: OpenedSegment, isContainerSigned: boolean, segments: readonly ChainedSegment[]): boolean {
  if (!isContainerSigned || segment.isSigned) return true;
  return segments.some((one) => one.number === segment.number && one.isAttested && !one.isFaulty && equal(one.hash, segment.hash));
}
