import { outcomeReasons } from '#access';
import type { AppMetrics, Logger } from '#platform';
import { clockPairs, type ClockPair } from '../dispatch/clock-watch.js';
import { alarmReasons, dropReasons, type DispatchEvents } from '../dispatch/dispatch-events.js';

const SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];

/** One helper per business event, so that counter and log line cannot drift apart. */
export function dispatchEvents(metrics: AppMetrics, logger: Logger): DispatchEvents {
  const kinds = ['answered', 'failed', 'refused'] as const;
  const whys = ['none', ...Object.keys(outcomeReasons)];
  const stated = metrics.counter({
    name: 'kerege_connector_outcomes_total',
    help: 'Outcomes that this connector stated.',
    labels: { kind: kinds, why: whys },
  });
  const took = metrics.histogram({
    name: 'kerege_connector_exchange_seconds',
    help: 'From the record to its statement.',
    labels: { kind: kinds },
    buckets: SECONDS,
  });
  const dropped = metrics.counter({
    name: 'kerege_connector_dropped_total',
    help: 'Requests let go without a word.',
    labels: { reason: dropReasons },
  });
  const dead = metrics.counter({ name: 'kerege_connector_dead_letters_total', help: 'Records sent to dead letters.' });
  const alarms = metrics.counter({
    name: 'kerege_connector_alarms_total',
    help: 'Events worth waking somebody.',
    labels: { reason: alarmReasons },
  });
  const failures = metrics.counter({ name: 'kerege_connector_failures_total', help: 'Failures of our own parts.' });
  return {
    stated: (kind, why, tookMs) => {
      stated.add({ kind, why: why ?? 'none' });
      took.observe({ kind }, tookMs / 1_000);
    },
    dropped: (reason) => {
      dropped.add({ reason });
      logger.info({ reason }, 'request dropped');
    },
    deadLettered: () => dead.add({}),
    alarm: (reason, details) => {
      alarms.add({ reason });
      logger.error({ alarm: reason, ...details }, 'alarm');
    },
    failed: (what, cause) => {
      failures.add({});
      logger.warn({ what, err: cause }, 'failed');
    },
  };
}

/** How far clocks are from the broker's, positive ahead. */
export function clockDistances(metrics: AppMetrics): (pair: ClockPair, distanceMs: number) => void {
  const distance = metrics.gauge({
    name: 'kerege_connector_clock_distance_seconds',
    help: 'How far our clock, and those of consumers, are ahead of the broker’s.',
    labels: { clock: clockPairs },
  });
  return (clock, distanceMs) => distance.set({ clock }, distanceMs / 1_000);
}
