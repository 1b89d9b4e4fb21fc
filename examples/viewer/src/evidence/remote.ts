/* SPDX-License-Identifier: Apache-2.0 */
/* The two ends of a session that runs in another thread: calls one way, results and progress the other. */
import type { Port } from '../container/check_pool.js';
import type { NamedFile } from './holding.js';
import {
  type CameraWords, type Clip, type ClipRequest, type Evidence, type EvidenceSession, type KeyInput, type ProblemCode, ProblemError, type Progress,
  type Report, type SegmentSamples, type TrustInput,
} from './model.js';
import { problemOf } from './problems.js';

/** What a session does, by the names of its calls: what is given and what comes back. */
interface Calls {
  open: { given: readonly NamedFile[]; result: Evidence; progress: never };
  unlock: { given: KeyInput; result: Evidence; progress: number };
  verify: { given: TrustInput; result: Report; progress: Progress };
  samples: { given: { part: number; segment: number; tracks: readonly number[] }; result: SegmentSamples; progress: never };
  cameraWords: { given: null; result: CameraWords[]; progress: number };
  attachment: { given: number; result: Blob; progress: never };
  clip: { given: ClipRequest; result: Clip; progress: number };
}
type CallName = keyof Calls;

type Request =
  | { [Name in CallName]: { id: number; call: Name; given: Calls[Name]['given'] } }[CallName]
  | { id: number; abort: true }
  | { close: true };

type Reply =
  | { id: number; progress: unknown }
  | { id: number; result: unknown }
  | { id: number; problem: { code: ProblemCode; message: string } };

/** What the other side needs of a session; files come with their names, which not every platform sends along. */
export interface ServedSession extends Omit<EvidenceSession, 'open'> {
  openNamed(files: readonly NamedFile[], signal?: AbortSignal): Promise<Evidence>;
}

function samplesOf(result: unknown): Transferable[] {
  const { samples } = result as SegmentSamples;
  return [...new Set(samples.map(({ data }) => data.buffer as ArrayBuffer))];
}

/** The side of the session. */
export function serveSession(port: Port, session: ServedSession): void {
  const stops = new Map<number, AbortController>();
  const run = (request: Exclude<Request, { abort: true } | { close: true }>, signal: AbortSignal): Promise<unknown> => {
    const { id } = request;
    const progress = (told: unknown): void => port.send({ id, progress: told });
    switch (request.call) {
      case 'open':
        return session.openNamed(request.given, signal);
      case 'unlock':
        return session.unlock(request.given, progress, signal);
      case 'verify':
        return session.verify(request.given, progress, signal);
      case 'samples':
        return session.samples(request.given.part, request.given.segment, request.given.tracks);
      case 'cameraWords':
        return session.cameraWords(progress, signal);
      case 'attachment':
        return session.attachment(request.given);
      case 'clip':
        return session.clip(request.given, progress, signal);
    }
  };
  const answer = async (request: Exclude<Request, { abort: true } | { close: true }>): Promise<void> => {
    const { id } = request;
    const stop = new AbortController();
    stops.set(id, stop);
    try {
      const result = await run(request, stop.signal);
      port.send({ id, result }, request.call === 'samples' ? samplesOf(result) : []);
    } catch (error) {
      const { code, message } = problemOf(error, 'internal');
      port.send({ id, problem: { code, message } });
    } finally {
      stops.delete(id);
    }
  };
  port.receive((message) => {
    const request = message as Request;
    if ('close' in request) session.close();
    else if ('abort' in request) stops.get(request.id)?.abort();
    else void answer(request);
  });
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: ProblemError): void;
  progress: ((told: unknown) => void) | undefined;
}

/** The side of the page. */
export class RemoteSession implements EvidenceSession {
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 0;
  /** Why nothing can be asked any more. */
  private gone: ProblemError | null = null;

  constructor(
    private readonly port: Port,
    private readonly end: () => void = () => undefined,
  ) {
    port.receive((message) => this.settle(message as Reply));
    port.failed?.((reason) => this.fail(new ProblemError('internal', `the reading thread failed: ${reason}`)));
  }

  private fail(problem: ProblemError): void {
    this.gone = problem;
    for (const { reject } of this.waiting.values()) reject(problem);
    this.waiting.clear();
  }

  private settle(reply: Reply): void {
    const waiting = this.waiting.get(reply.id);
    if (waiting === undefined) return;
    if ('progress' in reply) {
      waiting.progress?.(reply.progress);
      return;
    }
    this.waiting.delete(reply.id);
    if ('problem' in reply) waiting.reject(new ProblemError(reply.problem.code, reply.problem.message));
    else waiting.resolve(reply.result);
  }

  private ask<Name extends CallName>(
    call: Name,
    given: Calls[Name]['given'],
    progress?: (told: Calls[Name]['progress']) => void,
    signal?: AbortSignal,
  ): Promise<Calls[Name]['result']> {
    if (this.gone !== null) return Promise.reject(this.gone);
    if (signal?.aborted === true) return Promise.reject(new ProblemError('cancelled', 'it was cancelled'));
    const id = this.nextId++;
    const abort = (): void => this.port.send({ id, abort: true });
    signal?.addEventListener('abort', abort, { once: true });
    const asked = new Promise<unknown>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, progress: progress as ((told: unknown) => void) | undefined });
      try {
        this.port.send({ id, call, given });
      } catch (error) {
        this.waiting.delete(id);
        reject(problemOf(error, 'internal'));
      }
    });
    return asked.finally(() => signal?.removeEventListener('abort', abort)) as Promise<Calls[Name]['result']>;
  }

  open(files: readonly File[], signal?: AbortSignal): Promise<Evidence> {
    return this.ask('open', files.map((file) => ({ name: file.name, blob: file })), undefined, signal);
  }

  unlock(key: KeyInput, progress?: (part: number) => void, signal?: AbortSignal): Promise<Evidence> {
    return this.ask('unlock', key, progress, signal);
  }

  verify(trust: TrustInput, progress?: (progress: Progress) => void, signal?: AbortSignal): Promise<Report> {
    return this.ask('verify', trust, progress, signal);
  }

  samples(part: number, segment: number, tracks: readonly number[]): Promise<SegmentSamples> {
    return this.ask('samples', { part, segment, tracks });
  }

  cameraWords(progress?: (part: number) => void, signal?: AbortSignal): Promise<CameraWords[]> {
    return this.ask('cameraWords', null, progress, signal);
  }

  attachment(number: number): Promise<Blob> {
    return this.ask('attachment', number);
  }

  clip(request: ClipRequest, progress?: (part: number) => void, signal?: AbortSignal): Promise<Clip> {
    return this.ask('clip', request, progress, signal);
  }

  close(): void {
    if (this.gone === null) this.port.send({ close: true });
    this.fail(new ProblemError('cancelled', 'the evidence was closed'));
    this.end();
  }
}
