/* SPDX-License-Identifier: Apache-2.0 */
import type { Utc } from '../evidence/model.js';

export const slowest = 0.25;
export const fastest = 16;
const nanosecondsOfMillisecond = 1e6;

/** The time that all devices share: UTC of the recording, moving on with the wall clock times a rate. */
export class UtcClock {
  private base: Utc;
  private since: number | null = null;
  private speed = 1;

  /** `now` in milliseconds, never backwards. */
  constructor(
    private readonly now: () => number,
    start: Utc,
  ) {
    this.base = start;
  }

  get position(): Utc {
    if (this.since === null) return this.base;
    const passed = Math.max(0, this.now() - this.since) * nanosecondsOfMillisecond * this.speed;
    return this.base + BigInt(Math.round(passed));
  }

  get isRunning(): boolean {
    return this.since !== null;
  }

  get rate(): number {
    return this.speed;
  }

  start(): void {
    this.since ??= this.now();
  }

  stop(): void {
    this.base = this.position;
    this.since = null;
  }

  set(position: Utc): void {
    this.base = position;
    if (this.since !== null) this.since = this.now();
  }

  setRate(rate: number): void {
    if (!Number.isFinite(rate)) return;
    this.set(this.position);
    this.speed = Math.min(fastest, Math.max(slowest, rate));
  }
}
