import type { ReadinessCheck, Reading } from '#platform';

export interface FeedbackState {
  readonly database: { isReachable(): Promise<boolean> };
  readonly keys: { isReachable(): Promise<boolean> };
  readonly copy: { current(): unknown };
  readonly openingKeys: { readonly isAnnounced: boolean };
  readonly openings: { readonly isAssigned: boolean };
  readonly log: { reading(): Reading };
}

/** What `/ready` of feedback looks at. */
export function readiness({ database, keys, copy, openingKeys, openings, log }: FeedbackState): ReadinessCheck[] {
  const answering = async (one: FeedbackState['database']) =>
    (await one.isReachable()) ? undefined : 'does not answer';
  const logMissing = () => {
    const { state, reason } = log.reading();
    return state === 'ok' ? undefined : reason;
  };
  return [
    { name: 'database', missing: () => answering(database) },
    { name: 'key-store', missing: () => answering(keys) },
    {
      name: 'registry-copy',
      missing: () => (copy.current() === undefined ? 'no valid snapshot of the registry' : undefined),
    },
    { name: 'opening-key', missing: () => (openingKeys.isAnnounced ? undefined : 'not announced yet') },
    { name: 'openings', missing: () => (openings.isAssigned ? undefined : 'not read yet') },
    { name: 'log', missing: logMissing },
  ];
}
