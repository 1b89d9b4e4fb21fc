/* SPDX-License-Identifier: Apache-2.0 */
/* May pictures be written to clear files? Before a report nobody knows what the signers permit (E-VER-9). */
import type { Evidence, Report } from '../evidence/model.js';

export type Refusal = 'refused' | 'unverified' | 'locked';

export function isReexportAllowed(known: { report: Report | null }): boolean {
  return known.report?.reexport === true;
}

/** Why no clip and no picture may be saved now; null where it may. */
export function refusal(evidence: Evidence, report: Report | null): Refusal | null {
  if (report === null) return evidence.reexport ? 'unverified' : 'refused';
  if (!report.reexport) return 'refused';
  return evidence.isSealed && !evidence.isUnlocked ? 'locked' : null;
}
