/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up evidence and reports for looking at every state of the page, and for unit tests of its words. */
import type { Verdict } from '../src/container/report.js';
import type { GapReason } from '../src/container/format.js';
import {
  type AttachmentView,
  type CameraTrack,
  type CameraWords,
  type Device,
  type DeviceReport,
  type Evidence,
  type FailureView,
  type LinkView,
  type Part,
  type PartReport,
  type Report,
  type SignerView,
  segmentState,
} from '../src/evidence/model.js';
import type { Identity } from '../src/x509/trust.js';

export const second = 1_000_000_000n;
export const begin = BigInt(Date.UTC(2026, 2, 14, 7, 58, 12, 480)) * 1_000_000n;

function hexOf(seed: number, bytes: number): string {
  let state = seed * 2654435761 + 1;
  let text = '';
  for (let i = 0; i < bytes; i += 1) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    text += ((state >>> 16) & 0xff).toString(16).padStart(2, '0');
  }
  return text;
}

export const head = hexOf(7, 32);
const names = ['Haupteingang', 'Tiefgarage Ebene −2', 'Kassenhalle', 'Lieferhof', 'Treppenhaus B', 'Dachterrasse'];
const places = ['Rathausplatz 1, Erdgeschoss', null, 'Erdgeschoss, Schalter 3', 'Hofseite', null, 'Dach'];

function makePart(index: number, segments: number, at: bigint): Part {
  const numbers = new Float64Array(segments);
  const first = new BigInt64Array(segments);
  const last = new BigInt64Array(segments);
  let moment = at;
  for (let i = 0; i < segments; i += 1) {
    if (i === Math.floor(segments * 0.42)) moment += 95n * second;
    if (i === Math.floor(segments * 0.78)) moment += 40n * second;
    numbers[i] = 412 + i;
    first[i] = moment;
    last[i] = moment + 3_960_000_000n;
    moment += 4n * second;
  }
  return {
    index,
    device: index,
    containerId: `5c1f${hexOf(index + 40, 14)}`,
    sequence: '3',
    fileName: 'Entnahme_2026-03-14.svmx',
    tracks: [
      { part: index, number: 0, kind: 'video', codec: index === 1 ? 'hvc1' : 'avc1', timebase: { numerator: 1, denominator: 90000 }, width: 1920, height: 1080, sampleRate: 0, channels: 0, configuration: new Uint8Array(), isRemoved: false },
      { part: index, number: 1, kind: 'audio', codec: 'mp4a', timebase: { numerator: 1, denominator: 48000 }, width: 0, height: 0, sampleRate: 48000, channels: 1, configuration: new Uint8Array(), isRemoved: index === 2 },
      { part: index, number: 2, kind: 'metadata', codec: 'onvf', timebase: { numerator: 1, denominator: 1000 }, width: 0, height: 0, sampleRate: 0, channels: 0, configuration: new Uint8Array(), isRemoved: false },
    ],
    segments: { numbers, first, last },
    from: begin,
    to: begin + 1500n * second,
    unusable: null,
  };
}

function makeDevice(index: number): Device {
  return {
    index,
    id: hexOf(index + 90, 16),
    name: names[index] ?? `Kamera ${index + 1}`,
    place: places[index] ?? null,
    remark: index === 0 ? 'Blick nach Osten' : null,
    exporterName: names[index] ?? null,
    exporterPlace: index === 0 ? 'Rathausplatz 1, EG, Windfang' : null,
    exporterRemark: null,
    parts: [index],
  };
}

const attachments: AttachmentView[] = [
  { number: 0, name: 'Lageplan Erdgeschoss.pdf', mediaType: 'application/pdf', description: 'Standorte der Kameras', size: 482_113, sha256: hexOf(11, 32), isDerived: false },
  { number: 1, name: 'Übergabeprotokoll.txt', mediaType: 'text/plain', description: null, size: 1_204, sha256: hexOf(12, 32), isDerived: false },
];

