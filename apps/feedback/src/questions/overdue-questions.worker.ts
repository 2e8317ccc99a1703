import type { Clock } from '#kernel';
import { Rounds } from '#platform';
import type { QuestionStore } from './question.store.js';

export interface OverdueQuestionsParts {
  readonly store: Pick<QuestionStore, 'overdue' | 'overdueUntold' | 'overdueTold'>;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** By recipient: how many questions it has let pass since the last time. */
  readonly alarm: (recipient: string, questions: number) => void;
  readonly failed: (cause: unknown) => void;
}

const TOLD_PER_PASS = 1_000;
const COUNTED_AT_MOST = 100_000;

/** Counts questions that nobody has answered in time, and names once for each who was asked. */
export class OverdueQuestions {
  private readonly rounds: Rounds;
  /** Questions that are overdue, as of the last pass. */
  overdue = 0;

  constructor(private readonly parts: OverdueQuestionsParts) {
    this.rounds = new Rounds(() => this.pass(), parts.failed, parts.intervalMs);
  }

  start(): void {
    this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async pass(): Promise<number> {
    const { store, clock, alarm, intervalMs } = this.parts;
    const nowMs = clock.now();
    this.overdue = await store.overdue(nowMs, COUNTED_AT_MOST);
    const untold = await store.overdueUntold(nowMs, TOLD_PER_PASS);
    if (untold.length === 0) return intervalMs;
    for (const [recipient, own] of Map.groupBy(untold, (one) => one.recipient)) alarm(recipient, own.length);
    // Told before it is noted: after a crash in between it is told twice.
    await store.overdueTold(untold.map(({ id }) => id));
    return untold.length < TOLD_PER_PASS ? intervalMs : 0;
  }
}
