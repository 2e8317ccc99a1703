import type { Bus } from '#bus';
import {
  consumersPart,
  kafkaPart,
  readinessParts,
  type ReadinessCheck,
  type Reading,
  type StatusPart,
} from '#platform';
import type { Timestamper } from '../trusted-time/timestamper.service.js';
import type { WitnessState } from '../witness/witness-side.service.js';
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
    timeStanding(): Timestamper['standing'];
    witnessState(): WitnessState | undefined;
    readonly scrubPart: StatusPart;
  };
  readonly review: { failure(): string | undefined };
}

const SLOW_MS = 5_000;
const RECENT_MS = 60_000;

/** What `/status` of audit shows beside what its `/ready` looks at. */
export function auditParts({ bus, checks, write, review }: AuditStatusSources): StatusPart[] {
  return [
    kafkaPart(bus),
    consumersPart(bus),
    ...readinessParts(checks),
    { name: 'log', read: () => logReading(write.logState(), Date.now()) },
    { name: 'rotation', read: () => workerReading(write.rotationProblem()) },
    { name: 'trusted-time', read: () => timeReading(write.timeStanding()) },
    { name: 'witnesses', read: () => witnessReading(write.witnessState()) },
    write.scrubPart,
    { name: 'sweeper', read: () => workerReading(write.sweeperFailure()) },
    { name: 'leaf-index', read: () => workerReading(review.failure()) },
  ];
}

function logReading(log: LogState | undefined, nowMs: number): Reading {
  if (log === undefined) return { state: 'degraded', reason: 'this process is not the writer of the log' };
  const { size, last } = log;
  const details = {
    size,
    ...(last === undefined ? {} : { lastReceipt: new Date(last.atMs).toISOString(), lagMs: Math.round(last.lagMs) }),
  };
  const recent = last !== undefined && nowMs - last.atMs < RECENT_MS ? last : undefined;
  const isSlow = recent !== undefined && recent.lagMs > SLOW_MS;
  if (isSlow)
    return { state: 'degraded', reason: 'stamps wait for long, or our clock is ahead of the broker’s', details };
  const isBehind = recent !== undefined && recent.behindMs > SLOW_MS;
  return isBehind
    ? { state: 'degraded', reason: 'our clock is behind the broker’s', details }
    : { state: 'ok', details };
}

function witnessReading(state: WitnessState | undefined): Reading {
  if (state === undefined) return { state: 'ok', details: { witnesses: 0 } };
  const { fork, lanes } = state;
  const details: Record<string, number> = { witnesses: lanes.length };
  for (const { witness, size } of lanes) details[witness] = size;
  if (fork !== undefined)
    return {
      state: 'down',
      reason: `publication stopped: ${fork.witness} has seen another tree (${fork.sign})`,
      details,
    };
  const failing = lanes.filter(({ failure }) => failure !== undefined);
  if (failing.length === 0) return { state: 'ok', details };
  const reasons = failing.map(({ witness, failure }) => `${witness}: ${failure ?? ''}`);
  return { state: 'degraded', reason: `not cosigned by ${reasons.join(', ')}`, details };
}

function workerReading(failure: string | undefined): Reading {
  return failure === undefined ? { state: 'ok' } : { state: 'degraded', reason: failure };
}

function timeReading(standing: Timestamper['standing']): Reading {
  if (standing === undefined) return { state: 'ok', reason: 'off: no time-stamp authority is configured' };
  const { newestMs } = standing.state;
  const details = newestMs === undefined ? {} : { newestToken: new Date(newestMs).toISOString() };
  const reason = 'no time-stamp token for ten minutes; receipts stay without trusted time';
  return standing.isAlarming ? { state: 'degraded', reason, details } : { state: 'ok', details };
}