export function makeEvidence(devices: number, changes: Partial<Evidence> = {}): Evidence {
  return {
    kind: 'package',
    name: 'Entnahme_2026-03-14_Rathausplatz.svmx',
    size: 1_874_221_056,
    packageId: hexOf(3, 16),
    isSealed: true,
    isUnlocked: true,
    locks: { password: true, privateKey: true, keyEncryptionKey: false },
    devices: Array.from({ length: devices }, (_, i) => makeDevice(i)),
    parts: Array.from({ length: devices }, (_, i) => makePart(i, 340, begin - BigInt(i) * 7n * second)),
    case: {
      case: '4 Js 1187/26',
      operator: 'POK Brandt, Polizeiinspektion Mitte',
      reason: 'Diebstahl am 14. März 2026, Anforderung vom 15. März 2026',
      comment: 'Drei Kameras, Zeitraum wie angefordert.\nDer Ton der Kassenhalle wurde auf Weisung weggelassen.',
      created: begin + 86_400n * second,
      profile: 'police-de',
      auditReference: 'AL-2026-03-15/0042',
      formats: ['svmx'],
      unverified: [],
    },
    attachments,
    reexport: true,
    reexportReason: 'allowed',
    ...changes,
  };
}

export function makeSigner(role: number, subject: string, identity: Identity, seed: number): SignerView {
  return {
    subject: `CN=${subject.replace(/,/g, '\\,')}, O=Stadtwerke Musterstadt, C=DE`,
    issuer: 'CN=Musterstadt Sicherheit CA 2, O=Stadtwerke Musterstadt, C=DE',
    fingerprint: hexOf(seed, 32),
    role,
    authority: identity === 'no_anchor' || identity === 'unknown_issuer' ? null : 'CN=Musterstadt Sicherheit Root, O=Stadtwerke Musterstadt, C=DE',
    identity,
    reason: identity === 'trusted' ? '' : `no path from the signer to an anchor (${identity})`,
    revocation: identity === 'revoked' ? 'revoked' : identity === 'trusted' ? 'good' : 'not_checked',
  };
}

function makeLinks(identity: Identity): LinkView[] {
  const verdict: Verdict = identity === 'trusted' ? 'authentic' : 'untrusted';
  return [
    {
      number: 0,
      role: 3,
      verdict,
      reason: verdict === 'authentic' ? '' : 'the signer is not trusted',
      isVerified: true,
      signer: makeSigner(3, 'Leitstelle Rathaus, Exportplatz 2', identity, 21),
      claimed: begin + 86_410n * second,
      attested: begin + 86_412n * second,
      timeAuthority: 'CN=Zeitstempeldienst Muster TSA 4, O=Muster Trust GmbH, C=DE',
      attestedByLink: 0,
      note: 'Export auf Anforderung der Polizeiinspektion Mitte',
      forbidsReexport: false,
      head: hexOf(31, 32),
      contradictions: [],
    },
    {
      number: 1,
      role: 4,
      verdict,
      reason: verdict === 'authentic' ? '' : 'the signer is not trusted',
      isVerified: true,
      signer: makeSigner(4, 'Asservatenstelle PI Mitte', identity, 22),
      claimed: begin + 172_800n * second,
      attested: null,
      timeAuthority: null,
      attestedByLink: null,
      note: '',
      forbidsReexport: false,
      head,
      contradictions: [],
    },
  ];
}

function gap(part: number, from: bigint, to: bigint, reason: GapReason, lost: number): PartReport['gaps'][number] {
  return { part, kind: 'silence', from, to, reason, lost };
}

function gapsIn(part: Part): PartReport['gaps'] {
  const reasons: GapReason[] = ['signal_lost', 'restart'];
  const found: PartReport['gaps'] = [];
  for (let i = 1; i < part.segments.first.length; i += 1) {
    const from = part.segments.last[i - 1] as bigint;
    const to = part.segments.first[i] as bigint;
    if (to - from > 10n * second) found.push(gap(part.index, from, to, reasons[found.length] ?? 'motion', 0));
  }
  return found;
}

