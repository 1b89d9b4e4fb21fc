/* SPDX-License-Identifier: Apache-2.0 */
import type { Source } from '../bytes/source.js';
import type { Credentials } from '../container/access.js';
import type { Port } from '../container/check_pool.js';
import type { Trust } from '../container/judgement.js';
import type { Certificate } from '../x509/certificate.js';
import type { Checkers } from './checkers.js';
import type { Evidence, Progress, ReexportReason, Report, TrustView } from './model.js';
import type { AttestedSegments, PartReader } from './part_reader.js';

/** A file as it comes from the page. */
export interface NamedFile {
  name: string;
  blob: Blob;
}

/** What a session needs of where it runs. */
export interface Platform {
  sourceOf(blob: Blob): Source | Promise<Source>;
  /** What the other side of a check port makes a source of. */
  inputOf(blob: Blob): unknown;
  /** To workers that serve checks (`serveChannels`). */
  checkPorts: readonly Port[];
  /** UTC, nanoseconds. */
  now(): bigint;
  version: string;
}

export interface Opened extends NamedFile {
  source: Source;
}

export interface VerifyCall {
  trust: Trust;
  /** What it was made of, for the report. */
  trustView: TrustView;
  unknownFingerprints: string[];
  expectedHead: Uint8Array | null;
  checkers: Checkers;
  progress(progress: Progress): void;
  signal: AbortSignal;
}

/** What was verified: the report, and which segments of each part it calls attested. */
export interface Verified {
  report: Report;
  attested: Map<number, AttestedSegments>;
}

/** The evidence that is open: a package, a proof, or containers. */
export interface Holding {
  evidence(): Evidence;
  /** False where nothing that was given opens anything. */
  unlock(credentials: Credentials, progress: (part: number) => void): Promise<{ isOpen: boolean; reason: string }>;
  /** Certificates that the file carries, in any chain. */
  carried(): Certificate[];
  verify(call: VerifyCall): Promise<Verified>;
  /** Throws ProblemError where nothing of the part can be read. */
  reader(part: number): PartReader;
  attachment(number: number): Promise<Blob>;
  /** May anything be written to clear files? */
  readonly reexport: ReexportReason;
}
