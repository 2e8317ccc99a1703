import type { Bus } from '#bus';
import {
  consumersPart,
  kafkaPart,
  readinessParts,
  registryCopyPart,
  type ReadinessCheck,
  type Reading,
  type StatusPart,
} from '#platform';
import type { RegistryCopy } from '#registry-copy';
import type { LogWatcher } from '#log-watch';
import type { Openings } from '#openings';
import { SIGNER_CHECK, type AppTokens } from '#pkcs11';
import type { Disputes } from '../disputes/disputes.service.js';
import type { Notices } from '../notices/notices.service.js';
import type { AgencyService, BreakerReading } from '../agency/agency.service.js';
import type { ClockPair } from '../dispatch/clock-watch.js';
import type { RequestConsumer } from '../dispatch/request.consumer.js';

export interface ConnectorStatusSources {
  readonly bus: Bus;
  readonly copy: RegistryCopy;
  readonly checks: readonly ReadinessCheck[];
  readonly requests: Pick<RequestConsumer, 'unheard'>;
  readonly agencies: Pick<AgencyService, 'breakers'>;
  readonly watcher: Pick<LogWatcher, 'reading'>;
  readonly openings: Pick<Openings, 'reading'>;
  readonly notices: Pick<Notices, 'reading'>;
  readonly disputes: Pick<Disputes, 'reading'>;
  readonly tokens: Pick<AppTokens, 'parts'>;
  /** Last measured distances of clocks, milliseconds. */
  readonly distances: ReadonlyMap<ClockPair, number>;
}

/** Shown by parts of their own. */
const ELSEWHERE: readonly string[] = ['registry-copy', 'requests', 'disputes', SIGNER_CHECK];
/** `bus.md` §1. */
const MAX_DISTANCE_MS = 500;

/** What `/status` of a connector shows beside what its `/ready` looks at: one part for each agency's system. */
export function connectorParts({
  bus,
  copy,
  checks,
  requests,
  agencies,
  watcher,
  openings,
  notices,
  disputes,
  tokens,
  distances,
}: ConnectorStatusSources): StatusPart[] {
  return [
    kafkaPart(bus),
    consumersPart(bus),
    ...readinessParts(checks.filter(({ name }) => !ELSEWHERE.includes(name))),
    registryCopyPart(copy),
    ...tokens.parts,
    { name: 'log-view', read: () => watcher.reading() },
    { name: 'requests', read: () => requestReading(bus, requests) },
    { name: 'openings', read: () => openings.reading() },
    { name: 'notices', read: () => notices.reading() },
    { name: 'disputes', read: () => disputes.reading() },
    { name: 'clocks', read: () => clockReading(distances) },
    ...agencies.breakers().map(({ service }) => ({
      name: `agency ${service}`,
      read: () => agencyReading(agencies.breakers().find((breaker) => breaker.service === service)),
    })),
  ];
}

function requestReading(bus: Bus, requests: Pick<RequestConsumer, 'unheard'>): Reading {
  const partitions = bus.state().subscriptions.flatMap((one) => one.partitions);
  const details = { partitions: partitions.filter(({ topic }) => topic.startsWith('request.')).length };
  const unheard = requests.unheard();
  if (unheard.length === 0) return { state: 'ok', details };
  return { state: 'down', reason: `no partitions of ${unheard.join(', ')}`, details };
}

function clockReading(distances: ReadonlyMap<ClockPair, number>): Reading {
  const details = Object.fromEntries([...distances].map(([pair, ms]) => [`${pair}Ms`, Math.round(ms)]));
  const apart = [...distances].filter(([, ms]) => Math.abs(ms) > MAX_DISTANCE_MS).map(([pair]) => pair);
  if (apart.length === 0) return { state: 'ok', details };
  return { state: 'degraded', reason: `clocks are apart from the broker’s: ${apart.join(', ')}`, details };
}

function agencyReading(breaker: BreakerReading | undefined): Reading {
  if (breaker?.state === 'open') return { state: 'down', reason: 'its breaker is open: consumers get 503 at once' };
  if (breaker?.state === 'half-open')
    return { state: 'degraded', reason: 'its breaker waits for a call that succeeds' };
  if (breaker?.unproven === undefined) return { state: 'ok' };
  const reason = breaker.unproven === 'plain' ? 'is called by plain HTTP' : 'shows a certificate that is not verified';
  return { state: 'degraded', reason: `it ${reason}: whoever answers at its address is believed` };
}
