/* SPDX-License-Identifier: Apache-2.0 */
import { reasonOf } from '../bytes/errors.js';
import { ReadAheadSource } from '../bytes/read_ahead.js';
import type { Source } from '../bytes/source.js';
import { isStreamed, runEndOf } from '../bytes/runs.js';
import { Scratch } from '../bytes/scratch.js';
import { StreamedSource } from '../bytes/streamed_source.js';
import { type HandedContext, handOver, takeOver } from './handed.js';
import { Distribution, JobQueue, type Loaded, Turns, takeBack } from './job_queue.js';
import { type CheckedPlace, checkAndOpen } from './opened_check.js';
import type { ContainerContext, SegmentPiece } from './segment.js';

/** One end of a channel between threads, whatever the platform calls it. */
export interface Port {
  /** What is in `transfer` changes hands and is not copied. */
  send(message: unknown, transfer?: Transferable[]): void;
  receive(handler: (message: unknown) => void): void;
  /** Told when the other side is gone for good. */
  failed?(handler: (reason: string) => void): void;
  /** Does nobody wait for answers any more? */
  isEnded?(): boolean;
}

export type Place = CheckedPlace;

/** `input` is whatever the worker's side makes a source of: a File, a path, a part of either. */
interface OpenRequest<Input> {
  kind: 'open';
  input: Input;
  context: HandedContext;
}

interface CheckRequest {
  kind: 'check';
  id: number;
  place: Place;
}

type Request<Input> = OpenRequest<Input> | CheckRequest;
type Reply = { id: number; piece: SegmentPiece } | { id: number; error: string };

/** Replies that are sent together while there is more to do: a message costs both sides as much as many samples. */
export const repliesAtOnce = 8;

/** A file for whoever goes through it from front to back, as a stream where there are such. */
const readForwards = (source: Source): Source => (isStreamed(source) ? new StreamedSource(source) : new ReadAheadSource(source));

/** The worker's side: checks segments of the container that it is told to open. */
export function serveChecks<Input>(port: Port, makeSource: (input: Input) => Promise<Source> | Source): void {
  let opened: Promise<{ source: Source; context: ContainerContext }> | null = null;
  const queue = new JobQueue();
  const turns = new Turns();
  const scratch = new Scratch();
  const replies: Reply[] = [];
  const open = async ({ input, context }: OpenRequest<Input>): Promise<{ source: Source; context: ContainerContext }> => {
    return { source: readForwards(await makeSource(input)), context: await takeOver(context) };
  };
  const check = async ({ id, place }: CheckRequest): Promise<Reply> => {
    try {
      if (opened === null) throw new Error('nothing was opened');
      const { source, context } = await opened;
      return { id, piece: await turns.take((hasRead) => checkAndOpen(context, source, place, hasRead, scratch)) };
    } catch (error) {
      return { id, error: reasonOf(error) };
    }
  };
  port.receive((message) => {
    const request = message as Request<Input>;
    if (request.kind === 'open') {
      opened = open(request);
      // A failure is told to whoever asks for a check.
      opened.catch(() => undefined);
    } else {
      queue.add(async () => {
        if (port.isEnded?.() !== true) replies.push(await check(request));
        if (replies.length >= repliesAtOnce || queue.isLast) port.send(replies.splice(0));
      });
    }
  });
}

interface Waiting {
  place: Place;
  resolve(piece: SegmentPiece): void;
  reject(error: Error): void;
}

interface Worker extends Loaded<Waiting> {
  port: Port;
}

/** Checks a segment in this thread. */
export type SegmentCheck = (place: Place) => Promise<SegmentPiece>;

/** This side: spreads checks of segments over workers. What one that dies leaves, others do, or this thread. */
export class CheckPool<Input> {
  private readonly distribution: Distribution<Worker>;
  private nextId = 0;

  constructor(
    ports: readonly Port[],
    input: Input,
    context: ContainerContext,
    private readonly here: SegmentCheck | null = null,
  ) {
    const handed = handOver(context);
    const workers = ports.map((port) => {
      const worker: Worker = { port, waiting: new Map<number, Waiting>(), isGone: false };
      port.receive((message) => {
        for (const reply of message as Reply[]) this.settle(worker.waiting, reply);
      });
      port.failed?.(() => {
        for (const waiting of takeBack(worker)) this.give(waiting);
      });
      port.send({ kind: 'open', input, context: handed });
      return worker;
    });
    this.distribution = new Distribution(workers, runEndOf(input));
  }

  private settle(waiting: Map<number, Waiting>, reply: Reply): void {
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('piece' in reply) asked?.resolve(reply.piece);
    else asked?.reject(new Error(reply.error));
  }

  private give(asked: Waiting): void {
    const { place } = asked;
    const worker = this.distribution.pick(place.at);
    if (worker === null) {
      if (this.here === null) asked.reject(new Error('no worker is left'));
      else this.here(place).then(asked.resolve, asked.reject);
      return;
    }
    const id = this.nextId++;
    worker.waiting.set(id, asked);
    worker.port.send({ kind: 'check', id, place });
  }

  readonly check: SegmentCheck = (place) => new Promise((resolve, reject) => this.give({ place, resolve, reject }));
}
