/* SPDX-License-Identifier: Apache-2.0 */

/** Limits of E-OVR-5. */
export const limits = {
  frames: 16_777_216,
  sources: 4_096,
  attachments: 4_096,
  origins: 4_096,
  caseValues: 524_288,
  caseDepth: 32,
  caseBytes: 4_194_304,
  links: 1_024,
  partA: 2_048,
  partB: 2 ** 48,
  partC: 1_048_576,
  linkObject: 8_192,
  linkNote: 4_096,
  linkChain: 65_536,
  linkSignature: 8_192,
  linkToken: 65_536,
  unverified: 1_000,
  indexRecords: 16,
} as const;

export const fileKind = { package: 1, proof: 2 } as const;

export const frameKind = {
  source: 1,
  segment: 2,
  manifest: 3,
  record: 4,
  end: 5,
  fragment: 6,
  attachment: 7,
  case: 8,
  directory: 9,
  leaves: 10,
} as const;

export const frameFlag = { sealed: 1, removed: 2, unverified: 4 } as const;

export const headerSize = 120;
export const frameHeaderSize = 40;
export const directoryHeadSize = 40;
export const entrySize = 80;
export const directoryEntries = 256;
export const sourceInfoSize = 32;
export const sealedChunk = 65_536;
export const secretSize = 33;

export const linkHeaderSize = 24;
export const linkTailSize = 48;
/** How far from the end the last whole tail is looked for (E-LNK-5). */
export const tailSearch = 262_144;

export const linkType = { first: 7, later: 8 } as const;
/** Policy bits that have a name. */
export const policyBit = { noReexport: 1 } as const;

/** The number of frames that belong to no segment. */
export const noNumber = 2n ** 64n - 1n;
