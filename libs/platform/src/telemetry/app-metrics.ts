import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { metricsErrors } from './metrics.errors.js';

/** Label name → every value that it may take: a closed list, so that no caller can grow the number of series. */
export type Labels = Readonly<Record<string, readonly string[]>>;
/** A metric without labels is called with `{}`. */
type NoLabels = Readonly<Record<string, never>>;
type LabelValues<L extends Labels> = { readonly [Name in keyof L]: L[Name][number] };

export interface MetricDeclaration<L extends Labels> {
  /** `kerege_…` with its unit last: `_total` for counters, else one of `UNITS`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: L;
}

export interface HistogramDeclaration<L extends Labels> extends MetricDeclaration<L> {
  readonly buckets: readonly number[];
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

  counter<const L extends Labels = NoLabels>(declaration: MetricDeclaration<L>) {
    this.check(declaration, ['total']);
    const counter = new Counter({ ...this.common(declaration) });
    return { add: (labels: LabelValues<L>, count = 1) => counter.inc(closed(declaration.labels, labels), count) };
  }

  gauge<const L extends Labels = NoLabels>(declaration: MetricDeclaration<L>) {
    this.check(declaration, UNITS);
    const gauge = new Gauge({ ...this.common(declaration) });
    return { set: (labels: LabelValues<L>, value: number) => gauge.set(closed(declaration.labels, labels), value) };
  }

  /** A gauge without labels that is read when somebody asks. */
  observedGauge(declaration: MetricDeclaration<NoLabels>, read: () => number): void {
    this.check(declaration, UNITS);
    const gauge: Gauge = new Gauge({ ...this.common(declaration), collect: () => gauge.set(read()) });
  }

  histogram<const L extends Labels = NoLabels>(declaration: HistogramDeclaration<L>) {
    this.check(declaration, UNITS);
    const histogram = new Histogram({ ...this.common(declaration), buckets: [...declaration.buckets] });
    return {
      observe: (labels: LabelValues<L>, value: number) => histogram.observe(closed(declaration.labels, labels), value),
    };
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
  for (const [name, values] of Object.entries(declared ?? {})) {
    const value = given[name];
    labels[name] = value !== undefined && values.includes(value) ? value : UNDECLARED;
  }
  return labels;
}
