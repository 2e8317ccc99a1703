import type { Bus } from '#bus';
import {
  consumersPart,
  kafkaPart,
  readinessParts,
  type ReadinessCheck,
  type Reading,
  type StatusPart,
} from '#platform';
import type { LastBatch } from './audit-metrics.service.js';

/** The log as its writer sees it; absent while another process is the writer. */
export interface LogState {
  readonly size: number;
  readonly last: LastBatch | undefined;
}

export interface AuditStatusSources {
  readonly bus: Bus;
  readonly checks: readonly ReadinessCheck[];
  readonly write: {
    logState(): LogState | undefined;
    sweeperFailure(): string | undefined;
    rotationProblem(): string | undefined;
  };
}

const SLOW_MS = 5_000;
const RECENT_MS = 60_000;

/** What `/status` of audit shows beside what its `/ready` looks at. */
export function auditParts({ bus, checks, write }: AuditStatusSources): StatusPart[] {
  return [
    kafkaPart(bus),
    consumersPart(bus),
    ...readinessParts(checks),
    { name: 'log', read: () => logReading(write.logState(), Date.now()) },
    { name: 'sweeper', read: () => failureReading(write.sweeperFailure()) },
    { name: 'rotation', read: () => failureReading(write.rotationProblem()) },
  ];
}

function logReading(log: LogState | undefined, nowMs: number): Reading {
  if (log === undefined) return { state: 'degraded', reason: 'this process is not the writer of the log' };
  const { size, last } = log;
  const details = {
    size,
    ...(last === undefined ? {} : { lastReceipt: new Date(last.atMs).toISOString(), lagMs: Math.round(last.lagMs) }),
  };
  const isSlow = last !== undefined && last.lagMs > SLOW_MS && nowMs - last.atMs < RECENT_MS;
  return isSlow ? { state: 'degraded', reason: 'stamps wait for long', details } : { state: 'ok', details };
}

function failureReading(failure: string | undefined): Reading {
  return failure === undefined ? { state: 'ok' } : { state: 'degraded', reason: failure };
}
