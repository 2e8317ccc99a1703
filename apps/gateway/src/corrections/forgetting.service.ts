import type { Clock, SubsystemId } from '#kernel';
import type { CaseSteps } from './case-steps.service.js';
import type { CorrectionFilings } from './correction-filing.store.js';
import type { FeedbackCases } from './feedback-cases.service.js';
import { readOver } from './verification.js';

export interface ForgettingParts {
  readonly kept: CorrectionFilings;
  readonly feedback: FeedbackCases;
  readonly steps: CaseSteps;
  readonly clock: Clock;
}

const BATCH = 100;
const MOST_BATCHES = 20;

/** Forgets filings whose case can be corrected no more. Only feedback knows that; where it does not say so, they stay. */
export class Forgetting {
  constructor(private readonly parts: ForgettingParts) {}

  /** Each filing is asked about once a day. */
  async ofConsumer(consumer: SubsystemId): Promise<void> {
    const { kept, feedback, steps, clock } = this.parts;
    for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
      const ids = await kept.unasked(consumer, clock.now(), BATCH);
      if (ids.length === 0) return;
      const asker = steps.asker(consumer);
      const over = readOver(await feedback.post('/v1/portal/verifications/over', { ids }, asker)) ?? [];
      // Before they go: asked again after a crash it is the same.
      await kept.asked(ids, consumer, clock.now());
      for (const id of ids) if (over.includes(id)) await kept.drop(id, consumer);
    }
  }
}
