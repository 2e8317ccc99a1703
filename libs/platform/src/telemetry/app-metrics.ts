import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { metricsErrors } from './metrics.errors.js';

/** Label name → every value that it may take: a closed list, so that no caller can grow the number of series. */
export type Labels = Readonly<Record<string, readonly string[]>>;
/** A metric without labels is called with `{}`. */
type NoLabels = Readonly<Record<string, never>>;
export type LabelValues<L extends Labels> = { readonly [Name in keyof L]: L[Name][number] };

export interface MetricDeclaration<L extends Labels> {
  /** `kerege_…` with its unit last: `_total` for counters, else one of `UNITS`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: L;
}

export interface HistogramDeclaration<L extends Labels> extends MetricDeclaration<L> {
  readonly buckets: readonly number[];
}

export interface CounterHandle<L extends Labels> {
  add(labels: LabelValues<L>, count?: number): void;
}

export interface GaugeHandle<L extends Labels> {
  set(labels: LabelValues<L>, value: number): void;
}

export interface ObservedGaugeHandle<L extends Labels> {
  /** Asks `read` whenever somebody asks for the metrics; undefined: there is nothing to show. */
  from(labels: LabelValues<L>, read: () => number | undefined): void;
}

export interface HistogramHandle<L extends Labels> {
  observe(labels: LabelValues<L>, value: number): void;
}

const UNITS = ['seconds', 'bytes', 'records', 'leaves', 'exchanges', 'ratio', 'number', 'timestamp_seconds', 'state'];
/** Stands for a label value that was not declared, so that a mistake is visible and bounded. */
const UNDECLARED = 'undeclared';

/** An app's metrics, in a registry of its own so that several apps can live in one process. */
export class AppMetrics {
  private readonly registry = new Registry();

  constructor(app: string) {
    this.registry.setDefaultLabels({ app });
  }

  counter<const L extends Labels = NoLabels>(declaration: MetricDeclaration<L>): CounterHandle<L> {
    this.check(declaration, ['total']);
    const counter = new Counter({ ...this.common(declaration) });
    return { add: (labels, count = 1) => counter.inc(closed(declaration.labels, labels), count) };
  }

  gauge<const L extends Labels = NoLabels>(declaration: MetricDeclaration<L>): GaugeHandle<L> {
    this.check(declaration, UNITS);
    const gauge = new Gauge({ ...this.common(declaration) });
    return { set: (labels, value) => gauge.set(closed(declaration.labels, labels), value) };
  }

  /** A gauge that costs nothing until somebody asks. */
  observedGauge<const L extends Labels = NoLabels>(declaration: MetricDeclaration<L>): ObservedGaugeHandle<L> {
    this.check(declaration, UNITS);
    const sources: { readonly labels: Record<string, string>; readonly read: () => number | undefined }[] = [];
    const gauge: Gauge = new Gauge({
      ...this.common(declaration),
      collect: () => {
        gauge.reset();
        for (const { labels, read } of sources) {
          const value = read();
          if (value === undefined) gauge.remove(labels);
          else gauge.set(labels, value);
        }
      },
    });
    return { from: (labels, read) => void sources.push({ labels: closed(declaration.labels, labels), read }) };
  }

  histogram<const L extends Labels = NoLabels>(declaration: HistogramDeclaration<L>): HistogramHandle<L> {
    this.check(declaration, UNITS);
    const histogram = new Histogram({ ...this.common(declaration), buckets: [...declaration.buckets] });
    return { observe: (labels, value) => histogram.observe(closed(declaration.labels, labels), value) };
  }

  /** CPU, memory and event loop lag of the process; `createHttpApp` asks for it, once per registry. */
  addProcessMetrics(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  private common<L extends Labels>({ name, help, labels }: MetricDeclaration<L>) {
    return { name, help, labelNames: Object.keys(labels ?? {}), registers: [this.registry] };
  }

  private check<L extends Labels>({ name, help }: MetricDeclaration<L>, units: readonly string[]): void {
    const isNamed = /^kerege_[a-z][a-z0-9_]*$/.test(name) && units.some((unit) => name.endsWith(`_${unit}`));
    if (!isNamed || help.trim() === '') throw metricsErrors.error('metric-declaration', { details: { metric: name } });
  }
}

function closed<L extends Labels>(declared: L | undefined, given: LabelValues<L>): Record<string, string> {
  const labels: Record<string, string> = {};
  if (declared === undefined) return labels;
  for (const name in declared) {
    const value: string = given[name];
    labels[name] = declared[name]?.includes(value) === true ? value : UNDECLARED;
  }
  return labels;
}
