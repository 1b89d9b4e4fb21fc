/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the page knows of the evidence: plain data that crosses threads. Names, notes and comments in it are
 * texts of strangers; whoever shows them shows text and nothing else.
 */
import type { GapReason } from '../container/format.js';
import type { Outcome, Verdict } from '../container/report.js';
import type { LeftOut } from '../film/model.js';
import type { RevocationState } from '../x509/crl.js';
import type { Identity } from '../x509/trust.js';

/** Nanoseconds since 1970-01-01T00:00:00Z. */
export type Utc = bigint;

export type FileKind = 'package' | 'proof' | 'recording';
export type TrackKind = 'video' | 'audio' | 'metadata';

export interface TrackView {
  part: number;
  number: number;
  kind: TrackKind;
  /** Four characters, `avc1` for instance. */
  codec: string;
  /** Seconds of a tick are numerator/denominator. */
  timebase: { numerator: number; denominator: number };
  width: number;
  height: number;
  sampleRate: number;
  channels: number;
  configuration: Uint8Array;
  /** Left out by the exporter: nothing of it can be had. */
  isRemoved: boolean;
}

/** Segments of a part in order, as parallel arrays: there may be a hundred thousand. */
export interface SegmentTable {
  numbers: Float64Array;
  /** UTC of the first and the last sample, nanoseconds. */
  first: BigInt64Array;
  last: BigInt64Array;
}

/** A source of a package, or a container: one stretch of what a device recorded. */
export interface Part {
  /** Counts over all devices. */
  index: number;
  device: number;
  containerId: string;
  sequence: string;
  /** Name of its file; of a package that of the package. */
  fileName: string;
  tracks: TrackView[];
  segments: SegmentTable;
  /** What was asked for when it was exported; null for no bound. */
  from: Utc | null;
  to: Utc | null;
  /** Why nothing of it can be read; null where it can be. */
  unusable: string | null;
}

export interface Device {
  index: number;
  id: string;
  /** As the recorder wrote it; null where there is none or it is still sealed. */
  name: string | null;
  place: string | null;
  remark: string | null;
  /** As the exporter says; null without a case. */
  exporterName: string | null;
  exporterPlace: string | null;
  exporterRemark: string | null;
  /** Indexes of parts, by time. */
  parts: number[];
}

export interface CaseView {
  case: string | null;
  operator: string | null;
  reason: string | null;
  comment: string | null;
  created: Utc;
  profile: string | null;
  auditReference: string | null;
  formats: string[];
  /** What the exporter could not verify and included all the same: a sentence for each source. */
  unverified: { part: number; verdict: string; reason: string | null; count: string }[];
}

/** May anything be written to clear files? `cannot_tell`: what would say so does not hold, so that nothing is. */
export type ReexportReason = 'allowed' | 'forbidden' | 'cannot_tell';

export interface AttachmentView {
  number: number;
  name: string;
  mediaType: string | null;
  description: string | null;
  size: number;
  sha256: string;
  /** Made from the media, as its exporter says: a still, a clip. */
  isDerived: boolean;
}

/** What may open a file; none of them where nothing is sealed. */
export interface Locks {
  password: boolean;
  /** A private key of a recipient, as PEM. */
  privateKey: boolean;
  /** A key-encryption key. */
  keyEncryptionKey: boolean;
}

export interface Evidence {
  kind: FileKind;
  name: string;
  size: number;
  /** Of a package. */
  packageId: string | null;
  isSealed: boolean;
  isUnlocked: boolean;
  locks: Locks;
  devices: Device[];
  parts: Part[];
  /** Null where there is none, or where it is sealed and was not opened. */
  case: CaseView | null;
  attachments: AttachmentView[];
  /** What the newest link says; recordings may always be exported. Before verification a claim only. */
  reexport: boolean;
  reexportReason: ReexportReason;
}

export interface SignerView {
  subject: string;
  issuer: string;
  fingerprint: string;
  /** 1 camera, 2 recorder, 3 exporter, 4 custodian, 5 key officer. */
  role: number;
  /** Name of the certificate that the path leads to; null where it leads nowhere. */
  authority: string | null;
  identity: Identity;
  reason: string;
  revocation: RevocationState;
}

