/* SPDX-License-Identifier: Apache-2.0 */
import { X509Certificate, createHash, createPrivateKey, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Octets, ascii, concat, copyOf, hex, i64, u16, u32, u64 } from '../src/bytes/octets.js';
import { MemorySource } from '../src/bytes/source.js';
import { type Credentials, openSlot } from '../src/container/access.js';
import { auxiliaryTrack, protection, recordHeaderSize, recordType, unknownUtc } from '../src/container/format.js';
import type { ContentKeys } from '../src/container/keys.js';
import type { Manifest } from '../src/container/manifest.js';
import { type OpenedContainer, openContainer, slotOwner } from '../src/container/opening.js';
import { readRecordHeader, readSampleHeader, sampleLayout } from '../src/container/records.js';
import { skimSegment } from '../src/container/skim.js';
import { hkdfExpand } from '../src/crypto/kdf.js';
import { leafOf } from '../src/crypto/merkle.js';

/*
 * Makes the proof of a film by section 9, signed by an identity of the tests: what an exporter does, and what
 * the viewer cannot do.
 */

const frameKind = { source: 1, end: 5, case: 8, directory: 9, leaves: 10 } as const;
const form = { record: 1, presented: 2 } as const;
const noNumber = 2n ** 64n - 1n;
const softwareSize = 32;

interface Frame {
  kind: number;
  number: bigint;
  origin: number;
  firstUtc: bigint;
  lastUtc: bigint;
  bytes: Octets;
}

