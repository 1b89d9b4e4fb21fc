/* SPDX-License-Identifier: Apache-2.0 */
/* What is open and what is known of it. Views listen and are told what has changed. */
import {
  type CameraWords,
  type Evidence,
  type EvidenceSession,
  type KeyInput,
  type ProblemCode,
  ProblemError,
  type Progress,
  type Report,
  type TrustInput,
} from '../evidence/model.js';
import type { CreatePlayer } from '../play/model.js';
import { readDigest } from '../evidence/digest_text.js';
import { saysOfCamera } from './judgement.js';

export interface Makers {
  createSession(): EvidenceSession;
  createPlayer: CreatePlayer;
  version: string;
}

export type Topic = 'phase' | 'evidence' | 'verification' | 'progress' | 'unlock' | 'trust' | 'draft' | 'camera';
export type Phase = 'start' | 'opening' | 'open' | 'problem';
export type Verification = 'idle' | 'running' | 'cancelled' | 'failed' | 'done';

/** Of what recorders say of cameras' signatures: `none` where none says anything, or nothing was verified. */
export type CameraReading = 'none' | 'running' | 'failed' | 'done';

export interface Problem {
  code: ProblemCode;
  message: string;
}

export interface NamedBytes {
  name: string;
  bytes: Uint8Array;
}

/** What stands in the trust form; it survives a change of language. */
export interface TrustDraft {
  authorities: NamedBytes[];
  fingerprint: string;
  timeAuthorities: NamedBytes[];
  revocationLists: NamedBytes[];
  expectedHead: string;
  isMoreOpen: boolean;
}

/** What was entered and is not part of a verdict. */
export type DraftFault = 'unapplied' | 'unusable_fingerprint' | 'unusable_head';

/** A file that could not be used, and why. */
export interface RefusedFile {
  name: string;
  why: 'too_large' | 'not_read';
}

export interface Share {
  done: number;
  of: number;
}

interface OverallProgress extends Progress {
  overall?: Share;
}

/** Certificates and lists are small; what is larger was chosen by mistake. */
export const largestTrustFile = 16_777_216;

