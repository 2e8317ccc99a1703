import type { Unseen } from './correction-filing.store.js';

const LONG_MS = 24 * 60 * 60_000;

/** What an operator is shown of corrections that cannot be looked at: codes and numbers, no case. */
export function readingOfUnseen(unseen: readonly Unseen[], nowMs: number) {
  const details = Object.fromEntries(unseen.map(({ why, filings }) => [why, filings]));
  const refused = unseen.filter(({ isRefused }) => isRefused);
  if (refused.length > 0) {
    const reason = `corrections cannot be read again: ${refused.map(({ why }) => why).join(', ')}; see that "correction-check" is agreed for the service`;
    return { state: 'degraded', reason, details } as const;
  }
  if (unseen.some(({ sinceMs }) => nowMs - sinceMs > LONG_MS))
    return { state: 'degraded', reason: 'corrections could not be read again for a day', details } as const;
  return { state: 'ok', details } as const;
}
