import { systemClock, type Clock } from '#kernel';
import { topicKind } from '../telemetry/bus-metrics.js';
import type { ObservedBus, ObservedSubscription } from '../telemetry/bus-watch.worker.js';
import { runCheck, type ReadinessCheck } from './readiness.js';
import type { Reading } from './status.js';

/** Something whose state an operator wants to know; each app contributes its own. */
export interface StatusPart {
  /** Short and stable; no personal data. */
  readonly name: string;
  /** May be slow, and may throw. */
  readonly read: () => Promise<Reading> | Reading;
}

const OK: Reading = { state: 'ok' };
/** Fetches end every 0.25 s; the bus itself replaces a consumer that is silent for 10 s. */
const SILENT_MS = 5_000;
const REPLACED_MS = 60_000;
/** The registry renews each minute for ten. */
const EXPIRES_SOON_MS = 3 * 60_000;

/** What `/ready` misses is down. */
export function readinessParts(checks: readonly ReadinessCheck[]): StatusPart[] {
  return checks.map((check) => ({
    name: check.name,
    read: async () => {
      const missing = await runCheck(check);
      return missing === undefined ? OK : { state: 'down', reason: missing };
    },
  }));
}

export function kafkaPart(bus: Pick<ObservedBus, 'isReachable'>): StatusPart {
  return {
    name: 'kafka',
    read: async () => ((await bus.isReachable()) ? OK : { state: 'down', reason: 'no broker answers' }),
  };
}

/** The watchdog of consumers, as it is seen from outside: who is silent, and who had to be replaced. */
export function consumersPart(bus: Pick<ObservedBus, 'state'>, clock: Clock = systemClock): StatusPart {
  return {
    name: 'consumers',
    read: () => {
      const { subscriptions } = bus.state();
      const nowMs = clock.now();
      const details = {
        subscriptions: subscriptions.length,
        replaced: subscriptions.reduce((sum, { replaced }) => sum + replaced, 0),
      };
      const silent = subscriptions.filter(({ lastFetchAtMs }) => nowMs - lastFetchAtMs > SILENT_MS);
      if (silent.length > 0) return { state: 'degraded', reason: `nothing is fetched for ${kinds(silent)}`, details };
      const replaced = subscriptions.filter(({ replacedAtMs = -Infinity }) => nowMs - replacedAtMs < REPLACED_MS);
      if (replaced.length > 0)
        return { state: 'degraded', reason: `a consumer for ${kinds(replaced)} was replaced`, details };
      return { state: 'ok', details };
    },
  };
}

export function registryCopyPart(
  copy: { current(): { readonly number: number } | undefined; readonly expiresAtMs: number | undefined },
  clock: Clock = systemClock,
): StatusPart {
  return {
    name: 'registry-copy',
    read: () => {
      const view = copy.current();
      const untilMs = copy.expiresAtMs;
      if (view === undefined || untilMs === undefined)
        return { state: 'down', reason: 'no valid snapshot of the registry' };
      const details = { number: view.number, until: new Date(untilMs).toISOString() };
      if (untilMs - clock.now() < EXPIRES_SOON_MS)
        return { state: 'degraded', reason: 'the manifest of the registry is not renewed', details };
      return { state: 'ok', details };
    },
  };
}

function kinds(subscriptions: readonly ObservedSubscription[]): string {
  const names = subscriptions.flatMap(({ topics }) => topics.map((topic) => `${topicKind(topic)} topics`));
  return [...new Set(names)].join(', ');
}