function emptyTrust(): TrustDraft {
  return { authorities: [], fingerprint: '', timeAuthorities: [], revocationLists: [], expectedHead: '', isMoreOpen: false };
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return { code: error.code, message: error.message };
  return { code: 'internal', message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}

/** Files are kept as they were read, so that the same ones are the same bytes. */
function areSame(a: TrustInput, b: TrustInput): boolean {
  const lists = (input: TrustInput): unknown[] => [input.authorities, input.fingerprints, input.timeAuthorities, input.revocationLists].flatMap((list) => [list.length, ...list]);
  const [mine, other] = [lists(a), lists(b)];
  return a.expectedHead === b.expectedHead && mine.length === other.length && mine.every((one, i) => one === other[i]);
}

export class Controller {
  phase: Phase = 'start';
  fileNames: string[] = [];
  evidence: Evidence | null = null;
  report: Report | null = null;
  problem: Problem | null = null;
  verification: Verification = 'idle';
  verificationProblem: Problem | null = null;
  cameraWords: CameraWords[] = [];
  cameraReading: CameraReading = 'none';
  readonly shares = new Map<number | null, Share>();
  overall: Share | null = null;
  /** Share of a key derivation that runs; null for none. */
  unlocking: number | null = null;
  unlockProblem: Problem | null = null;
  /** With what it was tried last. */
  triedKey: 'password' | 'keyFile' = 'password';
  trust: TrustDraft = emptyTrust();
  trustProblem: Problem | null = null;
  refusedFiles: RefusedFile[] = [];
  session: EvidenceSession | null = null;
  /** Whoever has just given the password sees a picture before verification takes all of the machine. */
  firstPicture: () => Promise<void> = () => Promise.resolve();

  /** With what the report was made. */
  private applied: TrustInput | null = null;
  private unlockAbort: AbortController | null = null;
  private readonly listeners: ((topic: Topic) => void)[] = [];
  private abort: AbortController | null = null;
  private running: Promise<void> | null = null;
  private turn = 0;

  constructor(readonly makers: Makers) {}

  listen(listener: (topic: Topic) => void): void {
    this.listeners.push(listener);
  }

  private forgetCameras(): void {
    this.cameraWords = [];
    this.cameraReading = 'none';
  }

  private tell(topic: Topic): void {
    for (const listener of this.listeners) listener(topic);
  }

  async open(files: readonly File[]): Promise<void> {
    if (files.length === 0) return;
    this.close();
    const session = this.makers.createSession();
    this.session = session;
    this.phase = 'opening';
    this.fileNames = files.map((file) => file.name);
    this.tell('phase');
    try {
      const evidence = await session.open(files);
      if (this.session !== session) return;
      this.evidence = evidence;
      this.phase = 'open';
      // Drawing takes a while, in which verification goes on already.
      const verified = this.verify();
      this.tell('phase');
      await verified;
    } catch (error) {
      if (this.session !== session) return;
      this.problem = problemOf(error);
      this.phase = 'problem';
      this.tell('phase');
    }
  }

  /** Forgets everything of the file; what the user trusts stays for the next one, but for its receipt. */
  close(): void {
    this.turn += 1;
    this.abort?.abort();
    this.unlockAbort?.abort();
    this.session?.close();
    this.session = null;
    this.evidence = null;
    this.report = null;
    this.forgetCameras();
    this.problem = null;
    this.verification = 'idle';
    this.verificationProblem = null;
    this.unlocking = null;
    this.unlockProblem = null;
    this.trustProblem = null;
    this.refusedFiles = [];
    this.applied = null;
    this.trust.expectedHead = '';
    this.fileNames = [];
  }

  reset(): void {
    this.close();
    this.phase = 'start';
    this.tell('phase');
  }

  async unlock(key: KeyInput): Promise<void> {
    const session = this.session;
    if (session === null || this.unlocking !== null) return;
    this.unlocking = 0;
    const abort = new AbortController();
    this.unlockAbort = abort;
    this.triedKey = key.password === undefined ? 'keyFile' : 'password';
    this.unlockProblem = null;
    this.tell('unlock');
    try {
      const evidence = await session.unlock(key, (part) => {
        this.unlocking = part;
        if (this.session === session) this.tell('progress');
      }, abort.signal);
      if (this.session !== session) return;
      this.unlocking = null;
      this.turn += 1;
      this.abort?.abort();
      // What was said without the key says nothing of what it opens: it goes before anything else is shown.
      this.report = null;
      this.forgetCameras();
      this.applied = null;
      this.verification = 'running';
      this.verificationProblem = null;
      this.shares.clear();
      this.overall = null;
      this.evidence = evidence;
      this.tell('verification');
      this.tell('evidence');
      await this.firstPicture();
      if (this.session === session) await this.verify();
    } catch (error) {
      if (this.session !== session) return;
      this.unlocking = null;
      const problem = problemOf(error);
      this.unlockProblem = problem.code === 'cancelled' ? null : problem;
      this.tell('unlock');
    }
  }

  cancelUnlock(): void {
    this.unlockAbort?.abort();
  }

  refuseKeyFile(message: string): void {
    this.triedKey = 'keyFile';
    this.unlockProblem = { code: 'key_unusable', message };
    this.tell('unlock');
  }

  private trustInput(): TrustInput {
    const fingerprint = readDigest(this.trust.fingerprint);
    const head = readDigest(this.trust.expectedHead);
    return {
      authorities: this.trust.authorities.map((file) => file.bytes),
      fingerprints: fingerprint.ok ? [fingerprint.hex] : [],
      timeAuthorities: this.trust.timeAuthorities.map((file) => file.bytes),
      revocationLists: this.trust.revocationLists.map((file) => file.bytes),
      expectedHead: head.ok ? head.hex : null,
    };
  }

  /** Begins anew with what is trusted now; one that runs is given up first. */
  async verify(): Promise<void> {
    const turn = ++this.turn;
    this.abort?.abort();
    if (this.running !== null) await this.running;
    if (turn !== this.turn || this.session === null) return;
    const running = this.run(turn, this.session);
    this.running = running;
    await running;
    if (this.running === running) this.running = null;
  }

  /** Something was typed: what is known was found without it. */
  draftChanged(): void {
    this.tell('draft');
  }

  /** What stands in the form, and not behind the report. */
  draftFaults(): DraftFault[] {
    if (this.report === null || this.applied === null) return [];
    const faults: DraftFault[] = [];
    if (!areSame(this.trustInput(), this.applied)) faults.push('unapplied');
    for (const [text, fault] of [[this.trust.fingerprint, 'unusable_fingerprint'], [this.trust.expectedHead, 'unusable_head']] as const) {
      const read = readDigest(text);
      if (!read.ok && read.fault !== 'empty') faults.push(fault);
    }
    return faults;
  }

  /** The file could not be read while it was shown: what was said of it is said no more. */
  withdraw(message: string): void {
    if (this.evidence === null || this.unlocking !== null) return;
    this.turn += 1;
    this.abort?.abort();
    this.report = null;
    this.forgetCameras();
    this.applied = null;
    this.verification = 'failed';
    this.verificationProblem = { code: 'unreadable', message };
    this.tell('verification');
  }

  private async run(turn: number, session: EvidenceSession): Promise<void> {
    const before = this.report === null || this.applied === null ? null : { report: this.report, applied: this.applied };
    const given = this.trustInput();
    const abort = new AbortController();
    this.abort = abort;
    this.verification = 'running';
    this.verificationProblem = null;
    this.trustProblem = null;
    this.report = null;
    this.forgetCameras();
    this.shares.clear();
    this.overall = null;
    const asked = session.verify(given, (progress) => this.progressed(turn, progress), abort.signal);
    this.tell('verification');
    try {
      const report = await asked;
      if (turn !== this.turn) return;
      this.report = report;
      this.applied = given;
      this.verification = 'done';
    } catch (error) {
      if (turn !== this.turn) return;
      this.verificationFailed(problemOf(error), before);
    }
    const isToRead = this.report !== null && this.evidence !== null && saysOfCamera(this.evidence);
    if (isToRead) this.cameraReading = 'running';
    this.tell('verification');
    // Nobody waits for it with the verdict.
    if (isToRead) void this.readCameras(turn, session, abort.signal);
  }

  private async readCameras(turn: number, session: EvidenceSession, signal: AbortSignal): Promise<void> {
    try {
      const words = await session.cameraWords(undefined, signal);
      if (turn !== this.turn) return;
      this.cameraWords = words;
      this.cameraReading = 'done';
    } catch {
      if (turn !== this.turn) return;
      this.cameraReading = 'failed';
    }
    this.tell('camera');
  }

  /** Where only what is trusted cannot be used, the verdict without it stays, and is marked as such. */
  private verificationFailed(problem: Problem, before: { report: Report; applied: TrustInput } | null): void {
    if (problem.code === 'cancelled') {
      this.verification = 'cancelled';
      return;
    }
    const isOfTrust = problem.code === 'trust_unusable' || problem.code === 'fingerprint_unknown' || problem.code === 'fingerprint_of_signer';
    if (isOfTrust) this.trustProblem = problem;
    if (isOfTrust && before !== null) {
      this.report = before.report;
      this.applied = before.applied;
      this.verification = 'done';
      return;
    }
    this.verification = 'failed';
    this.verificationProblem = problem;
  }

  private progressed(turn: number, progress: OverallProgress): void {
    if (turn !== this.turn) return;
    this.shares.set(progress.device, { done: progress.done, of: progress.of });
    this.overall = progress.overall ?? this.overall;
    this.tell('progress');
  }

  cancel(): void {
    this.abort?.abort();
  }

  async addTrustFiles(kind: 'authorities' | 'timeAuthorities' | 'revocationLists', files: readonly File[]): Promise<void> {
    this.refusedFiles = [];
    this.trustProblem = null;
    for (const file of files) {
      if (file.size > largestTrustFile) {
        this.refusedFiles.push({ name: file.name, why: 'too_large' });
        continue;
      }
      try {
        this.trust[kind].push({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
      } catch {
        this.refusedFiles.push({ name: file.name, why: 'not_read' });
      }
    }
    this.tell('trust');
    this.tell('draft');
  }

  removeTrustFile(kind: 'authorities' | 'timeAuthorities' | 'revocationLists', index: number): void {
    this.trust[kind].splice(index, 1);
    this.refusedFiles = [];
    this.tell('trust');
    this.tell('draft');
  }

  clearTrust(): void {
    this.trust = { ...emptyTrust(), isMoreOpen: this.trust.isMoreOpen };
    this.trustProblem = null;
    this.refusedFiles = [];
    this.tell('trust');
    this.tell('draft');
  }

  /** Of everything, from 0 to 1. */
  overallShare(): number {
    if (this.overall !== null) return this.overall.of > 0 ? this.overall.done / this.overall.of : 0;
    const devices = this.evidence?.devices ?? [];
    if (devices.length === 0) return 0;
    return devices.reduce((sum, device) => sum + this.shareOf(device.index), 0) / devices.length;
  }

  shareOf(device: number | null): number {
    const share = this.shares.get(device);
    return share === undefined || share.of <= 0 ? 0 : Math.min(1, share.done / share.of);
  }
}
