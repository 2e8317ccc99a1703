/**
 * Times the stages of one piece of work, each from the end of the one before it. A stage counts once, and not after a
 * later one: an answer may overtake the acknowledgement of its request.
 */
export class StageWatch<Stage extends string> {
  /** When the last stage ended; both written by `passed`. */
  private sinceMs = performance.now();
  private next = 0;

  constructor(
    private readonly stages: readonly Stage[],
    private readonly observe: (stage: Stage, seconds: number) => void,
  ) {}

  passed(stage: Stage): void {
    const at = this.stages.indexOf(stage);
    if (at < this.next) return;
    const nowMs = performance.now();
    this.observe(stage, (nowMs - this.sinceMs) / 1_000);
    this.sinceMs = nowMs;
    this.next = at + 1;
  }
}
