/** The terms that a case may be under (`corrections.md` §1, §5). */
export const CLOCKS = [
  'acknowledge',
  'forward',
  'take-up',
  'decide',
  'reply',
  'correct',
  'propagate',
  'recipient',
  'appeal',
] as const;
export type ClockKind = (typeof CLOCKS)[number];

/**
 * What a transition does to the clocks of its case, in this order. `start` of one that runs already starts it anew; the
 * others of one that does not run do nothing.
 */
export interface ClockCommand {
  readonly act: 'start' | 'stop' | 'pause' | 'resume' | 'extend';
  readonly clock: ClockKind;
}