function makePartReport(part: Part, verdict: Verdict, state: number, identity: Identity): PartReport {
  return {
    part: part.index,
    verdict,
    reason: '',
    isSigned: true,
    isAltered: false,
    signer: makeSigner(2, `Rekorder ${part.index + 1}, Serie 88-1${part.index}`, identity, 50 + part.index),
    firstFailure: null,
    failures: [],
    failureCount: 0,
    gaps: gapsIn(part),
    states: new Uint8Array(part.segments.numbers.length).fill(state),
    segmentsVerified: part.segments.numbers.length,
    firstSegment: part.segments.numbers[0] ?? null,
    lastSegment: part.segments.numbers[part.segments.numbers.length - 1] ?? null,
    firstUtc: part.segments.first[0] ?? null,
    lastUtc: part.segments.last[part.segments.last.length - 1] ?? null,
    notCovered: '',
    isClosed: true,
    attested: part.index === 0 ? begin + 3_600n * second : null,
    head: null,
  };
}

export function makeReport(evidence: Evidence, outcome: Report['outcome'], identity: Identity, state: number): Report {
  const verdict: Verdict = identity === 'trusted' ? 'authentic' : 'untrusted';
  const anchors = identity === 'no_anchor' ? [] : [{ subject: 'CN=Musterstadt Sicherheit Root, O=Stadtwerke Musterstadt, C=DE', fingerprint: hexOf(61, 32) }];
  const made = BigInt(Date.UTC(2026, 3, 2, 13, 5, 44)) * 1_000_000n;
  const devices: DeviceReport[] = evidence.devices.map((device) => ({
    device: device.index,
    verdict,
    firstFailure: null,
    parts: device.parts.map((index) => makePartReport(evidence.parts[index] as Part, verdict, state, identity)),
  }));
  return {
    outcome,
    reason: '',
    made,
    judged: made,
    viewerVersion: '1.0.0',
    links: evidence.kind === 'recording' ? [] : makeLinks(identity),
    devices,
    contents: { verdict: 'authentic', reason: '', attachments: evidence.attachments.map((one) => ({ number: one.number, verdict: 'authentic', reason: '' })) },
    head: evidence.kind === 'recording' ? null : head,
    recordings: [],
    reexport: true,
    reexportReason: 'allowed',
    isSealed: evidence.isSealed,
    isUnlocked: evidence.isUnlocked,
    unattestedBytes: 0,
    foreign: null,
    expectedHead: null,
    film: null,
    anchors,
    trust: { anchors, timeAuthorities: [], revocationLists: [], fingerprints: [], expectedHead: null },
    unknownFingerprints: [],
  };
}

/** Alters segments of a device in a report: what a tampered package looks like. */
export function alter(evidence: Evidence, report: Report, device: number, from: number, count: number): Report {
  const part = evidence.parts[device] as Part;
  const own = report.devices[device] as DeviceReport;
  const partReport = own.parts[0] as PartReport;
  const failures: FailureView[] = Array.from({ length: count }, (_, i) => ({
    part: part.index,
    segment: part.segments.numbers[from + i] ?? 0,
    time: part.segments.first[from + i] ?? null,
    offset: 1_048_576 + i * 65_536,
    rule: 'C-MAN-4',
    reason: 'the Merkle root of track 0 differs from the manifest',
  }));
  partReport.states.fill(segmentState.failed, from, from + count);
  partReport.failures = failures;
  partReport.failureCount = count;
  partReport.firstFailure = failures[0] ?? null;
  partReport.verdict = 'not_authentic';
  partReport.isAltered = true;
  partReport.reason = 'segment 556: the Merkle root of track 0 differs from the manifest';
  own.verdict = 'not_authentic';
  own.firstFailure = failures[0] ?? null;
  return { ...report, outcome: 'not_authentic' };
}

