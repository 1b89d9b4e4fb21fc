/* SPDX-License-Identifier: Apache-2.0 */
import { CheckPool, type Port, type SegmentCheck } from '../container/check_pool.js';
import { jobsInRun } from '../container/job_queue.js';
import type { ContainerContext } from '../container/segment.js';
import type { VerifyOptions } from '../container/verify.js';
import type { AttachmentChecker } from '../package/attachments.js';
import { FramePool } from '../package/frame_pool.js';
import type { SegmentChecker } from '../package/source_walk.js';
import { Channels, type CheckKind } from './channels.js';

/**
 * Jobs that each worker is given at once: enough to fill what it reads at once, when segments are small.
 * It does a few at a time, so that large ones do not fill the memory.
 */
const jobsPerWorker = jobsInRun;
/** How long workers are waited for that do not start, in milliseconds. */
const startTime = 3000;

/** Lets what somebody waits for before what can wait: playback before verification. */
export class Precedence {
  private urgent = 0;
  private waiting: (() => void)[] = [];

  async first<T>(run: () => Promise<T>): Promise<T> {
    this.urgent++;
    try {
      return await run();
    } finally {
      this.urgent--;
      if (this.urgent === 0) for (const go of this.waiting.splice(0)) go();
    }
  }

  /** Resolves when nothing urgent is under way. */
  async turn(): Promise<void> {
    while (this.urgent > 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}

type ContainerChecker = NonNullable<VerifyOptions['checker']>;
export type { SegmentCheck } from '../container/check_pool.js';

/** Checks in workers, while a verification is under way. */
export interface Spread<Checker> {
  checker: Checker;
  width: number;
  close(): void;
}

/** The same for a package. */
export interface PackageSpread extends Spread<SegmentChecker> {
  attachments: AttachmentChecker;
}

/** The workers that check segments and attachments, of one session. */
export class Checkers {
  private readonly workers: Channels[];

  constructor(
    ports: readonly Port[],
    private readonly precedence: Precedence,
  ) {
    this.workers = ports.map((port) => new Channels(port));
  }

  private openPorts(kind: CheckKind): { ports: Port[]; close(): void } {
    const opened = this.workers.filter((worker) => worker.isStarted && !worker.isGone).map((worker) => worker.open(kind));
    return {
      ports: opened.map(({ port }) => port),
      close: () => {
        for (const one of opened) one.close();
      },
    };
  }

  private async ready(): Promise<void> {
    const coming = this.workers.filter((worker) => !worker.isStarted && !worker.isGone);
    if (coming.length === 0) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, startTime)));
    await Promise.race([Promise.all(coming.map((worker) => worker.started)), late]);
    clearTimeout(timer);
  }

  /** Null where there are no workers: then everything is checked right here, as is what dying ones leave. */
  async forContainer(input: unknown, context: ContainerContext, here: SegmentCheck): Promise<Spread<ContainerChecker> | null> {
    await this.ready();
    const { ports, close } = this.openPorts('container');
    if (ports.length === 0) return null;
    const pool = new CheckPool(ports, input, context, here);
    const checker: ContainerChecker = async (place) => {
      await this.precedence.turn();
      return pool.check(place);
    };
    return { checker, width: ports.length * jobsPerWorker, close };
  }

  async forPackage(input: unknown, here: SegmentChecker): Promise<PackageSpread | null> {
    await this.ready();
    const { ports, close } = this.openPorts('package');
    if (ports.length === 0) return null;
    const pool = new FramePool(ports, input, here);
    const checker: SegmentChecker = async (opened, source, job) => {
      await this.precedence.turn();
      return pool.check(opened, source, job);
    };
    const attachments: AttachmentChecker = (job, watch) => pool.checkAttachment(job, { ...watch, turn: () => this.precedence.turn() });
    return { checker, attachments, width: ports.length * jobsPerWorker, close };
  }
}
