import type { ReadinessCheck } from '#platform';

/** What /ready of audit looks at. */
export function readiness(
  database: { isReachable(): Promise<boolean> },
  write: { missing(): string | undefined },
): ReadinessCheck[] {
  return [
    { name: 'database', missing: async () => ((await database.isReachable()) ? undefined : 'does not answer') },
    { name: 'sequencer', missing: () => write.missing() },
  ];
}
