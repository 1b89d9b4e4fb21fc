/* SPDX-License-Identifier: Apache-2.0 */
/* A session over recordings that are not encrypted, for tests of the player: nothing is verified here. */
import { type Source } from '../src/bytes/source.js';
import { protection, sampleFlag, trackKind } from '../src/container/format.js';
import type { Track } from '../src/container/header.js';
import { type LocatedSegment, segmentsBySkimming } from '../src/container/locate.js';
import { type OpenedContainer, openContainer } from '../src/container/opening.js';
import { readSegment } from '../src/container/samples.js';
import { skimSegment } from '../src/container/skim.js';
import {
  type Device, type Evidence, type EvidenceSession, type Part, ProblemError, type SegmentSamples, type TrackView, segmentState,
} from '../src/evidence/model.js';

const kinds = { [trackKind.video]: 'video', [trackKind.audio]: 'audio', [trackKind.metadata]: 'metadata' } as const;

interface Held {
  source: Source;
  opened: OpenedContainer;
  segments: (LocatedSegment & { end: number })[];
}

function viewOf(track: Track, part: number): TrackView {
  const kind = kinds[track.kind as keyof typeof kinds];
  return { ...track, part, kind, isRemoved: track.protection !== protection.none };
}

/** Recordings of devices: a list of devices, each a list of recordings. */
export class RecordingSession implements EvidenceSession {
  private readonly held: Held[] = [];
  asked = 0;
  private isBusy = false;

  async openRecordings(devices: readonly (readonly Source[])[]): Promise<Evidence> {
    const listed: Device[] = [];
    const parts: Part[] = [];
    for (const [index, sources] of devices.entries()) {
      const own: number[] = [];
      for (const source of sources) {
        const part = await this.openPart(source, parts.length, index);
        own.push(part.index);
        parts.push(part);
      }
      const nothing = { place: null, remark: null, exporterName: null, exporterPlace: null, exporterRemark: null };
      listed.push({ index, id: String(index), name: `camera ${index}`, ...nothing, parts: own });
    }
    const locks = { password: false, privateKey: false, keyEncryptionKey: false };
    const file = { kind: 'recording', name: 'test', size: 0, packageId: null } as const;
    return { ...file, isSealed: false, isUnlocked: true, locks, devices: listed, parts, case: null, attachments: [], reexport: true };
  }

  private async openPart(source: Source, index: number, device: number): Promise<Part> {
    const opened = await openContainer(source);
    const found: LocatedSegment[] = [];
    for await (const one of segmentsBySkimming(opened, source, opened.firstRecord)) found.push(one);
    const segments = found.map((one, at) => ({ ...one, end: found[at + 1]?.offset ?? source.size }));
    this.held.push({ source, opened, segments });
    return {
      index,
      device,
      containerId: String(index),
      sequence: '0',
      fileName: 'test',
      tracks: opened.header.tracks.map((track) => viewOf(track, index)),
      segments: {
        numbers: Float64Array.from(segments, (one) => one.number),
        first: BigInt64Array.from(segments, (one) => one.firstUtc),
        last: BigInt64Array.from(segments, (one) => one.lastUtc),
      },
      from: null,
      to: null,
      unusable: null,
    };
  }

  async samples(part: number, segment: number, tracks: readonly number[]): Promise<SegmentSamples> {
    if (this.isBusy) throw new ProblemError('internal', 'asked twice at a time');
    this.isBusy = true;
    this.asked += 1;
    try {
      return await this.read(part, segment, tracks);
    } finally {
      this.isBusy = false;
    }
  }

  private async read(part: number, segment: number, tracks: readonly number[]): Promise<SegmentSamples> {
    const held = this.held[part];
    const place = held?.segments.find((one) => one.number === segment);
    if (held === undefined || place === undefined) throw new ProblemError('unreadable', `no segment ${segment}`);
    const samples: SegmentSamples['samples'] = [];
    const end = await this.endOf(held, place);
    const read = await readSegment(held.opened, held.source, { offset: place.offset, end }, null);
    for await (const sample of read.samples((track) => tracks.includes(track.number))) {
      const { dts, pts, duration, utc, data, flags } = sample;
      const isSync = (flags & sampleFlag.sync) !== 0;
      samples.push({ track: sample.track.number, dts, pts, duration, utc, data, isSync, isDiscardable: (flags & sampleFlag.discardable) !== 0 });
    }
    return { part, segment, state: segmentState.unchecked, samples };
  }

  /** The last segment ends with its manifest, in front of the end record. */
  private async endOf(held: Held, place: Held['segments'][number]): Promise<number> {
    if (held.segments[held.segments.length - 1] !== place) return place.end;
    return (await skimSegment(held.opened, held.source, place.offset)).end;
  }

  open(): Promise<Evidence> {
    return Promise.reject(new ProblemError('internal', 'not of this session'));
  }

  unlock(): Promise<Evidence> {
    return this.open();
  }

  verify(): Promise<never> {
    return Promise.reject(new ProblemError('internal', 'not of this session'));
  }

  attachment(): Promise<never> {
    return this.verify();
  }

  clip(): Promise<never> {
    return this.verify();
  }

  close(): void {
    this.held.length = 0;
  }
}
