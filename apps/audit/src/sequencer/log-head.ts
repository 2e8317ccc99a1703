/** The head row of a log (`audit-log.md` §3.2). */
export interface LogHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly frontier: Buffer;
  /** Offset of `audit.stamp` after the last record that had its effect. */
  readonly nextOffset: bigint;
  /** Counted up by each sequencer that takes the log over: the fence. */
  readonly epoch: bigint;
  readonly note: string;
  /** Has its last leaf: nothing can be appended any more (`audit-log.md` §3.7). */
  readonly isClosed?: boolean;
}
