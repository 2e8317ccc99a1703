import { noTracing, StageWatch, type AppMetrics, type Logger, type Tracing } from '#platform';
import {
  alarmReasons,
  exchangeStages,
  type BegunExchange,
  type Counted,
  type ExchangeEvents,
  type ExchangeWatch,
} from '../exchange/exchange-events.js';
import { gatewayMetrics, OUTCOMES } from './gateway-metrics.service.js';

/** Turns what exchanges report into metrics with closed labels and log lines without personal data. */
export class ExchangeReports implements ExchangeEvents {
  readonly metrics;

  constructor(
    metrics: AppMetrics,
    private readonly logger: Logger,
    private readonly tracing: Tracing = noTracing,
  ) {
    this.metrics = gatewayMetrics.on(metrics);
  }

  ended({ kind, code, tookMs }: { readonly kind: string; readonly code: string; readonly tookMs: number }): void {
    const outcome = OUTCOMES.find((known) => known === kind) ?? 'failed';
    this.metrics.outcomes.add({ outcome });
    this.metrics.seconds.observe({ outcome }, tookMs / 1000);
    if (outcome === 'failed') this.logger.warn({ code }, 'an exchange failed');
  }

  alarm(reason: string, details: Readonly<Record<string, unknown>>): void {
    this.metrics.alarms.add({ reason: alarmReasons.find((known) => known === reason) ?? 'other' });
    this.logger.error({ alarm: reason, ...details }, 'alarm');
  }

  counted(what: Counted): void {
    this.metrics.counts.add({ event: what });
  }

  failed(what: string, cause: unknown): void {
    this.logger.warn({ what, err: cause }, 'a step failed');
  }

  watch({ id, service, traceparent }: BegunExchange): ExchangeWatch {
    const attributes = { 'kerege.exchange': id, 'kerege.service': service };
    const traced = this.tracing.begin({ name: 'exchange', kind: 'server', parent: traceparent, attributes });
    return new StageWatch(exchangeStages, this.observe, traced);
  }

  private readonly observe = (stage: (typeof exchangeStages)[number], seconds: number): void => {
    this.metrics.stages.observe({ stage }, seconds);
  };
}
