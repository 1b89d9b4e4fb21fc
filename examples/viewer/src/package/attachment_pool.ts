/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs about attachments, over the ports of a `FramePool`. */
import type { Source } from '../bytes/source.js';
import type { Port } from '../container/check_pool.js';
import { type AttachmentChecker, type AttachmentFinding, type AttachmentJob, type AttachmentWatch, checkAttachmentPart } from './attachments.js';

export type AttachmentRequest =
  | { kind: 'attachment'; id: number; job: AttachmentJob }
  /** One piece more may be hashed. */
  | { kind: 'go'; id: number }
  | { kind: 'stop'; id: number };

/** `attachment` is the id of the job; progress, a finding, or why there is none. */
export type AttachmentReply =
  | { attachment: number; part: number }
  | { attachment: number; finding: AttachmentFinding }
  | { attachment: number; error: { name: string; message: string } };

/** Pieces that a worker hashes before it is told to go on: it never idles, and stops soon when it is not told. */
const ahead = 2;

/** What an error says of itself, for the other side of a port. */
export function sentError(error: unknown): { name: string; message: string } {
  return error instanceof Error ? { name: error.name, message: error.message } : { name: 'Error', message: String(error) };
}

export function receivedError({ name, message }: { name: string; message: string }): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

/** A job that runs in this worker, and how far it may. */
class Running {
  private allowed = ahead;
  private wake: () => void = () => undefined;
  isStopped = false;

  go(): void {
    this.allowed++;
    this.wake();
  }

  stop(): void {
    this.isStopped = true;
    this.wake();
  }

  async piece(): Promise<void> {
    this.allowed--;
    while (this.allowed <= 0 && !this.isStopped) await new Promise<void>((resolve) => (this.wake = resolve));
    if (this.isStopped) throw new Error('nobody waits for it any more');
  }
}

/** The worker's side. */
export class AttachmentService {
  private readonly running = new Map<number, Running>();

  constructor(
    private readonly port: Port,
    private readonly file: () => Promise<Source> | null,
  ) {}

  take(request: AttachmentRequest): void {
    if (request.kind === 'attachment') void this.run(request.id, request.job);
    else if (request.kind === 'go') this.running.get(request.id)?.go();
    else this.running.get(request.id)?.stop();
  }

  private tell(reply: AttachmentReply): void {
    if (this.port.isEnded?.() !== true) this.port.send(reply);
  }

  private async run(id: number, job: AttachmentJob): Promise<void> {
    const running = new Running();
    this.running.set(id, running);
    try {
      const source = await this.file();
      if (source === null) throw new Error('nothing was opened');
      const finding = await checkAttachmentPart(source, job, (done, of) => {
        if (this.port.isEnded?.() === true) running.stop();
        else this.tell({ attachment: id, part: of === 0 ? 1 : done / of });
        return running.piece();
      });
      this.tell({ attachment: id, finding });
    } catch (error) {
      if (!running.isStopped) this.tell({ attachment: id, error: sentError(error) });
    } finally {
      this.running.delete(id);
    }
  }
}

interface Asked {
  job: AttachmentJob;
  watch: AttachmentWatch;
  resolve(finding: AttachmentFinding): void;
  reject(error: unknown): void;
}

export interface AttachmentWorker {
  port: Port;
  /** Jobs that it was given. */
  attachments: Map<number, Asked>;
  isGone: boolean;
}

/** A worker does one large job at a time, whose hash fills it, or two that read a frame at once. */
const capacity = 2;
const loadOf = (job: AttachmentJob): number => (job.part === 'all' ? 1 : capacity);

function freeOf(worker: AttachmentWorker): number {
  let free = capacity;
  for (const { job } of worker.attachments.values()) free -= loadOf(job);
  return free;
}

/** This side: gives jobs, in order, to the workers that have least to do. */
export class AttachmentPool {
  private readonly queue: Asked[] = [];
  private nextId = 0;
  private signal: AbortSignal | null = null;

  constructor(private readonly workers: readonly AttachmentWorker[]) {}

  readonly check: AttachmentChecker = (job, watch) =>
    new Promise((resolve, reject) => {
      if (watch.signal !== undefined) this.listen(watch.signal);
      this.queue.push({ job, watch, resolve, reject });
      this.next();
    });

  settle(worker: AttachmentWorker, reply: AttachmentReply): void {
    const id = reply.attachment;
    const asked = worker.attachments.get(id);
    if (asked === undefined) return;
    if ('part' in reply) {
      asked.watch.progress(reply.part);
      void this.letGoOn(worker, id, asked);
      return;
    }
    worker.attachments.delete(id);
    if ('finding' in reply) asked.resolve(reply.finding);
    else asked.reject(receivedError(reply.error));
    this.next();
  }

  /** What a worker that died was at, others begin again. */
  takeBack(worker: AttachmentWorker): void {
    worker.isGone = true;
    this.queue.unshift(...worker.attachments.values());
    worker.attachments.clear();
    this.next();
  }

  private async letGoOn(worker: AttachmentWorker, id: number, asked: Asked): Promise<void> {
    await asked.watch.turn?.();
    if (worker.attachments.get(id) === asked) worker.port.send({ kind: 'go', id } satisfies AttachmentRequest);
  }

  private next(): void {
    for (let asked = this.queue[0]; asked !== undefined; asked = this.queue[0]) {
      const alive = this.workers.filter((worker) => !worker.isGone);
      if (alive.length === 0) {
        for (const one of this.queue.splice(0)) one.reject(new Error('no worker is left'));
        break;
      }
      const worker = alive.reduce((best, one) => (freeOf(one) > freeOf(best) ? one : best));
      if (freeOf(worker) < loadOf(asked.job)) return;
      this.queue.shift();
      const id = this.nextId++;
      worker.attachments.set(id, asked);
      worker.port.send({ kind: 'attachment', id, job: asked.job } satisfies AttachmentRequest);
    }
    if (this.workers.every(({ attachments }) => attachments.size === 0)) this.listen(null);
  }

  /** All jobs of a verification have one signal; it may live longer than they do. */
  private listen(signal: AbortSignal | null): void {
    if (signal === this.signal) return;
    this.signal?.removeEventListener('abort', this.stop);
    this.signal = signal;
    if (signal?.aborted === true) queueMicrotask(this.stop);
    else signal?.addEventListener('abort', this.stop, { once: true });
  }

  private readonly stop = (): void => {
    const reason: unknown = this.signal?.reason;
    for (const asked of this.queue.splice(0)) asked.reject(reason);
    for (const { port, attachments } of this.workers) {
      for (const [id, asked] of attachments) {
        port.send({ kind: 'stop', id } satisfies AttachmentRequest);
        asked.reject(reason);
      }
      attachments.clear();
    }
    this.listen(null);
  };
}
