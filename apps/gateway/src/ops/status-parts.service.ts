import {
  consumersPart,
  kafkaPart,
  readinessParts,
  registryCopyPart,
  type Reading,
  type ReadinessCheck,
  type StatusPart,
} from '#platform';
import type { Bus } from '#bus';
import type { RegistryCopy } from '#registry-copy';
import type { LogWatcher } from '#log-watch';
import type { Openings } from '#openings';
import { SIGNER_CHECK, type AppTokens } from '#pkcs11';
import type { ExchangeModule } from '../exchange/exchange.module.js';

export interface GatewayStatusSources {
  readonly bus: Bus;
  readonly registry: RegistryCopy;
  readonly checks: readonly ReadinessCheck[];
  readonly exchange: Pick<ExchangeModule, 'exchanges' | 'stamps' | 'sweeps'>;
  readonly watcher: Pick<LogWatcher, 'reading'>;
  readonly openings: Pick<Openings, 'reading'>;
  readonly corrections: { readonly verifications: { reading(): Reading } };
  readonly tokens: Pick<AppTokens, 'parts'>;
  readonly limits: { readonly maxInFlight: number; readonly maxUnreceiptedStamps: number };
}

/** Shown by parts of their own, or by the connectors themselves. */
const ELSEWHERE: readonly string[] = ['registry-copy', 'connectors', SIGNER_CHECK];
const NEARLY_FULL = 0.9;

/** What `/status` of a gateway shows beside what its `/ready` looks at. */
export function gatewayParts(sources: GatewayStatusSources): StatusPart[] {
  const { bus, registry, checks, exchange, watcher, openings, corrections, tokens, limits } = sources;
  return [
    kafkaPart(bus),
    consumersPart(bus),
    ...readinessParts(checks.filter(({ name }) => !ELSEWHERE.includes(name))),
    registryCopyPart(registry),
    ...tokens.parts,
    { name: 'log-view', read: () => watcher.reading() },
    { name: 'openings', read: () => openings.reading() },
    { name: 'verifications', read: () => corrections.verifications.reading() },
    { name: 'sweeps', read: () => exchange.sweeps.reading(Date.now()) },
    { name: 'room', read: () => room(exchange.exchanges.size, exchange.stamps.size, limits) },
  ];
}

function room(
  inFlight: number,
  stamps: number,
  limits: GatewayStatusSources['limits'],
): ReturnType<StatusPart['read']> {
  const details = { inFlight, unreceiptedStamps: stamps };
  if (inFlight >= limits.maxInFlight * NEARLY_FULL)
    return { state: 'degraded', reason: 'nearly as many exchanges as may be under way', details };
  if (stamps >= limits.maxUnreceiptedStamps * NEARLY_FULL)
    return { state: 'degraded', reason: 'the log has not taken nearly as many statements as may wait', details };
  return { state: 'ok', details };
}
