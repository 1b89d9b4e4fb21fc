/* SPDX-License-Identifier: Apache-2.0 */

/** Limits of C-LIM-1. */
export const limits = {
  header: 262_144,
  chainCertificates: 8,
  chainBytes: 65_536,
  tracks: 32,
  configuration: 65_536,
  sample: 67_108_864,
  samplesInSegment: 16_384,
  auxiliaryInSegment: 4_096,
  ranges: 256,
  manifest: 65_536,
  signature: 8_192,
  signatureRecord: 16_384,
  unattestedSegments: 128,
  batchLevels: 40,
  auxiliary: 1_048_576,
  segments: 2 ** 32 - 1,
  slotMin: 512,
  slotMax: 65_536,
  stanzas: 64,
  indexEntries: 256,
  trailer: 16_777_216,
  trailers: 65_536,
} as const;

export const recordType = {
  sample: 1,
  segmentStart: 2,
  manifest: 3,
  signature: 4,
  index: 5,
  evidence: 6,
  end: 7,
  trailer: 8,
  tail: 9,
} as const;

export const objectType = { header: 1, manifest: 2, end: 3, accessChange: 4, pruned: 5, batchRoot: 6 } as const;

export const algorithm = { none: 0, p256: 1, p384: 2, ed25519: 3, rsaPss: 4 } as const;

export const trackKind = { video: 1, audio: 2, metadata: 3 } as const;
export const protection = { strong: 0, light: 1, none: 2 } as const;

export const recordHeaderSize = 16;
export const sampleHeaderMin = 24;
export const sampleHeaderMax = 32;
export const prefixSize = 48;
export const segmentStartSize = 80;
export const hashSize = 32;
export const tagSize = 16;
export const chunkSize = 1_048_576;
export const auxiliaryTrack = 255;
/** Bytes of h that stand in segment starts and index records. */
export const headerHashPart = 8;
/** Late signatures stand at most this many segments behind (C-SIG-4). */
export const lateBound = 64;
/** Evidence stands at most this many segments behind (C-EVI-1). */
export const evidenceBound = 256;

/** Object numbers of signatures that belong to no segment (C-SIG-1). */
export const objectNumber = {
  end: 2n ** 64n - 1n,
  header: 2n ** 64n - 2n,
  pruned: 2n ** 64n - 3n,
} as const;

export const unknownUtc = -(2n ** 63n);
export const maxI64 = 2n ** 63n - 1n;
export const minI64 = -(2n ** 63n);

export const sampleFlag = {
  sync: 0x01,
  discardable: 0x02,
  discontinuity: 0x04,
  ranges: 0x08,
  composition: 0x10,
  duration: 0x20,
  first: 0x40,
} as const;

export const gapReasons = [
  'none', 'unspecified', 'schedule', 'motion', 'signal_lost', 'edge_pending', 'restart', 'overload',
] as const;
export type GapReason = (typeof gapReasons)[number];
