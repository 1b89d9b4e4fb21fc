/* SPDX-License-Identifier: Apache-2.0 */
import type { Octets } from '../bytes/octets.js';
import type { ChainedSegment } from '../container/chain.js';
import type { Description } from '../container/description.js';
import type { Header } from '../container/header.js';
import type { JudgedStamp } from '../container/judgement.js';
import type { AccessState, Coverage, Failure, Outcome, Range, SignerReport, TimeReport, Verdict } from '../container/report.js';
import type { Case } from './case.js';
import type { PackageHeader } from './header.js';

export interface LinkReport {
  number: number;
  offset: number;
  /** 3 exporter, 4 custodian; null where nothing can be believed. */
  role: number | null;
  verdict: Verdict;
  reason: string;
  /** Was its signature checked, and does it hold? What a link says that was not is the word of anybody. */
  isVerified: boolean;
  /** Null where the signature was not reached, or cannot be checked. */
  signer: SignerReport | null;
  /** By the signer's clock. */
  utc: bigint | null;
  /** Since when the link is attested to exist, by its own token or a later link's. */
  attested: bigint | null;
  /** Whose token says so; null without. */
  attestedBy: { link: number; authority: string | null } | null;
  token: JudgedStamp | null;
  note: string;
  reexport: boolean | null;
  head: Octets;
  /** Claimed times that contradict each other, in words (E-VER-11); they change no verdict. */
  contradictions: string[];
}

export interface SourceReport {
  number: number;
  verdict: Verdict;
  reason: string;
  header: Header | null;
  description: Description | null;
  signer: SignerReport | null;
  /** The lowest failure (C-VER-2). */
  firstFailure: Failure | null;
  failures: Failure[];
  /** What verifies and what does not, in order; also manifests without their records. */
  segments: readonly ChainedSegment[];
  /** Of the segments that are carried with their records. */
  firstSegment: number | null;
  lastSegment: number | null;
  firstUtc: bigint | null;
  lastUtc: bigint | null;
  /** As it was asked for. */
  period: Range;
  removedTracks: number[];
  coverage: Coverage;
  /** Why its period is not wholly covered; empty where it is. */
  notCovered: string;
  /** Segments whose bodies are sealed and were not compared with what the recorder signed (E-VER-4). */
  closedBodies: number;
  time: TimeReport;
}

export interface AttachmentReport {
  number: number;
  verdict: Verdict;
  reason: string;
  /** Null where it was not opened. */
  size: number | null;
  sha256: string | null;
}

export interface ContentsReport {
  verdict: Verdict;
  reason: string;
  /** Null where it was not opened, or breaks a rule. */
  case: Case | null;
  /** The case was compared with its digest only, since it is sealed. */
  isCaseClosed: boolean;
  attachments: AttachmentReport[];
}

export interface PackageAccess {
  state: AccessState;
  reason: string;
}

export interface ExpectedHead {
  found: boolean;
  /** Links that were added since; null where it was not found. */
  linksSince: number | null;
  /** The link that has it is not authentic. */
  isForged: boolean;
}

export interface PackageReport {
  outcome: Outcome;
  reason: string;
  header: PackageHeader | null;
  /** Empty where the offsets do not lead from the newest to link 0. */
  links: LinkReport[];
  /** Head of the newest link. */
  receipt: Octets | null;
  /** May the media be exported again (E-VER-9, E-LNK-4)? */
  reexport: boolean;
  /** Null where the directories do not hold. */
  sources: SourceReport[] | null;
  /** Null where it was not reached. */
  contents: ContentsReport | null;
  access: PackageAccess;
  /** Bytes behind the newest whole link. */
  unattestedBytes: number;
  /** Why these bytes are no link that was being written; null where they may be one. */
  foreign: string | null;
  expectedHead: ExpectedHead | null;
}