export interface LinkView {
  number: number;
  role: number | null;
  verdict: Verdict;
  reason: string;
  /**
   * Was its signature checked, and does it hold? False where it does not hold, and where its algorithm is not
   * known: role, note and times are then the words of anybody, and it covers nothing.
   */
  isVerified: boolean;
  signer: SignerView | null;
  /** By the signer's own clock. */
  claimed: Utc | null;
  /** Attested by a time-stamping authority, by a token of this or a later link: the earliest. */
  attested: Utc | null;
  /** The authority that attested that time, and the link that holds its token. */
  timeAuthority: string | null;
  attestedByLink: number | null;
  note: string;
  forbidsReexport: boolean;
  head: string;
  contradictions: string[];
}

export interface FailureView {
  part: number;
  segment: number | null;
  time: Utc | null;
  offset: number;
  rule: string;
  reason: string;
}

/** `lost`: segments were removed; `altered`: what stands there does not hold. A failure explains both. */
export type GapKind = 'silence' | 'lost' | 'altered';

export interface GapView {
  part: number;
  kind: GapKind;
  from: Utc;
  to: Utc;
  /** As it was signed; it explains nothing but silence. */
  reason: GapReason;
  /** Segments that should be there. */
  lost: number;
}

/** What is known of a segment. */
export const segmentState = {
  unchecked: 0,
  /** Signed by somebody whose authority is known. */
  authentic: 1,
  /** The signature holds, but nobody vouches for the signer. */
  untrusted: 2,
  /** Altered, moved, or without a signature that it should have. */
  failed: 3,
  /** Nothing is wrong with it, but nothing signs it yet: an interrupted or unsigned recording. */
  unattested: 4,
  /** Sealed, and not opened: the signatures hold as far as they reach. */
  closed: 5,
} as const;
export type SegmentState = (typeof segmentState)[keyof typeof segmentState];

export interface PartReport {
  part: number;
  verdict: Verdict | Outcome;
  reason: string;
  /** Is it signed at all? Of what is not, nothing shows whether it was altered. */
  isSigned: boolean;
  /**
   * Something in it, or its place among the others, does not hold. A picture of it whose own state is
   * `authentic` is then at most "signed by the device; the recording as a whole was altered".
   */
  isAltered: boolean;
  signer: SignerView | null;
  /** The lowest one. */
  firstFailure: FailureView | null;
  failures: FailureView[];
  failureCount: number;
  gaps: GapView[];
  /** Beside `SegmentTable.numbers`. */
  states: Uint8Array;
  /** Segments that are named by what is signed and are not there. */
  segmentsVerified: number;
  firstSegment: number | null;
  lastSegment: number | null;
  firstUtc: Utc | null;
  lastUtc: Utc | null;
  /** Why its period is not wholly covered; empty where it is. */
  notCovered: string;
  isClosed: boolean;
  /** Since when all of it is attested to exist. */
  attested: Utc | null;
  /** Of a container: its newest head. What is compared with a receipt is in `Report.recordings`. */
  head: string | null;
}

/** A recording of which there are containers, and the head of the newest of them. */
export interface RecordingHead {
  device: number;
  recordingId: string;
  /** The newest container. */
  part: number;
  /** Null where nothing in it is attested. */
  head: string | null;
  /** What all its containers together are. */
  verdict: Verdict | Outcome;
}

/** What the report was made with. */
export interface TrustView {
  anchors: { subject: string; fingerprint: string }[];
  timeAuthorities: { subject: string; fingerprint: string }[];
  revocationLists: { issuer: string; thisUpdate: Utc }[];
  /** Fingerprints that were given, of which `Report.unknownFingerprints` were found nowhere. */
  fingerprints: string[];
  expectedHead: string | null;
}

export interface DeviceReport {
  device: number;
  /** The worst of its parts. */
  verdict: Verdict | Outcome;
  /** The earliest of all parts. */
  firstFailure: FailureView | null;
  parts: PartReport[];
}

export interface Report {
  outcome: Outcome;
  reason: string;
  /** UTC of the machine when the bytes were read; they may be judged again with other trust. */
  made: Utc;
  /** UTC of the machine when it was judged. */
  judged: Utc;
  viewerVersion: string;
  links: LinkView[];
  devices: DeviceReport[];
  /** Case and attachments; null where it was not reached or there are none. */
  contents: { verdict: Verdict; reason: string; attachments: { number: number; verdict: Verdict; reason: string }[] } | null;
  /** Head of the newest link, to be compared with the receipt; of a single recording, that of its newest container. */
  head: string | null;
  /** Of containers: a receipt belongs to one recording. */
  recordings: RecordingHead[];
  reexport: boolean;
  reexportReason: ReexportReason;
  isSealed: boolean;
  isUnlocked: boolean;
  /** Bytes behind the newest link, or behind what is signed. */
  unattestedBytes: number;
  foreign: string | null;
  /** `isNewest`: nothing was added since. `part`: of containers, the one that has it. */
  expectedHead: { found: boolean; linksSince: number | null; isNewest: boolean; part: number | null } | null;
  /** Of a proof: the clear file beside it. */
  film: { samples: Verdict; samplesReason: string; presentation: Verdict; presentationReason: string; jumps: number } | null;
  /** Anchors that were given, by name and fingerprint; the same as `trust.anchors`. */
  anchors: { subject: string; fingerprint: string }[];
  trust: TrustView;
  /** Fingerprints that no certificate in the file or beside it has. */
  unknownFingerprints: string[];
}

