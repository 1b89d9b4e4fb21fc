/* SPDX-License-Identifier: Apache-2.0 */
import type { Utc } from '../evidence/model.js';

const second = 1_000_000_000n;
/** Gaps up to this much of the viewer's time are run through. */
const shortGap = 3n * second;
/** How long a long gap is shown before it is jumped over, so that it is seen: milliseconds. */
const lingering = 1000;

export interface LaneCover {
  /** Something was recorded at this moment, whether or not it can be shown. */
  isCovered: boolean;
  /** Where something is recorded next; null for nowhere. */
  next: Utc | null;
}

export type GapDecision = { act: 'run' } | { act: 'jump'; to: Utc } | { act: 'end' };

/** What the clock does at a moment: it jumps only where no device has anything for long. */
export function decideGap(covers: readonly LaneCover[], position: Utc, rate: number, sinceGap: number): GapDecision {
  if (covers.some((cover) => cover.isCovered)) return { act: 'run' };
  let next: Utc | null = null;
  for (const cover of covers) if (cover.next !== null && (next === null || cover.next < next)) next = cover.next;
  if (next === null) return { act: 'end' };
  const remaining = next - position;
  const bound = (shortGap * BigInt(Math.round(Math.max(1, rate) * 100))) / 100n;
  if (remaining <= bound || sinceGap < lingering) return { act: 'run' };
  return { act: 'jump', to: next };
}
