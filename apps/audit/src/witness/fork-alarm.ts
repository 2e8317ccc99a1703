import type { ForkSign } from './witness-answer.js';

/** Who saw what. */
export interface Fork {
  readonly sign: ForkSign;
  readonly witness: string;
  /** Size of the checkpoint that was asked about. */
  readonly size: number;
}

/**
 * Set once, by the first sign of a fork, and never taken back while the process lives: from then on nothing is published
 * and no witness is asked again, because every further checkpoint would help whoever forked the log. At the next start
 * the witnesses' memory decides (`audit-log.md` §2.6, §3.4).
 */
export class ForkAlarm {
  private raised: Fork | undefined;

  constructor(private readonly tell: (fork: Fork) => void) {}

  raise(fork: Fork): void {
    if (this.raised !== undefined) return;
    this.raised = fork;
    this.tell(fork);
  }

  get fork(): Fork | undefined {
    return this.raised;
  }
}
