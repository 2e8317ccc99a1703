import type { TracedWork } from './tracing.js';

/**
 * Times the stages of one piece of work, each from the end of the one before it, for metrics and for its trace. A stage
 * counts once, and not after a later one: an answer may overtake the acknowledgement of its request.
 */
export class StageWatch<Stage extends string> {
  /** When the last stage ended; both written by `passed`. */
  private sinceMs = performance.now();
  private next = 0;
  /** Set by `ended`. */
  private isOver = false;

  constructor(
    private readonly stages: readonly Stage[],
    private readonly observe: (stage: Stage, seconds: number) => void,
    private readonly traced?: TracedWork,
  ) {}

  /** `traceparent` for whoever goes on with this work; undefined if it is not traced. */
  get traceparent(): string | undefined {
    return this.traced?.traceparent;
  }

  passed(stage: Stage): void {
    const at = this.stages.indexOf(stage);
    if (at < this.next) return;
    const nowMs = performance.now();
    this.observe(stage, (nowMs - this.sinceMs) / 1_000);
    this.traced?.stage(stage, this.sinceMs, nowMs);
    this.sinceMs = nowMs;
    this.next = at + 1;
  }

  /** The work is over; `outcome` is a code. The first word counts. */
  ended(outcome: string, hasFailed: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    this.traced?.end(outcome, hasFailed);
  }
}
