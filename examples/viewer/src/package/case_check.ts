/* SPDX-License-Identifier: Apache-2.0 */
import { FormatError } from '../bytes/errors.js';
import { hex } from '../bytes/octets.js';
import type { Header } from '../container/header.js';
import type { Case, CaseDevice, CaseSource, Derivation } from './case.js';
import type { PackageHeader } from './header.js';
import type { FirstLink } from './links.js';
import { policyBit } from './format.js';
import type { SourceFindings } from './source_walk.js';

/** What the case is compared with (E-CAS-1). */
export interface CaseFacts {
  header: PackageHeader;
  first: FirstLink;
  policy: number;
  sources: readonly SourceFindings[];
  /** Size and SHA-256 of what attachments hold; null where one was not opened, or is damaged. */
  attachments: readonly ({ size: number; sha256: string } | null)[];
}

const rule = 'E-CAS-1';
const second = 1_000_000_000n;
const kindNames = ['', 'video', 'audio', 'metadata'] as const;

function fail(what: string, broken = rule): never {
  throw new FormatError(broken, `case: ${what}`);
}

function secondsOf(utc: bigint): bigint {
  const whole = utc / second;
  return utc % second < 0n ? whole - 1n : whole;
}

function numberOrNull(number: number | null | undefined): bigint | null {
  return number === null || number === undefined ? null : BigInt(number);
}

function checkTracks(stated: CaseSource, header: Header, removed: ReadonlySet<number>): void {
  const where = `source ${stated.number}`;
  if (stated.tracks.length !== header.tracks.length) fail(`${where} with another number of tracks`);
  for (const [i, track] of header.tracks.entries()) {
    const said = stated.tracks[i];
    if (said?.kind !== kindNames[track.kind] || said?.codec !== track.codec) fail(`${where}, track ${i} of another kind or codec`);
    if (said?.included !== !removed.has(i)) fail(`${where} says of track ${i} wrongly whether it is there`);
  }
}

function checkSource(stated: CaseSource, found: SourceFindings): void {
  const where = `source ${stated.number}`;
  const { place, info, opened } = found;
  const { firstSegment, lastSegment } = place;
  if (stated.firstSegment !== numberOrNull(firstSegment?.number) || stated.lastSegment !== numberOrNull(lastSegment?.number)) {
    fail(`${where} with other segments than are carried`);
  }
  if (stated.firstUtc !== (firstSegment?.firstUtc ?? null) || stated.lastUtc !== place.latestUtc) {
    fail(`${where} with other times than its segments`);
  }
  if (info !== null && (stated.from !== info.period.from || stated.to !== info.period.to)) fail(`${where} with another period`);
  if (opened === null || info === null) return;
  const { header } = opened;
  if (stated.containerId !== hex(header.containerId) || stated.header !== hex(header.hash) || stated.sequence !== header.sequence) {
    fail(`${where} of another container`);
  }
  checkTracks(stated, header, info.removed);
}

/** Texts of a device come from the first container that it has, where that says them in the clear (E-CAS-3). */
function checkTexts(device: CaseDevice, facts: CaseFacts): void {
  const first = Math.min(...device.sources);
  const header = facts.sources[first]?.opened?.header;
  if (header === undefined || header.sealedDescription !== null) return;
  const { name = null, place = null, remark = null } = header.description ?? {};
  const same = name === device.name && place === device.place && remark === device.remark;
  if (!same) fail(`the texts of the device of source ${first} are not those of the recorder`, 'E-CAS-3');
}

function checkDevices(stated: Case, facts: CaseFacts): void {
  const seen = new Set<number>();
  for (const device of stated.devices) {
    if (device.sources.length === 0) fail('device without a source');
    for (const number of device.sources) {
      const found = facts.sources[number];
      if (found === undefined) fail(`device with source ${number}, which is not there`);
      if (seen.has(number)) fail(`source ${number} in two devices`);
      seen.add(number);
      const header = found.opened?.header;
      if (header === undefined) continue;
      if (device.deviceId !== hex(header.deviceId) || device.recordingId !== hex(header.recordingId)) fail(`source ${number} in another device than it is of`);
    }
    checkTexts(device, facts);
  }
  if (seen.size !== facts.sources.length) fail('source without a device');
}

function checkOrigin(found: SourceFindings | undefined, segment: number, manifest: string): void {
  if (found === undefined) fail('derived from a source that is not there');
  const { firstSegment, lastSegment } = found.place;
  const isWithin = firstSegment !== null && lastSegment !== null && segment >= (firstSegment.number ?? 0) && segment <= (lastSegment.number ?? 0);
  if (!isWithin) fail('derived from a segment that is not carried');
  const carried = found.chain?.find(segment);
  // Of a segment that does not verify there is no hash to compare with.
  if (carried === undefined && found.failures.length > 0) return;
  if (carried === undefined || !carried.hasMedia) fail('derived from a segment that is not carried');
  if (hex(carried.hash) !== manifest) fail('derived from a manifest with another hash');
}

function checkDerivation(derivation: Derivation | null, facts: CaseFacts): void {
  for (const from of derivation?.from ?? []) {
    const found = facts.sources[from.source];
    if (found?.opened === null) continue;
    checkOrigin(found, from.firstSegment, from.firstManifest);
    checkOrigin(found, from.lastSegment, from.lastManifest);
    if (from.firstSegment > from.lastSegment) fail('derived from segments in the wrong order');
    const tracks = found?.opened?.header.tracks.length ?? 0;
    if (from.track !== null && from.track >= tracks) fail('derived from a track that is not there');
  }
}

function checkAttachments(stated: Case, facts: CaseFacts): void {
  if (stated.attachments.length !== facts.attachments.length) fail('another number of attachments');
  for (const [i, attachment] of stated.attachments.entries()) {
    const found = facts.attachments[i];
    if (found !== null && found !== undefined && (attachment.size !== BigInt(found.size) || attachment.sha256 !== found.sha256)) {
      fail(`attachment ${i} with another size or SHA-256`);
    }
    checkDerivation(attachment.derivation, facts);
  }
}

function checkPresentation(stated: Case, facts: CaseFacts): void {
  const { presentation } = stated;
  if ((presentation === null) !== !facts.header.isProof) fail('presentation in a package, or none in a proof');
  if (presentation === null) return;
  const { presentationSize, presentationHash } = facts.first;
  if (presentation.size !== BigInt(presentationSize) || presentation.sha256 !== hex(presentationHash)) {
    fail('presentation with another size or SHA-256 than link 0 signs', 'E-PRF-5');
  }
  const twice = (numbers: number[]): boolean => new Set(numbers).size !== numbers.length;
  if (twice(presentation.tracks.map((one) => one.track)) || twice(presentation.tracks.map((one) => one.presentationTrack))) {
    fail('a track of the presentation is named twice', 'E-PRF-1');
  }
  checkDerivation(presentation.derivation, facts);
}

/** Compares the case with the frames (E-CAS-1, E-CAS-3); throws at the first difference. */
export function checkCase(stated: Case, facts: CaseFacts): void {
  if (secondsOf(stated.created) !== secondsOf(facts.header.createdUtc)) fail('another time of creation than the header');
  if (stated.reexport !== ((facts.policy & policyBit.noReexport) === 0)) fail('says something else about re-export than link 0');
  if (stated.sources.length !== facts.sources.length) fail('another number of sources');
  for (const [i, source] of stated.sources.entries()) checkSource(source, facts.sources[i] as SourceFindings);
  checkDevices(stated, facts);
  checkAttachments(stated, facts);
  checkPresentation(stated, facts);
}
