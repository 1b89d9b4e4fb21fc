/* SPDX-License-Identifier: Apache-2.0 */
import type { Source } from '../bytes/source.js';
import { type Port, serveChecks } from '../container/check_pool.js';
import { serveFrames } from '../package/frame_pool.js';

/** What a channel is opened for: segments of a container, or frames of a package. */
export type CheckKind = 'container' | 'package';

interface Envelope {
  channel: number;
  /** First message of a channel. */
  opens?: CheckKind;
  /** Last message of a channel. */
  ends?: boolean;
  message?: unknown;
}

/** A worker is asked whether it is there, so that nobody waits for one that could not be started. */
const asked = 'are you there';
const ready = 'ready';

/** This side of a port to a check worker, over which checks of several files go. */
export class Channels {
  private readonly receivers = new Map<number, (message: unknown) => void>();
  private readonly failures = new Map<number, (reason: string) => void>();
  private next = 0;
  private failure: string | null = null;
  /** Resolves when the worker is there. */
  readonly started: Promise<void>;
  isStarted = false;

  get isGone(): boolean {
    return this.failure !== null;
  }

  constructor(private readonly port: Port) {
    let start: () => void = () => undefined;
    this.started = new Promise((resolve) => (start = resolve));
    port.receive((message) => {
      if (message === ready) {
        this.isStarted = true;
        start();
        return;
      }
      const { channel, message: inner } = message as Envelope;
      this.receivers.get(channel)?.(inner);
    });
    port.send(asked);
    port.failed?.((reason) => {
      this.failure = reason;
      // Nobody waits for its start any longer.
      start();
      for (const fail of this.failures.values()) fail(reason);
    });
  }

  open(kind: CheckKind): { port: Port; close(): void } {
    const channel = this.next++;
    this.port.send({ channel, opens: kind });
    const port: Port = {
      send: (message, transfer) => this.port.send({ channel, message }, transfer),
      receive: (handler) => void this.receivers.set(channel, handler),
      failed: (handler) => {
        this.failures.set(channel, handler);
        if (this.failure !== null) handler(this.failure);
      },
    };
    const close = (): void => {
      this.receivers.delete(channel);
      this.failures.delete(channel);
      this.port.send({ channel, ends: true });
    };
    return { port, close };
  }
}

/** The worker's side: checks segments of whatever files it is told to open. */
export function serveChannels<Input>(port: Port, makeSource: (input: Input) => Promise<Source> | Source): void {
  const receivers = new Map<number, (message: unknown) => void>();
  const serve = (channel: number, kind: CheckKind): void => {
    const inner: Port = {
      send: (message, transfer) => {
        // Nobody waits for what a channel says after its end.
        if (receivers.has(channel)) port.send({ channel, message }, transfer);
      },
      receive: (handler) => void receivers.set(channel, handler),
      isEnded: () => !receivers.has(channel),
    };
    if (kind === 'container') serveChecks<Input>(inner, makeSource);
    else serveFrames<Input>(inner, makeSource);
  };
  port.receive((message) => {
    if (message === asked) {
      port.send(ready);
      return;
    }
    const { channel, opens, ends, message: inner } = message as Envelope;
    if (opens !== undefined) serve(channel, opens);
    else if (ends === true) receivers.delete(channel);
    else receivers.get(channel)?.(inner);
  });
}
