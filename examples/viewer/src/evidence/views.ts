/* SPDX-License-Identifier: Apache-2.0 */
import { hex, isZero } from '../bytes/octets.js';
import { type Slot, stanzaType } from '../container/access.js';
import type { Description } from '../container/description.js';
import type { Header, Track } from '../container/header.js';
import { trackKind } from '../container/format.js';
import { roles } from '../x509/roles.js';
import type { Case, CaseAttachment, CaseDevice } from '../package/case.js';
import type { AttachmentView, CaseView, Device, Locks, Part, SegmentTable, TrackKind, TrackView, Utc } from './model.js';

const kindNames: Record<number, TrackKind> = {
  [trackKind.video]: 'video',
  [trackKind.audio]: 'audio',
  [trackKind.metadata]: 'metadata',
};

export function kindOf(track: Track): TrackKind {
  return kindNames[track.kind] ?? 'metadata';
}

export function trackViews(part: number, tracks: readonly Track[], removed: ReadonlySet<number>): TrackView[] {
  return tracks.map((track) => ({
    part,
    number: track.number,
    kind: kindOf(track),
    codec: track.codec,
    timebase: track.timebase,
    width: track.width,
    height: track.height,
    sampleRate: track.sampleRate,
    channels: track.channels,
    configuration: track.configuration,
    isRemoved: removed.has(track.number),
  }));
}

export function emptyTable(): SegmentTable {
  return { numbers: new Float64Array(0), first: new BigInt64Array(0), last: new BigInt64Array(0) };
}

/** A part with what nothing but its header says; null where that cannot be used. */
export function partView(index: number, header: Header | null, fileName: string, removed: ReadonlySet<number>): Part {
  return {
    index,
    device: 0,
    containerId: header === null ? '' : hex(header.containerId),
    sequence: header === null ? '0' : header.sequence.toString(),
    fileName,
    tracks: header === null ? [] : trackViews(index, header.tracks, removed),
    segments: emptyTable(),
    from: null,
    to: null,
    unusable: null,
  };
}

/** What a part is sorted into devices by. */
export interface PlacedPart {
  view: Part;
  header: Header | null;
  description: Description | null;
}

const originEdge = 2;

/** Imported recordings have no id of a device: then the recording stands for it. */
function deviceKey({ view, header }: PlacedPart): string {
  if (header === null) return `part ${view.index}`;
  // Whoever signs nothing may claim to be any device: neither its name nor its pictures go under one that signs.
  if (!header.isSigned) return `unsigned ${hex(isZero(header.deviceId) ? header.recordingId : header.deviceId)}`;
  return isZero(header.deviceId) ? `recording ${hex(header.recordingId)}` : `device ${hex(header.deviceId)}`;
}

/** Numbers of containers count in their recording; those that a camera kept itself have numbers of their own (C-SEQ-3). */
export function sequenceKey({ view, header }: Pick<PlacedPart, 'view' | 'header'>): string {
  if (header === null) return `part ${view.index}`;
  const isEdge = header.prefix.role === roles.camera && header.origin === originEdge;
  return `${hex(header.recordingId)}${isEdge ? ' edge' : ''}${header.isSigned ? '' : ' unsigned'}`;
}

function beginOf({ view, header }: PlacedPart): Utc {
  return view.segments.first[0] ?? header?.createdUtc ?? 0n;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By time; what belongs to one recording by number, since clocks can be set. */
function inOrder(parts: readonly PlacedPart[]): PlacedPart[] {
  const groups = new Map<string, PlacedPart[]>();
  for (const part of parts) groups.set(sequenceKey(part), [...(groups.get(sequenceKey(part)) ?? []), part]);
  const sorted = [...groups.values()].map((group) =>
    group.sort((a, b) => compare(a.header?.sequence ?? 0n, b.header?.sequence ?? 0n) || compare(beginOf(a), beginOf(b))),
  );
  const begins = new Map(sorted.map((group) => [group, group.map(beginOf).reduce((x, y) => (x < y ? x : y))]));
  return sorted.sort((a, b) => compare(begins.get(a) ?? 0n, begins.get(b) ?? 0n)).flat();
}

/** Sorts parts into devices, and tells each part its device. */
export function devicesOf(parts: readonly PlacedPart[], described: readonly CaseDevice[] = []): Device[] {
  const groups = new Map<string, PlacedPart[]>();
  for (const part of parts) {
    const key = deviceKey(part);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [part]);
    else group.push(part);
  }
  return [...groups.values()].map((group, index) => {
    for (const { view } of group) view.device = index;
    const header = group.find((part) => part.header !== null)?.header ?? null;
    const text = group.find((part) => part.description !== null)?.description ?? null;
    const said = described.find((one) => group.some(({ view }) => one.sources.includes(view.index)));
    return {
      index,
      id: header === null ? '' : hex(isZero(header.deviceId) ? header.recordingId : header.deviceId),
      name: text?.name ?? null,
      place: text?.place ?? null,
      remark: text?.remark ?? null,
      exporterName: said?.name ?? null,
      exporterPlace: said?.place ?? null,
      exporterRemark: said?.remark ?? null,
      parts: inOrder(group).map(({ view }) => view.index),
    };
  });
}

export function caseView(stated: Case): CaseView {
  return {
    case: stated.case,
    operator: stated.operator,
    reason: stated.reason,
    comment: stated.comment,
    created: stated.created,
    profile: stated.profile,
    auditReference: stated.auditReference,
    formats: stated.formats,
    unverified: stated.sources
      .filter(({ verification }) => verification.unverifiedCount > 0n || verification.verdict !== 'authentic')
      .map(({ number, verification }) => ({
        part: number,
        verdict: verification.verdict,
        reason: verification.reason,
        count: verification.unverifiedCount.toString(),
      })),
  };
}

export function attachmentView(stated: CaseAttachment): AttachmentView {
  return {
    number: stated.number,
    name: stated.name,
    mediaType: stated.mediaType,
    description: stated.description,
    size: Number(stated.size),
    sha256: stated.sha256,
    isDerived: stated.derivation !== null,
  };
}

export const noLocks: Locks = { password: false, privateKey: false, keyEncryptionKey: false };

const privateKeyStanzas: readonly number[] = [stanzaType.x25519, stanzaType.p256, stanzaType.rsa];

/** What may open a slot. */
export function locksOf(slot: Slot | null): Locks {
  const types = (slot?.stanzas ?? []).map((stanza) => stanza.type);
  return {
    password: types.includes(stanzaType.password),
    privateKey: types.some((type) => privateKeyStanzas.includes(type)),
    keyEncryptionKey: types.includes(stanzaType.kek),
  };
}

export function anyLocks(all: readonly Locks[]): Locks {
  return {
    password: all.some((one) => one.password),
    privateKey: all.some((one) => one.privateKey),
    keyEncryptionKey: all.some((one) => one.keyEncryptionKey),
  };
}
