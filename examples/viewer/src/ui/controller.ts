/* SPDX-License-Identifier: Apache-2.0 */
/* What is open and what is known of it. Views listen and are told what has changed. */
import {
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
import { readDigest } from './digest.js';

export interface Makers {
  createSession(): EvidenceSession;
  createPlayer: CreatePlayer;
  version: string;
}

export type Topic = 'phase' | 'evidence' | 'verification' | 'progress' | 'unlock' | 'trust';
export type Phase = 'start' | 'opening' | 'open' | 'problem';
export type Verification = 'idle' | 'running' | 'cancelled' | 'failed' | 'done';

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

export class Controller {
  phase: Phase = 'start';
  fileNames: string[] = [];
  evidence: Evidence | null = null;
  report: Report | null = null;
  problem: Problem | null = null;
  verification: Verification = 'idle';
  verificationProblem: Problem | null = null;
  readonly shares = new Map<number | null, Share>();
  overall: Share | null = null;
  /** Share of a key derivation that runs; null for none. */
  unlocking: number | null = null;
  unlockProblem: Problem | null = null;
  /** With what it was tried last. */
  triedKey: 'password' | 'keyFile' = 'password';
  trust: TrustDraft = emptyTrust();
  trustProblem: Problem | null = null;
  session: EvidenceSession | null = null;
  /** Whoever has just given the password sees a picture before verification takes all of the machine. */
  firstPicture: () => Promise<void> = () => Promise.resolve();

  private readonly listeners: ((topic: Topic) => void)[] = [];
  private abort: AbortController | null = null;
  private running: Promise<void> = Promise.resolve();
  private turn = 0;

  constructor(readonly makers: Makers) {}

  listen(listener: (topic: Topic) => void): void {
    this.listeners.push(listener);
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
      this.tell('phase');
      await this.verify();
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
    this.session?.close();
    this.session = null;
    this.evidence = null;
    this.report = null;
    this.problem = null;
    this.verification = 'idle';
    this.verificationProblem = null;
    this.unlocking = null;
    this.unlockProblem = null;
    this.trustProblem = null;
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
    this.triedKey = key.password === undefined ? 'keyFile' : 'password';
    this.unlockProblem = null;
    this.tell('unlock');
    try {
      const evidence = await session.unlock(key, (part) => {
        this.unlocking = part;
        if (this.session === session) this.tell('progress');
      });
      if (this.session !== session) return;
      this.unlocking = null;
      this.evidence = evidence;
      this.turn += 1;
      this.abort?.abort();
      this.tell('evidence');
      await this.firstPicture();
      if (this.session === session) await this.verify();
    } catch (error) {
      if (this.session !== session) return;
      this.unlocking = null;
      this.unlockProblem = problemOf(error);
      this.tell('unlock');
    }
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
    await this.running;
    if (turn !== this.turn || this.session === null) return;
    this.running = this.run(turn, this.session);
    await this.running;
  }

  private async run(turn: number, session: EvidenceSession): Promise<void> {
    const abort = new AbortController();
    this.abort = abort;
    this.verification = 'running';
    this.verificationProblem = null;
    this.trustProblem = null;
    this.report = null;
    this.shares.clear();
    this.overall = null;
    this.tell('verification');
    try {
      const report = await session.verify(this.trustInput(), (progress) => this.progressed(turn, progress), abort.signal);
      if (turn !== this.turn) return;
      this.report = report;
      this.verification = 'done';
    } catch (error) {
      if (turn !== this.turn) return;
      this.verificationFailed(problemOf(error));
    }
    this.tell('verification');
  }

  private verificationFailed(problem: Problem): void {
    if (problem.code === 'cancelled') {
      this.verification = 'cancelled';
      return;
    }
    this.verification = 'failed';
    this.verificationProblem = problem;
    if (problem.code === 'trust_unusable' || problem.code === 'fingerprint_unknown') this.trustProblem = problem;
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
    for (const file of files) {
      if (file.size > largestTrustFile) {
        this.trustProblem = { code: 'trust_unusable', message: `${file.name}: ${file.size} bytes` };
        continue;
      }
      try {
        this.trust[kind].push({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
        this.trustProblem = null;
      } catch (error) {
        this.trustProblem = { code: 'unreadable', message: `${file.name}: ${problemOf(error).message}` };
      }
    }
    this.tell('trust');
  }

  removeTrustFile(kind: 'authorities' | 'timeAuthorities' | 'revocationLists', index: number): void {
    this.trust[kind].splice(index, 1);
    this.tell('trust');
  }

  clearTrust(): void {
    this.trust = { ...emptyTrust(), isMoreOpen: this.trust.isMoreOpen };
    this.trustProblem = null;
    this.tell('trust');
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