function sha256(bytes: Uint8Array): Octets {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

function frameOf(kind: number, number: bigint, parts: { a?: Octets; b?: Octets; c?: Octets }, place?: { origin: number; manifest: Manifest | null }): Frame {
  const { a = concat(), b = concat(), c = concat() } = parts;
  const origin = place?.origin ?? 0;
  const header = concat(Uint8Array.of(kind, 0), u16(0), u32(a.length), u32(c.length), u32(0), u64(b.length), u64(number), u64(origin));
  const { firstUtc, lastUtc } = place?.manifest ?? { firstUtc: unknownUtc, lastUtc: unknownUtc };
  return { kind, number, origin, firstUtc, lastUtc, bytes: concat(header, a, b, c) };
}

/** A container of which every segment is presented. */
class ProvenContainer {
  readonly manifests: Manifest[] = [];
  readonly frames: Frame[] = [];

  private constructor(
    private readonly bytes: Octets,
    readonly opened: OpenedContainer,
    private readonly keys: ContentKeys | null,
  ) {}

  static async open(path: string, number: number, credentials: Credentials): Promise<ProvenContainer> {
    const bytes = new Uint8Array(readFileSync(path));
    const opened = await openContainer(new MemorySource(bytes));
    const { header, slot } = opened;
    const key = slot === null || header.keys === null ? null : await openSlot(slot, credentials, slotOwner(header), header.keys.check);
    const container = new ProvenContainer(bytes, opened, key !== null && key.state === 'opened' ? key.keys : null);
    await container.read(number);
    return container;
  }

  private async read(number: number): Promise<void> {
    const { bytes, opened } = this;
    const info = concat(u32(0), u32(0), i64(unknownUtc), i64(unknownUtc), u64(bytes.length));
    this.frames.push(frameOf(frameKind.source, BigInt(number), { c: concat(info, opened.opening) }));
    let at = opened.firstRecord;
    while (bytes[at] === recordType.segmentStart) {
      const { end, piece } = await skimSegment(opened, new MemorySource(bytes), at);
      this.leaves(at, at + piece.manifest.bytes, end, piece.manifest);
      at = end;
    }
    while (bytes[at] !== recordType.end) at += this.sizeAt(at);
    this.frames.push(frameOf(frameKind.end, noNumber, { c: copyOf(bytes.subarray(at)) }, { origin: at, manifest: null }));
  }

  private sizeAt(at: number): number {
    return recordHeaderSize + readRecordHeader(this.bytes.subarray(at), at).bodySize;
  }

  private leaves(begin: number, manifestAt: number, end: number, manifest: Manifest): void {
    const { bytes, opened } = this;
    const entries: Octets[] = [];
    for (let at = begin; at < manifestAt; ) {
      if (bytes[at] !== recordType.sample) {
        const size = this.sizeAt(at);
        entries.push(concat(Uint8Array.of(form.record, auxiliaryTrack, 0, 0), u32(size), bytes.subarray(at, at + size)));
        at += size;
        continue;
      }
      const header = readSampleHeader(bytes.subarray(at), at, opened.header.tracks);
      const record = bytes.subarray(at, at + header.headerSize + header.bodySize);
      const { tableSize } = sampleLayout(header, record.subarray(header.headerSize), at);
      const content = concat(record.subarray(0, header.headerSize + tableSize), leafOf(copyOf(record)));
      entries.push(concat(Uint8Array.of(form.presented, header.track.number, 0, 0), u32(content.length), content));
      at += record.length;
    }
    this.manifests.push(manifest);
    const parts = { a: this.secrets(manifest), b: concat(...entries), c: copyOf(bytes.subarray(manifestAt, end)) };
    this.frames.push(frameOf(frameKind.leaves, BigInt(manifest.segment), parts, { origin: begin, manifest }));
  }

  /** T of each protected track of a segment (C-KEY-4). */
  private secrets({ entries, segment, salt }: Manifest): Octets {
    const { keys, opened } = this;
    const isSealed = (track: number): boolean => opened.header.tracks[track]?.protection !== protection.none;
    const sealed = entries.map(({ track }) => track).filter(isSealed);
    return concat(...sealed.map((track) => {
      if (keys === null) throw new Error('the recording was not opened');
      const info = concat(ascii('svms1 track'), u16(1), u64(segment), Uint8Array.of(track), salt);
      return concat(Uint8Array.of(track), hkdfExpand(keys.p, info, 32));
    }));
  }
}

function timeText(utc: bigint): string {
  const whole = new Date(Number(utc / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${whole}.${(utc % 1_000_000_000n).toString().padStart(9, '0')}Z`;
}

const kinds = ['', 'video', 'audio', 'metadata'];

function sourceOfCase({ opened: { header }, manifests }: ProvenContainer, number: number): object {
  const [first, last] = [manifests[0], manifests.at(-1)] as [Manifest, Manifest];
  const verification = {
    verdict: 'authentic', identity: 'trusted', signer: null, attested: null, checked: timeText(last.lastUtc), reason: null, unverified_count: 0, unverified: [],
  };
  return {
    number, container_id: hex(header.containerId), header: hex(header.hash), sequence: Number(header.sequence), from: null, to: null,
    first_segment: first.segment, last_segment: last.segment, first_utc: timeText(first.firstUtc), last_utc: timeText(last.lastUtc),
    tracks: header.tracks.map((track) => ({ number: track.number, kind: kinds[track.kind], codec: track.codec, included: true })), verification,
  };
}

function caseOf(containers: readonly ProvenContainer[], film: Octets, tracks: readonly number[], created: bigint): Octets {
  const { header } = (containers[0] as ProvenContainer).opened;
  const device = { device_id: hex(header.deviceId), recording_id: hex(header.recordingId), name: null, place: null, remark: null, sources: containers.map((_, i) => i) };
  const presentation = {
    name: 'film.mp4', media_type: 'video/mp4', size: film.length, sha256: hex(sha256(film)),
    tracks: tracks.map((track, i) => ({ track, presentation_track: i + 1 })), derivation: null,
  };
  const text = JSON.stringify({
    format: 'svms-case', version: 1, case: null, operator: null, reason: null, comment: null, created: timeText(created), profile: null, audit_reference: null,
    reexport: true, formats: ['mp4'], devices: [device], sources: containers.map(sourceOfCase), attachments: [], presentation,
  });
  return new Uint8Array(new TextEncoder().encode(text));
}

function directoryOf(frames: readonly Frame[], begin: number): Octets {
  let at = begin;
  const entries = frames.map((frame) => {
    const { kind, number, origin, firstUtc, lastUtc, bytes } = frame;
    const entry = concat(u64(at), u64(number), u64(origin), i64(firstUtc), i64(lastUtc), Uint8Array.of(kind, 0), u16(0), u32(0), sha256(bytes));
    at += bytes.length;
    return entry;
  });
  return frameOf(frameKind.directory, BigInt(frames.length), { c: concat(u64(0), new Uint8Array(32), ...entries) }).bytes;
}

const p256Order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function bigintOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes)}`);
}

/** r‖s with s in the lower half (C-ALG-3), or Ed25519. */
function signWith(pem: string, object: Octets): { algorithm: number; signature: Octets } {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType === 'ed25519') return { algorithm: 3, signature: new Uint8Array(sign(null, object, key)) };
  const both = new Uint8Array(sign('sha256', object, { key, dsaEncoding: 'ieee-p1363' }));
  const s = bigintOf(both.subarray(32));
  if (s > p256Order / 2n) {
    const other = (p256Order - s).toString(16).padStart(64, '0');
    both.set(Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(other.slice(2 * i, 2 * i + 2), 16)), 32);
  }
  return { algorithm: 1, signature: both };
}