export interface Scene {
  /** As it is opened. */
  evidence: Evidence;
  /** What verification says; null where it never ends. */
  report: Report | null;
  /** What becomes of it once it is unlocked. */
  unlocked?: { evidence: Evidence; report: Report };
  /** What recorders say of cameras' signatures. */
  cameras?: CameraWords[];
}

function hostile(): Scene {
  const evidence = makeEvidence(2);
  const evil = '<img src=x onerror=alert(1)>\u202Egpj.exe';
  const [first, other] = evidence.devices as [Device, Device];
  first.name = evil;
  other.name = 'W'.repeat(300);
  if (evidence.case !== null) evidence.case.comment = `${evil}\n${'<script>alert(2)</script> '.repeat(40)}`;
  evidence.name = `${'sehr_langer_name_'.repeat(12)}.svmx`;
  (evidence.attachments[0] as AttachmentView).name = '"><svg onload=alert(3)>.pdf';
  return { evidence, report: makeReport(evidence, 'authentic', 'trusted', segmentState.authentic) };
}

function locked(): Scene {
  const open = makeEvidence(3);
  const evidence = makeEvidence(3, { isUnlocked: false, case: null, attachments: [] });
  return {
    evidence,
    report: { ...makeReport(evidence, 'untrusted', 'no_anchor', segmentState.closed), contents: null },
    unlocked: { evidence: open, report: makeReport(open, 'untrusted', 'no_anchor', segmentState.untrusted) },
  };
}

function incomplete(): Scene {
  const evidence = makeEvidence(2);
  const report = makeReport(evidence, 'incomplete', 'trusted', segmentState.authentic);
  const own = report.devices[1] as DeviceReport;
  const part = own.parts[0] as PartReport;
  own.verdict = 'incomplete';
  part.verdict = 'incomplete';
  part.notCovered = 'the period ends at 08:23:12 and the last segment at 08:19:40; nothing follows';
  part.isClosed = false;
  part.states.fill(segmentState.unattested, 320);
  return { evidence, report: { ...report, unattestedBytes: 73_211 } };
}

function forbidden(): Scene {
  const evidence = makeEvidence(1, { reexport: false, reexportReason: 'forbidden' });
  const report = makeReport(evidence, 'authentic', 'trusted', segmentState.authentic);
  (report.links[0] as LinkView).forbidsReexport = true;
  return { evidence, report: { ...report, reexport: false, reexportReason: 'forbidden', expectedHead: { found: true, linksSince: 1, isNewest: false, part: null } } };
}

function recording(): Scene {
  const evidence = makeEvidence(1, { kind: 'recording', name: 'cam01_0003.svms', packageId: null, isSealed: false, case: null, attachments: [], size: 268_435_456 });
  const report = makeReport(evidence, 'incomplete', 'trusted', segmentState.authentic);
  const part = report.devices[0]?.parts[0] as PartReport;
  part.isClosed = false;
  part.verdict = 'incomplete';
  part.head = hexOf(71, 32);
  (report.devices[0] as DeviceReport).verdict = 'incomplete';
  const recordings = [{ device: 0, recordingId: hexOf(72, 16), part: 0, head: part.head, verdict: 'incomplete' as const }];
  return { evidence, report: { ...report, contents: null, head: part.head, recordings } };
}

function altered(): Scene {
  const evidence = makeEvidence(3);
  return { evidence, report: alter(evidence, makeReport(evidence, 'authentic', 'trusted', segmentState.authentic), 1, 144, 61) };
}

function proof(): Scene {
  const evidence = makeEvidence(1, { kind: 'proof', name: 'Ausschnitt.svmp', isSealed: false, size: 211_442, attachments: [] });
  const report = makeReport(evidence, 'not_authentic', 'trusted', segmentState.authentic);
  return { evidence, report: { ...report, film: { samples: 'not_authentic', samplesReason: 'sample 131 of track 0 differs', presentation: 'not_authentic', presentationReason: 'SHA-256 differs', jumps: 1 } } };
}

