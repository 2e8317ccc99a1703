import type { AppMetrics, Logger } from '#platform';
import { countedEvents, type Counted, type ExchangeEvents } from '../exchange/exchange-events.js';

const OUTCOMES = ['answered', 'refused', 'failed'] as const;

/** Turns what exchanges report into metrics with closed labels and log lines without personal data. */
export class ExchangeReports implements ExchangeEvents {
  private readonly outcomes;
  private readonly seconds;
  private readonly counts;
  private readonly alarms;

  constructor(
    metrics: AppMetrics,
    private readonly logger: Logger,
  ) {
    this.outcomes = metrics.counter({
      name: 'kerege_gateway_exchanges_total',
      help: 'Exchanges ended, by outcome.',
      labels: { outcome: OUTCOMES },
    });
    this.seconds = metrics.histogram({
      name: 'kerege_gateway_exchange_seconds',
      help: 'From the arrival of a request to what the consumer is told.',
      labels: { outcome: OUTCOMES },
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    });
    this.counts = metrics.counter({
      name: 'kerege_gateway_events_total',
      help: 'Things worth counting on the way of an exchange.',
      labels: { event: countedEvents },
    });
    this.alarms = metrics.counter({
      name: 'kerege_gateway_alarms_total',
      help: 'What a peer, the log or a key did that it must not.',
    });
  }

  ended({ kind, code, tookMs }: { readonly kind: string; readonly code: string; readonly tookMs: number }): void {
    const outcome = OUTCOMES.find((known) => known === kind) ?? 'failed';
    this.outcomes.add({ outcome });
    this.seconds.observe({ outcome }, tookMs / 1000);
    if (outcome === 'failed') this.logger.warn({ code }, 'an exchange failed');
  }

  alarm(reason: string, details: Readonly<Record<string, unknown>>): void {
    this.alarms.add({});
    this.logger.error({ reason, ...details }, 'alarm');
  }

  counted(what: Counted): void {
    this.counts.add({ event: what });
  }

  failed(what: string, cause: unknown): void {
    this.logger.warn({ what, err: cause }, 'a step failed');
  }
}