export interface Signer {
  certificate: string;
  key: string;
}

interface Signed {
  id: Octets;
  header: Octets;
  offset: number;
  directory: { offset: number; bytes: Octets };
  frames: number;
  sources: number;
  film: Octets;
  utc: bigint;
}

function linkOf(signer: Signer, what: Signed): Octets {
  const certificate = new Uint8Array(new X509Certificate(readFileSync(signer.certificate)).raw);
  const pem = readFileSync(signer.key, 'utf8');
  const { algorithm } = signWith(pem, concat());
  const body = concat(
    what.id, sha256(what.header), u32(0), u32(0), i64(what.utc), u64(what.offset), u64(0), new Uint8Array(32),
    u64(what.directory.offset), sha256(what.directory.bytes), u64(what.frames), u32(what.sources), u32(0),
    sha256(what.film), u64(what.film.length), u16(0), u16(0),
  );
  const exporter = 3;
  const prefix = concat(ascii('SVMO'), Uint8Array.of(7, 1, exporter, 0), u16(1), u16(algorithm), u32(48 + body.length), sha256(certificate));
  const object = concat(prefix, body);
  const { signature } = signWith(pem, object);
  const chain = concat(u32(certificate.length), certificate);
  const link = concat(ascii('SVXL'), u32(object.length), u32(chain.length), u32(signature.length), u32(0), u32(0), object, chain, signature);
  return concat(link, u64(what.offset), sha256(link), ascii('SVXLTAIL'));
}

/** The proof of a film that shows all of some containers of one recording; `tracks` are the recorder's, in the order of the film. */
export async function proveFilm(film: Octets, paths: readonly string[], tracks: readonly number[], credentials: Credentials, signer: Signer): Promise<Octets> {
  const containers: ProvenContainer[] = [];
  for (const [i, path] of paths.entries()) containers.push(await ProvenContainer.open(path, i, credentials));
  const utc = BigInt(Date.now()) * 1_000_000n;
  const id = copyOf(randomBytes(16));
  const software = concat(ascii('tests'), new Uint8Array(softwareSize - 5));
  const magic = Uint8Array.of(0x8a, 0x53, 0x56, 0x58, 0x0d, 0x0a, 0x1a, 0x0a);
  const proofKind = 2;
  const header = concat(
    magic, Uint8Array.of(1, 0), u16(0), u32(0), u32(0), u32(120), Uint8Array.of(proofKind, 0), u16(0), u32(0), id, new Uint8Array(32), i64(utc), software,
  );
  const frames = [...containers.flatMap((one) => one.frames), frameOf(frameKind.case, 0n, { b: caseOf(containers, film, tracks, utc) })];
  if (frames.length > 256) throw new Error('a proof of one directory');
  const before = concat(header, ...frames.map(({ bytes }) => bytes));
  const directory = { offset: before.length, bytes: directoryOf(frames, header.length) };
  const offset = before.length + directory.bytes.length;
  const link = linkOf(signer, { id, header, offset, directory, frames: frames.length + 1, sources: containers.length, film, utc });
  return concat(before, directory.bytes, link);
}