function linkBroken(): Scene {
  const evidence = makeEvidence(2);
  const report = makeReport(evidence, 'not_authentic', 'trusted', segmentState.authentic);
  const link = report.links[1] as LinkView;
  link.verdict = 'not_authentic';
  link.isVerified = false;
  link.reason = 'the signature does not verify';
  link.contradictions = ['link 1 says 2026-03-15 07:00:00, six hours before link 0'];
  return { evidence, report };
}

/** Footage cut out: every segment that is left holds by itself. */
export function cutOut(): Scene {
  const evidence = makeEvidence(2);
  const report = makeReport(evidence, 'not_authentic', 'trusted', segmentState.authentic);
  const own = report.devices[0] as DeviceReport;
  const part = own.parts[0] as PartReport;
  const source = evidence.parts[0] as Part;
  const from = source.segments.last[141] as bigint;
  const to = source.segments.first[142] as bigint;
  const failure: FailureView = { part: 0, segment: 554, time: from, offset: 9_437_184, rule: 'C-SEG-5', reason: 'segment 554 is missing: 577 follows 553' };
  part.gaps = part.gaps.map((one) => (one.from === from ? { ...one, kind: 'lost', to, lost: 23, reason: 'none' } : one));
  Object.assign(part, { verdict: 'not_authentic', isAltered: true, failures: [failure], failureCount: 1, firstFailure: failure });
  own.verdict = 'not_authentic';
  own.firstFailure = failure;
  return { evidence, report };
}

function unsigned(): Scene {
  const evidence = makeEvidence(1, { kind: 'recording', name: 'unsigniert.svms', packageId: null, isSealed: false, case: null, attachments: [] });
  const report = makeReport(evidence, 'untrusted', 'no_anchor', segmentState.unattested);
  for (const device of report.devices) for (const part of device.parts) Object.assign(part, { isSigned: false, signer: null, attested: null });
  return { evidence, report: { ...report, contents: null, head: null } };
}

/** A link of an unknown algorithm: anybody may have written it. */
function unverifiable(): Scene {
  const evidence = makeEvidence(1);
  const report = makeReport(evidence, 'untrusted', 'trusted', segmentState.authentic);
  Object.assign(report.links[1] as LinkView, { verdict: 'untrusted', isVerified: false, signer: null, note: 'Das ist mein Vermerk', reason: 'signature algorithm 99 is not supported' });
  return { evidence, report: { ...report, reason: 'signature algorithm 99 is not supported' } };
}

function closed(): Scene {
  const evidence = makeEvidence(2, { isUnlocked: false, case: null, attachments: [] });
  for (const device of evidence.devices) Object.assign(device, { name: null, exporterName: device.index === 0 ? 'Kamera A' : null, place: null, remark: null });
  return { evidence, report: { ...makeReport(evidence, 'authentic', 'trusted', segmentState.closed), contents: null } };
}

/** Files of a recording, one of which is missing. */
function folder(): Scene {
  const evidence = makeEvidence(3, { kind: 'recording', name: 'cam01', packageId: null, isSealed: false, case: null, attachments: [] });
  const [device] = evidence.devices as [Device];
  device.parts = [0, 1, 2];
  evidence.devices = [device];
  evidence.parts.forEach((part, i) => Object.assign(part, { device: 0, from: null, to: null, sequence: ['0', '1', '4'][i] }));
  const report = makeReport(evidence, 'incomplete', 'trusted', segmentState.authentic);
  const parts = (report.devices[0] as DeviceReport).parts;
  parts.forEach((part, i) => (part.head = hexOf(80 + i, 32)));
  Object.assign(parts[2] as PartReport, { notCovered: 'containers 2 and 3 are missing (C-SEQ-2)', verdict: 'incomplete' });
  (report.devices[0] as DeviceReport).verdict = 'incomplete';
  const newest = hexOf(82, 32);
  return { evidence, report: { ...report, contents: null, head: newest, recordings: [{ device: 0, recordingId: hexOf(79, 16), part: 2, head: newest, verdict: 'incomplete' }] } };
}

