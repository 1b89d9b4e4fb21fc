/* SPDX-License-Identifier: Apache-2.0 */
/* The session answers one question at a time; what is needed now is asked before what is needed soon. */
import type { EvidenceSession, SegmentSamples } from '../evidence/model.js';

export interface SampleOrder {
  part: number;
  segment: number;
  tracks: readonly number[];
  /** 0: somebody waits for it; larger numbers later. Asked when its turn comes; null: nobody wants it any more. */
  urgency(): number | null;
  done(samples: SegmentSamples): void;
  failed(error: unknown): void;
}

export class SampleQueue {
  private readonly orders = new Set<SampleOrder>();
  private isBusy = false;
  private isClosed = false;

  constructor(private readonly session: Pick<EvidenceSession, 'samples'>) {}

  order(order: SampleOrder): void {
    this.orders.add(order);
    this.next();
  }

  withdraw(order: SampleOrder): void {
    this.orders.delete(order);
  }

  close(): void {
    this.isClosed = true;
    this.orders.clear();
  }

  private mostUrgent(): SampleOrder | null {
    let best: SampleOrder | null = null;
    let lowest = Infinity;
    for (const order of this.orders) {
      const urgency = order.urgency();
      if (urgency === null || urgency >= lowest) continue;
      best = order;
      lowest = urgency;
    }
    return best;
  }

  private next(): void {
    if (this.isBusy || this.isClosed) return;
    const order = this.mostUrgent();
    if (order === null) return;
    this.orders.delete(order);
    this.isBusy = true;
    const finish = (tell: () => void): void => {
      this.isBusy = false;
      if (!this.isClosed) tell();
      this.next();
    };
    this.session.samples(order.part, order.segment, order.tracks).then(
      (samples) => finish(() => order.done(samples)),
      (error: unknown) => finish(() => order.failed(error)),
    );
  }
}
