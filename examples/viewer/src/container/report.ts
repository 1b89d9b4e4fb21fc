/* SPDX-License-Identifier: Apache-2.0 */
import type { Octets } from '../bytes/octets.js';
import type { RevocationState } from '../x509/crl.js';
import type { Identity } from '../x509/trust.js';
import type { ChainedSegment } from './chain.js';
import type { Description } from './description.js';
import type { GapReason } from './format.js';
import type { Header } from './header.js';
import type { JudgedStamp } from './judgement.js';

/** Verdicts of section 14, from the worst to the best. */
export const verdicts = ['not_authentic', 'undecryptable', 'untrusted', 'incomplete', 'authentic'] as const;
export type Verdict = (typeof verdicts)[number];

/** A file without a usable header has no verdict (C-VER-8). */
export type Outcome = Verdict | 'malformed' | 'unsupported';

export function worst(...all: readonly Verdict[]): Verdict {
  return verdicts.find((verdict) => all.includes(verdict)) ?? 'authentic';
}

/** From, included, to, excluded; null where it is not bounded. */
export interface Range {
  from: bigint | null;
  to: bigint | null;
}

export interface Failure {
  /** Number that the segment should have; null for header, index, end, tail and trailers. */
  segment: number | null;
  /** When it was, as far as it is known (C-VER-2). */
  time: bigint | null;
  offset: number;
  rule: string;
  reason: string;
}

export interface SignerReport {
  subject: string;
  issuer: string;
  fingerprint: Octets;
  role: number;
  /** The anchor that the path leads to. */
  authority: string | null;
  identity: Identity;
  reason: string;
  revocation: RevocationState;
}

export interface GapReport {
  /** Segment behind the gap. */
  segment: number;
  from: bigint;
  to: bigint;
  /** As it was signed. */
  reason: GapReason;
  /** Segments that should stand in the gap and are not there, or do not verify. */
  lost: number;
}

export interface Coverage {
  from: bigint | null;
  to: bigint | null;
  gaps: GapReport[];
  /** Behind the last segment, what a signed end counts and is not there; null where nothing is missing. */
  cutEnd: { from: bigint; to: bigint; lost: number } | null;
  unattestedBytes: number;
  isClosed: boolean;
  endReason: number | null;
}

export interface TimeReport {
  stamps: JudgedStamp[];
  /** The last segment that a time stamp attests, and since when; null without any. */
  attested: { segment: number; time: bigint } | null;
  /** Since when everything that is attested existed; null where it is not all. */
  attestedAll: bigint | null;
}

export type AccessState = 'clear' | 'not_tried' | 'opened' | 'wrong_key' | 'failed';

export interface AccessReport {
  state: AccessState;
  reason: string;
  /** Why slots are damaged. */
  damaged: string[];
  /** Who signed the recipients. */
  officer: SignerReport | null;
}

export interface ContainerReport {
  outcome: Outcome;
  /** Why there is no verdict, or the reason of the first failure. */
  reason: string;
  header: Header | null;
  description: Description | null;
  signer: SignerReport | null;
  firstFailure: Failure | null;
  failures: Failure[];
  segments: readonly ChainedSegment[];
  /** Hash of the newest manifest, to be compared with a receipt; null where none is attested. */
  head: Octets | null;
  coverage: Coverage;
  time: TimeReport;
  access: AccessReport;
}
