/* SPDX-License-Identifier: Apache-2.0 */
import type { EvidenceSession } from './model.js';

/** Starts a session before it is asked for: its threads take a moment, in which somebody still looks for the file. */
export class SpareSession {
  private spare: EvidenceSession | null = null;

  constructor(private readonly make: () => EvidenceSession) {}

  prepare(): void {
    try {
      this.spare ??= this.make();
    } catch {
      // Whoever asks for one is told why there is none.
    }
  }

  take(): EvidenceSession {
    const session = this.spare ?? this.make();
    this.spare = null;
    return session;
  }
}
