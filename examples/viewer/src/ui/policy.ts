/* SPDX-License-Identifier: Apache-2.0 */
/* May pictures be written to clear files? Before a report nobody knows what the signers permit (E-VER-9). */
import type { Evidence, Report } from '../evidence/model.js';

export type Refusal = 'refused' | 'cannot_tell' | 'unverified' | 'locked';

/** Why no clip, picture or attachment may be saved now; null where it may. */
export function refusal(evidence: Evidence, report: Report | null): Refusal | null {
  if (report === null) return evidence.reexportReason === 'forbidden' ? 'refused' : 'unverified';
  if (!report.reexport) return report.reexportReason === 'forbidden' ? 'refused' : 'cannot_tell';
  return evidence.isSealed && !evidence.isUnlocked ? 'locked' : null;
}