/** A camera of which the recorder found most to be as it was signed, one group changed, and one lost. */
export function cameraTrack(): CameraTrack {
  const group = { reasons: [], isDoubted: false, frames: 25, missing: 0, changed: 0, inserted: 0, missingGroups: 0, signer: 0 };
  const at = (seconds: number): bigint => begin + BigInt(seconds) * second;
  return {
    number: 0,
    groups: 40,
    verdicts: { authentic: 37, missing: 1, changed: 1, inserted: 0, unsigned: 1 },
    doubted: 2,
    missingGroups: 1,
    runs: [
      { ...group, verdict: 'authentic', from: at(0), to: at(29), until: at(30), signedFrom: at(1), signedTo: at(31), groups: 30, frames: 750 },
      { ...group, verdict: 'changed', isDoubted: true, from: at(30), to: at(30), until: at(31), signedFrom: at(31), signedTo: at(32), groups: 1, changed: 2 },
      { ...group, verdict: 'authentic', from: at(31), to: at(37), until: at(38), signedFrom: at(32), signedTo: at(39), groups: 7, frames: 175 },
      { ...group, verdict: 'missing', isDoubted: true, from: at(39), to: at(39), until: at(40), signedFrom: at(40), signedTo: at(41), groups: 1, missingGroups: 1, reasons: ['sei_missing'] },
      { ...group, verdict: 'unsigned', from: at(40), to: at(40), until: null, signedFrom: null, signedTo: null, groups: 1, reasons: ['tail'], signer: null },
    ],
    runsLeftOut: 0,
    signers: [{ subject: 'CN=Kamera 17, O=Optik Werke', fingerprint: hexOf(61, 32), identity: 'trusted', format: 'onvif_media_signing', groups: 39 }],
    signersLeftOut: 0,
  };
}

export function cameraWords(device: number, track = cameraTrack()): CameraWords {
  return { device, tracks: [track], faults: [], faultCount: 0, unread: 0, unreadCode: null, isLeftOut: false, isUnsigned: false };
}

function camera(): Scene {
  const evidence = makeEvidence(2);
  for (const track of evidence.parts[0]?.tracks ?? []) if (track.kind === 'metadata') track.codec = 'svcv';
  return { evidence, report: makeReport(evidence, 'authentic', 'trusted', segmentState.authentic), cameras: [cameraWords(0)] };
}

export const scenes: Record<string, () => Scene> = {
  camera,
  cut: cutOut,
  unsigned,
  unverifiable,
  closed,
  folder,
  authentic: () => {
    const evidence = makeEvidence(3);
    return { evidence, report: makeReport(evidence, 'authentic', 'trusted', segmentState.authentic) };
  },
  unknown: () => {
    const evidence = makeEvidence(2);
    return { evidence, report: makeReport(evidence, 'untrusted', 'no_anchor', segmentState.untrusted) };
  },
  revoked: () => {
    const evidence = makeEvidence(1);
    return { evidence, report: makeReport(evidence, 'untrusted', 'revoked', segmentState.untrusted) };
  },
  receipt: () => {
    const evidence = makeEvidence(1);
    return { evidence, report: { ...makeReport(evidence, 'not_authentic', 'trusted', segmentState.authentic), expectedHead: { found: false, linksSince: null, isNewest: false, part: null } } };
  },
  running: () => ({ evidence: makeEvidence(3), report: null }),
  single: () => {
    const evidence = makeEvidence(1, { isSealed: false });
    return { evidence, report: makeReport(evidence, 'authentic', 'trusted', segmentState.authentic) };
  },
  six: () => {
    const evidence = makeEvidence(6);
    return { evidence, report: makeReport(evidence, 'authentic', 'trusted', segmentState.authentic) };
  },
  altered,
  locked,
  incomplete,
  forbidden,
  recording,
  proof,
  hostile,
  link: linkBroken,
};
