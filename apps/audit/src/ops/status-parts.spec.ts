import { afterEach, expect, it, jest } from '@jest/globals';
import { createInProcessBus } from '#bus';
import type { LastBatch } from './audit-metrics.service.js';
import { auditParts } from './status-parts.service.js';

afterEach(() => void jest.useRealTimers());

const NOW_MS = Date.parse('2026-11-28T12:00:00Z');

/** How the log reads so long after that batch. */
async function logAfter(ms: number, late: Partial<LastBatch>) {
  jest.useFakeTimers({ now: NOW_MS + ms, doNotFake: ['nextTick', 'setImmediate'] });
  const last: LastBatch = { atMs: NOW_MS, lagMs: 0, behindMs: 0, ...late };
  const parts = auditParts({
    ...{ bus: createInProcessBus(), checks: [], review: { failure: () => undefined } },
    write: {
      logState: () => ({ size: 7, last }),
      sweeperFailure: () => undefined,
      rotationProblem: () => undefined,
      timeStanding: () => undefined,
      witnessState: () => undefined,
      scrubPart: { name: 'scrub', read: () => ({ state: 'ok' }) },
    },
  });
  return parts.find(({ name }) => name === 'log')?.read();
}

it.each<[string, Partial<LastBatch>]>([
  ['stamps waited for long', { lagMs: 5_001 }],
  ['our clock was behind', { behindMs: 5_001 }],
])('the log is degraded for a minute after a batch that showed that %s', async (_, late) => {
  expect(await logAfter(59_999, late)).toMatchObject({ state: 'degraded', details: { size: 7 } });
  expect(await logAfter(60_000, late)).toMatchObject({ state: 'ok' });
});
