/** Why a request was let go without a word: nobody who could be told is known, or nobody waits any more. */
export const dropReasons = [
  'expired',
  'clock-apart',
  'registry-behind',
  'registry-expired',
  'subsystem-stopped',
] as const;
export type DropReason = (typeof dropReasons)[number];

/** What dispatch reports as it goes; the module makes metrics and log lines of it. Never personal data. */
export interface DispatchEvents {
  /** An exchange has its statement; `why` is a code of `outcomeReasons`. */
  readonly stated: (kind: 'answered' | 'failed' | 'refused', why: string | undefined, tookMs: number) => void;
  readonly dropped: (reason: DropReason) => void;
  readonly deadLettered: (reason: string) => void;
  /** Worth waking somebody: a peer, the broker or the log did what it must not. */
  readonly alarm: (reason: string, details: Readonly<Record<string, unknown>>) => void;
  readonly failed: (what: string, cause: unknown) => void;
}
