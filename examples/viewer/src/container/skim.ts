/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { copyOf, equal } from '../bytes/octets.js';
import type { Source } from '../bytes/source.js';
import { sha256 } from '../crypto/hash.js';
import type { ChainedSegment } from './chain.js';
import { limits, recordHeaderSize, recordType, sampleHeaderMax } from './format.js';
import { type Manifest, readManifest } from './manifest.js';
import { readRecordHeader, readSampleHeader } from './records.js';
import { type ContainerContext, type ManifestPiece, type PlacedRecord, type SegmentStart, readManifestPiece, readSegmentStart } from './segment.js';
import { objectNumberOf } from './signatures.js';
import { Window } from './window.js';

/** Reads the manifest of a segment that was verified before; throws where the file is another one now. */
export async function readManifestOf(context: ContainerContext, source: Source, segment: ChainedSegment): Promise<Manifest> {
  const whole = await source.read(segment.manifestOffset, segment.end - segment.manifestOffset);
  if (!equal(await sha256(whole), segment.hash)) {
    throw new FormatError('C-MAN-4', 'the file changed while it was read', segment.manifestOffset);
  }
  const { bodySize } = readRecordHeader(whole, segment.manifestOffset);
  return readManifest(copyOf(whole.subarray(0, recordHeaderSize + bodySize)), segment.manifestOffset, context.header);
}

/** A segment of which only the manifest was read, and what stands in it about other segments. */
export interface SkimmedSegment {
  offset: number;
  end: number;
  start: SegmentStart;
  piece: ManifestPiece;
  evidence: PlacedRecord[];
  late: PlacedRecord[];
}

/** Finds the manifest of the segment at `at` by the headers of its records, whose bodies are not compared. */
export async function skimSegment(context: ContainerContext, source: Source, at: number, window = new Window(source, source.size)): Promise<SkimmedSegment> {
  const { header } = context;
  const late: PlacedRecord[] = [];
  const evidence: PlacedRecord[] = [];
  const maxRecords = limits.samplesInSegment + limits.auxiliaryInSegment;
  let start: SegmentStart | null = null;
  let next = at;
  for (let count = 0; count <= maxRecords; count++) {
    const probe = await window.view(next, sampleHeaderMax);
    if (probe.length < recordHeaderSize) throw new FormatError('C-OVR-1', 'the file ends within a segment', next);
    const isSample = probe[0] === recordType.sample;
    const record = isSample ? readSampleHeader(probe, next, header.tracks) : readRecordHeader(probe, next);
    const size = record.headerSize + record.bodySize;
    if (next + size > source.size) throw new FormatError('C-OVR-1', 'the file ends within a segment', next);
    if ((record.type === recordType.segmentStart) !== (count === 0)) throw new FormatError('C-SEG-1', 'no segment begins here', next);
    if (record.type === recordType.segmentStart) start = readSegmentStart(await source.read(next, size), next, header);
    if (record.type === recordType.signature) late.push({ offset: next, number: record.number, bytes: await source.read(next, size) });
    if (record.type === recordType.evidence) evidence.push({ offset: next, number: record.number, bytes: await source.read(next, size) });
    if (record.type === recordType.manifest) {
      const own = await ownSignatureSize(context, source, next + size, (start as SegmentStart).segment);
      const piece = await readManifestPiece(context, await source.read(next, size + own), next);
      return { offset: at, end: next + size + own, start: start as SegmentStart, piece, evidence, late };
    }
    next += size;
  }
  throw new FormatError('C-LIM-1', 'too many records in a segment', at);
}

async function ownSignatureSize(context: ContainerContext, source: Source, at: number, segment: number): Promise<number> {
  const probe = await source.read(at, recordHeaderSize);
  if (!context.header.isSigned || probe.length < recordHeaderSize || probe[0] !== recordType.signature) return 0;
  const record = readRecordHeader(probe, at);
  const bytes = await source.read(at, recordHeaderSize + record.bodySize);
  const isOwn = record.number === 0 && bytes.length === recordHeaderSize + record.bodySize && objectNumberOf(bytes) === BigInt(segment);
  return isOwn ? bytes.length : 0;
}
