/* SPDX-License-Identifier: Apache-2.0 */

/** What a worker is told first: what it is for, and over which ports. */
export type FirstMessage =
  | { role: 'session'; port: MessagePort; checkPorts: MessagePort[]; version: string }
  | { role: 'check'; port: MessagePort };

const nanosecondsInMillisecond = 1_000_000n;

/** What the session is told later: a thread that checks for it is gone, by its place among the ports. */
export interface GoneMessage {
  gone: number;
  reason: string;
}

/** UTC by the machine's clock. */
export function nanoseconds(): bigint {
  return BigInt(Date.now()) * nanosecondsInMillisecond;
}
