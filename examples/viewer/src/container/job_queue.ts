/* SPDX-License-Identifier: Apache-2.0 */
/** Jobs of a worker that are under way at once: one is read while others are hashed. */
const maxRunning = 4;

/** Jobs of a worker, one after the other. */
export class JobQueue {
  private readonly waiting: (() => Promise<void>)[] = [];
  private running = 0;

  add(job: () => Promise<void>): void {
    this.waiting.push(job);
    this.next();
  }

  /** Asked by a job at its end: is nothing else under way or waiting? */
  get isLast(): boolean {
    return this.running === 1 && this.waiting.length === 0;
  }

  private next(): void {
    while (this.running < maxRunning) {
      const job = this.waiting.shift();
      if (job === undefined) return;
      this.running++;
      void job().finally(() => {
        this.running--;
        this.next();
      });
    }
  }
}

/** Lets one after the other read; who has read enough says so and goes on, while the next one reads. */
export class Turns {
  private last: Promise<void> = Promise.resolve();

  async take<Result>(use: (hasRead: () => void) => Promise<Result>): Promise<Result> {
    const before = this.last;
    let hasRead: () => void = () => undefined;
    this.last = new Promise((resolve) => (hasRead = resolve));
    await before;
    try {
      return await use(hasRead);
    } finally {
      hasRead();
    }
  }
}

/** A worker, and the jobs that it was given. */
export interface Loaded<Job> {
  waiting: Map<number, Job>;
  isGone: boolean;
}

/** Takes from a worker that is gone what it was given and did not do. */
export function takeBack<Job>(worker: Loaded<Job>): Job[] {
  worker.isGone = true;
  const left = [...worker.waiting.values()];
  worker.waiting.clear();
  return left;
}

/** Where a run of what one worker goes through ends, by where it begins and how many workers there are. */
export type RunEnd = (start: number, workers: number) => number;

/** Jobs of a run, however small they are: what is given out ahead must be enough for all workers. */
export const jobsInRun = 48;

/** Gives neighbours to the same worker, which reads them together, and each new run of them to who has least to do. */
export class Distribution<Worker extends Loaded<unknown>> {
  private start = 0;
  private end = 0;
  private jobs = 0;
  private worker: Worker | null = null;

  constructor(
    private readonly workers: readonly Worker[],
    private readonly endOf: RunEnd,
  ) {}

  /** Null where no worker is left. */
  pick(offset: number): Worker | null {
    this.jobs++;
    const isInRun = offset >= this.start && offset < this.end && this.jobs <= jobsInRun;
    if (this.worker !== null && !this.worker.isGone && isInRun) return this.worker;
    const present = this.workers.filter((worker) => !worker.isGone);
    const [first, ...others] = present;
    if (first === undefined) return null;
    this.start = offset;
    this.end = this.endOf(offset, present.length);
    this.jobs = 1;
    this.worker = others.reduce((best, one) => (one.waiting.size < best.waiting.size ? one : best), first);
    return this.worker;
  }
}