/** Codec of metadata tracks with records of what a recorder found out about a camera's signatures. */
export const cameraCodec = 'svcv';

/** What a recorder said of a group of pictures that a camera had signed, or had not (CS-REC-1). */
export const cameraVerdicts = ['authentic', 'missing', 'changed', 'inserted', 'unsigned'] as const;
export type CameraVerdict = (typeof cameraVerdicts)[number];

export const cameraReasons = [
  'tail', 'head', 'sei_missing', 'sei_changed', 'sei_malformed', 'no_list', 'link', 'new_session', 'clock', 'key_changed', 'no_key',
  'unsupported', 'other_format', 'limit', 'stripped', 'stray',
] as const;
export type CameraReason = (typeof cameraReasons)[number];

/** Formats in which cameras sign (CS-VER-12). */
export const cameraFormats = ['onvif_media_signing', 'axis_signed_video_1', 'axis_signed_video_2'] as const;
export type CameraFormat = (typeof cameraFormats)[number];

/** Whose signature the recorder found. */
export interface CameraSigner {
  subject: string | null;
  /** SHA-256 of the certificate, hexadecimal. */
  fingerprint: string | null;
  /** What it was for the recorder, by what the recorder trusted. */
  identity: Identity;
  /** In which it was; null where the recorder does not say. */
  format: CameraFormat | null;
  groups: number;
}

/** Groups of pictures behind each other of which the recorder says the same. */
export interface CameraRun {
  verdict: CameraVerdict;
  reasons: CameraReason[];
  /** Not as the camera signed it, or without a signature that it must have made. */
  isDoubted: boolean;
  /** Of the first picture of the first group, and of the last one, by the recording. */
  from: Utc;
  to: Utc;
  /** When the last group ended, by the recording and how long the camera signed that it lasted; null where nobody knows. */
  until: Utc | null;
  /** As the camera signed them: the first picture, and the one behind the last. */
  signedFrom: Utc | null;
  signedTo: Utc | null;
  groups: number;
  frames: number;
  /** NAL units. */
  missing: number;
  changed: number;
  inserted: number;
  /** Signed groups that were missing in front of it. */
  missingGroups: number;
  /** Index into `CameraTrack.signers`; null where nobody signed. */
  signer: number | null;
}

export interface CameraTrack {
  /** Number of the video track. */
  number: number;
  groups: number;
  verdicts: Record<CameraVerdict, number>;
  /** Groups that are not as the camera signed them, or lack a signature that it must have made. */
  doubted: number;
  missingGroups: number;
  runs: CameraRun[];
  runsLeftOut: number;
  signers: CameraSigner[];
  signersLeftOut: number;
}

export interface CameraFault {
  part: number;
  utc: Utc;
  reason: string;
}

/**
 * What the recorder of a device says of the camera's own signatures: its word, signed like its recording, and
 * no check of those signatures (CS-REC-3).
 */
export interface CameraWords {
  device: number;
  /** By number. */
  tracks: CameraTrack[];
  /** Records that are not what CS-REC-1 says: nothing of them is believed. */
  faults: CameraFault[];
  faultCount: number;
  /** Segments whose records could not be had, and why: of the first of them. */
  unread: number;
  unreadCode: ProblemCode | null;
  /** The exporter left records out. */
  isLeftOut: boolean;
  /** Some of it stands in recordings that nobody signed: then it is anybody's word. */
  isUnsigned: boolean;
}

/** What a receiver got on another way than the evidence. */
export interface TrustInput {
  /** PEM or DER, of certificate authorities, each a file. */
  authorities: Uint8Array[];
  /** SHA-256 of an authority's certificate, hexadecimal, separators allowed: it is looked for among those that the file carries. */
  fingerprints: string[];
  /** Of authorities of time stamps. */
  timeAuthorities: Uint8Array[];
  /** Revocation lists, PEM or DER. */
  revocationLists: Uint8Array[];
  /** Head of a link, hexadecimal, from a receipt; null without. */
  expectedHead: string | null;
}

