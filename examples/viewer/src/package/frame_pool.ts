/* SPDX-License-Identifier: Apache-2.0 */
import { ReadAheadSource } from '../bytes/read_ahead.js';
import { isStreamed, runEndOf } from '../bytes/runs.js';
import { Scratch } from '../bytes/scratch.js';
import type { Source } from '../bytes/source.js';
import { StreamedWindow } from '../bytes/streamed_window.js';
import { type Port, repliesAtOnce } from '../container/check_pool.js';
import { type HandedContext, handOver, takeOver } from '../container/handed.js';
import { Distribution, JobQueue, type Loaded, Turns, takeBack } from '../container/job_queue.js';
import type { ContainerContext } from '../container/segment.js';
import { AttachmentPool, type AttachmentReply, type AttachmentRequest, AttachmentService, type AttachmentWorker, receivedError, sentError } from './attachment_pool.js';
import type { AttachmentChecker } from './attachments.js';
import { type SegmentJob, type SegmentResult, checkSegmentFrame } from './segment_frame.js';
import type { SegmentChecker } from './source_walk.js';

interface OpenRequest<Input> {
  kind: 'open';
  input: Input;
}

/** A source that was opened, which its jobs are about. */
interface SourceRequest {
  kind: 'source';
  number: number;
  context: HandedContext;
}

interface JobRequest {
  kind: 'job';
  id: number;
  source: number;
  job: SegmentJob;
}

type Request<Input> = OpenRequest<Input> | SourceRequest | JobRequest | AttachmentRequest;
type SegmentReply = { id: number; result: SegmentResult } | { id: number; error: { name: string; message: string } };
/** What segments gave is told several at once, as of containers. */
type Reply = SegmentReply[] | AttachmentReply;

/** The worker's side: checks segments of the package that it is told to open. */
export function serveFrames<Input>(port: Port, makeSource: (input: Input) => Promise<Source> | Source): void {
  let plain: Promise<Source> | null = null;
  let file: Promise<Source> | null = null;
  // Attachments are read in pieces as large as what is read ahead, which would only copy them.
  const attachments = new AttachmentService(port, () => plain);
  const queue = new JobQueue();
  const turns = new Turns();
  const scratch = new Scratch();
  const replies: SegmentReply[] = [];
  const contexts = new Map<number, Promise<ContainerContext>>();
  const run = async ({ id, source, job }: JobRequest): Promise<SegmentReply> => {
    try {
      const context = contexts.get(source);
      if (file === null || context === undefined) throw new Error('nothing was opened');
      const [opened, from] = [await context, await file];
      return { id, result: await turns.take((hasRead) => checkSegmentFrame(opened, from, job, hasRead, scratch)) };
    } catch (error) {
      return { id, error: sentError(error) };
    }
  };
  port.receive((message) => {
    const request = message as Request<Input>;
    if (request.kind === 'job') {
      queue.add(async () => {
        if (port.isEnded?.() !== true) replies.push(await run(request));
        if (replies.length >= repliesAtOnce || queue.isLast) port.send(replies.splice(0));
      });
    } else if (request.kind === 'source') {
      const context = takeOver(request.context);
      // A failure is told to whoever asks for a check.
      context.catch(() => undefined);
      contexts.set(request.number, context);
    } else if (request.kind !== 'open') {
      attachments.take(request);
    } else {
      plain = Promise.resolve(makeSource(request.input));
      file = plain.then((source) => (isStreamed(source) ? new StreamedWindow(source) : new ReadAheadSource(source)));
      // Told, again, to whoever asks for a check.
      file.catch(() => undefined);
      contexts.clear();
    }
  });
}

interface Waiting {
  opened: ContainerContext;
  source: number;
  job: SegmentJob;
  resolve(result: SegmentResult): void;
  reject(error: Error): void;
}

interface Worker extends Loaded<Waiting>, AttachmentWorker {
  sources: Set<number>;
}

/** This side: spreads segments and attachments over workers. What one that dies leaves, others do, or this thread. */
export class FramePool<Input> {
  private readonly distribution: Distribution<Worker>;
  private readonly attachments: AttachmentPool;
  private nextId = 0;

  constructor(
    ports: readonly Port[],
    input: Input,
    private readonly here: SegmentChecker | null = null,
  ) {
    const workers: Worker[] = [];
    this.distribution = new Distribution(workers, runEndOf(input));
    this.attachments = new AttachmentPool(workers);
    for (const port of ports) {
      const worker: Worker = { port, waiting: new Map(), attachments: new Map(), sources: new Set(), isGone: false };
      port.receive((message) => this.settle(worker, message as Reply));
      port.failed?.(() => {
        for (const waiting of takeBack(worker)) this.give(waiting);
        this.attachments.takeBack(worker);
      });
      port.send({ kind: 'open', input });
      workers.push(worker);
    }
  }

  private settle(worker: Worker, reply: Reply): void {
    if (Array.isArray(reply)) for (const one of reply) this.settleSegment(worker, one);
    else this.attachments.settle(worker, reply);
  }

  private settleSegment(worker: Worker, reply: SegmentReply): void {
    const asked = worker.waiting.get(reply.id);
    worker.waiting.delete(reply.id);
    if ('result' in reply) asked?.resolve(reply.result);
    else asked?.reject(receivedError(reply.error));
  }

  private give(asked: Waiting): void {
    const { opened, source, job } = asked;
    const worker = this.distribution.pick(job.entry.offset);
    if (worker === null) {
      if (this.here === null) asked.reject(new Error('no worker is left'));
      else this.here(opened, source, job).then(asked.resolve, asked.reject);
      return;
    }
    if (!worker.sources.has(source)) {
      worker.sources.add(source);
      worker.port.send({ kind: 'source', number: source, context: handOver(opened) });
    }
    const id = this.nextId++;
    worker.waiting.set(id, asked);
    worker.port.send({ kind: 'job', id, source, job });
  }

  /** To be given to `verifyPackage` as its checker. */
  readonly check: SegmentChecker = (opened, source, job) =>
    new Promise((resolve, reject) => this.give({ opened, source, job, resolve, reject }));

  /** The same for attachments. */
  readonly checkAttachment: AttachmentChecker = (job, watch) => this.attachments.check(job, watch);
}
