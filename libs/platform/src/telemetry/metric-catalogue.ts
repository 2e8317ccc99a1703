import type {
  AppMetrics,
  CounterHandle,
  GaugeHandle,
  HistogramDeclaration,
  HistogramHandle,
  Labels,
  MetricDeclaration,
  ObservedGaugeHandle,
} from './app-metrics.js';

type NoLabels = Readonly<Record<string, never>>;

/** A metric that is described and not yet made: every app makes its own. */
interface Declared<Handle> {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly declaration: MetricDeclaration<Labels> & { readonly buckets?: readonly number[] };
  readonly make: (metrics: AppMetrics) => Handle;
}

// `any` only to infer what a declaration makes.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Entries = Readonly<Record<string, Declared<any>>>;
type Handles<E extends Entries> = { readonly [Key in keyof E]: E[Key] extends Declared<infer Handle> ? Handle : never };

/** What each kind of metric is described with; see `AppMetrics` for what may be done with it then. */
export const metric = {
  counter: <const L extends Labels = NoLabels>(declaration: MetricDeclaration<L>): Declared<CounterHandle<L>> => ({
    type: 'counter',
    declaration,
    make: (metrics) => metrics.counter(declaration),
  }),
  gauge: <const L extends Labels = NoLabels>(declaration: MetricDeclaration<L>): Declared<GaugeHandle<L>> => ({
    type: 'gauge',
    declaration,
    make: (metrics) => metrics.gauge(declaration),
  }),
  observedGauge: <const L extends Labels = NoLabels>(
    declaration: MetricDeclaration<L>,
  ): Declared<ObservedGaugeHandle<L>> => ({
    type: 'gauge',
    declaration,
    make: (metrics) => metrics.observedGauge(declaration),
  }),
  histogram: <const L extends Labels = NoLabels>(
    declaration: HistogramDeclaration<L>,
  ): Declared<HistogramHandle<L>> => ({
    type: 'histogram',
    declaration,
    make: (metrics) => metrics.histogram(declaration),
  }),
};

/** One row of `docs/metrics.md`. */
export interface MetricDescription {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** The last word of the name. */
  readonly unit: string;
  readonly labels: Labels;
  readonly buckets: readonly number[];
  readonly help: string;
}

/** The metrics of one area, in one place, so that the documents are made from what runs. */
export class MetricCatalogue<const E extends Entries = Entries> {
  /** By registry: parts of one kind share their metrics. */
  private readonly made = new WeakMap<AppMetrics, Handles<E>>();

  constructor(
    readonly area: string,
    private readonly entries: E,
  ) {}

  /** Every metric of the catalogue in the registry of an app, made when it is first asked for. */
  on(metrics: AppMetrics): Handles<E> {
    const made = this.made.get(metrics) ?? this.make(metrics);
    this.made.set(metrics, made);
    return made;
  }

  private make(metrics: AppMetrics): Handles<E> {
    const handles = Object.entries(this.entries).map(([key, declared]) => [key, declared.make(metrics)] as const);
    // Each handle came from the declaration of its own key.
    return Object.fromEntries(handles) as Handles<E>;
  }

  describe(): MetricDescription[] {
    return Object.values(this.entries).map(({ type, declaration: { name, help, labels, buckets } }) => ({
      name,
      type,
      unit:
        type === 'counter'
          ? 'count'
          : name.endsWith('_timestamp_seconds')
            ? 'Unix time'
            : (name.split('_').at(-1) ?? ''),
      labels: labels ?? {},
      buckets: buckets ?? [],
      help,
    }));
  }
}

/** Declares the metrics of an area; `docs/metrics.md` lists every catalogue that a file `…metrics….ts` exports. */
export function defineMetrics<const E extends Entries>(area: string, entries: E): MetricCatalogue<E> {
  return new MetricCatalogue(area, entries);
}