export interface KeyInput {
  password?: string;
  /** PEM files: private key of a recipient with its certificate, key-encryption key. */
  keyFile?: Uint8Array;
}

export interface SampleView {
  track: number;
  /** In ticks of the track. */
  dts: bigint;
  pts: bigint;
  duration: number;
  /** Of presentation. */
  utc: Utc;
  isSync: boolean;
  isDiscardable: boolean;
  data: Uint8Array;
}

export interface SegmentSamples {
  part: number;
  segment: number;
  state: SegmentState;
  samples: SampleView[];
}

/** Why something could not be had; `code` is for texts, `message` for who wants to know exactly. */
export type ProblemCode =
  | 'not_evidence'
  | 'malformed'
  | 'unsupported'
  | 'not_authentic'
  | 'wrong_key'
  | 'key_unusable'
  | 'sealed'
  | 'not_attested'
  | 'undecryptable'
  | 'trust_unusable'
  | 'fingerprint_unknown'
  /** The fingerprint is that of who signs, and not of an authority. */
  | 'fingerprint_of_signer'
  | 'reexport_forbidden'
  | 'proof_without_film'
  /** There is nothing in the period that a film can hold. */
  | 'clip_empty'
  /** A film cannot hold so much, or the recorder's times contradict each other. */
  | 'clip_impossible'
  | 'several_packages'
  | 'cancelled'
  | 'unreadable'
  | 'internal';

export class ProblemError extends Error {
  constructor(
    readonly code: ProblemCode,
    message: string,
  ) {
    super(message);
    this.name = 'ProblemError';
  }
}

export interface Progress {
  done: number;
  of: number;
  /** Device whose bytes are read; null for links and contents. */
  device: number | null;
  /** Bytes of everything. */
  overall?: { done: number; of: number };
}

export interface ClipRequest {
  device: number;
  from: Utc;
  to: Utc;
  /** Kinds that go in; metadata never does. */
  kinds: TrackKind[];
}

/** Why a clip has a gap. */
export type ClipGapReason =
  /** Nothing was recorded. */
  | 'silence'
  /** Segments that should be there are not. */
  | 'lost'
  | 'altered'
  | 'not_attested'
  | 'sealed'
  | 'undecryptable'
  | 'unreadable';

export interface Clip {
  /** An MP4 file. There is no proof beside it: that takes the signature of an exporter. */
  film: Blob;
  /** As the film begins and ends: with a picture that stands alone, so `from` may be earlier than what was asked for. */
  from: Utc;
  to: Utc;
  samples: number;
  /** What a film cannot hold. */
  leftOut: LeftOut[];
  /** Where nothing was recorded or may be shown. */
  gaps: { from: Utc; to: Utc; reason: ClipGapReason }[];
}

/**
 * The evidence, wherever it is read: a worker in the page, the same thread in tests. Every promise is
 * rejected with ProblemError and nothing else. One call of a kind at a time.
 */
export interface EvidenceSession {
  /** A package; a proof and its clear file; or containers of recordings, in any order. */
  open(files: readonly File[], signal?: AbortSignal): Promise<Evidence>;
  /** `wrong_key` may be tried again. The evidence then tells more. */
  unlock(key: KeyInput, progress?: (part: number) => void, signal?: AbortSignal): Promise<Evidence>;
  /** Verifies everything; may be called again with other trust. */
  verify(trust: TrustInput, progress?: (progress: Progress) => void, signal?: AbortSignal): Promise<Report>;
  /**
   * Samples of a segment, of these tracks, in order. `sealed` where it was not unlocked; `not_attested`
   * where nothing may be shown before a report says that it is signed (C-LGT-5).
   */
  samples(part: number, segment: number, tracks: readonly number[]): Promise<SegmentSamples>;
  /**
   * What recorders say of cameras' signatures, of every device whose recorder says anything. It reads what was
   * recorded once more, so that it comes after `verify`, and what is not attested then is not believed.
   */
  cameraWords(progress?: (part: number) => void, signal?: AbortSignal): Promise<CameraWords[]>;
  /** `reexport_forbidden` where a link forbids it, or nothing that holds allows it. */
  attachment(number: number): Promise<Blob>;
  /** `reexport_forbidden` where a link forbids it. */
  clip(request: ClipRequest, progress?: (part: number) => void, signal?: AbortSignal): Promise<Clip>;
  close(): void;
}
