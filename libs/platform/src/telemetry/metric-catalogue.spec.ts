import { AppMetrics } from './app-metrics.js';
import { defineMetrics, metric } from './metric-catalogue.js';
import { watchPool } from './pool-metrics.js';
import { StageWatch } from './stage-watch.js';

const catalogue = defineMetrics('example', {
  seen: metric.counter({ name: 'kerege_example_seen_total', help: 'Seen.', labels: { side: ['left', 'right'] } }),
  waiting: metric.observedGauge({
    name: 'kerege_example_waiting_number',
    help: 'Waiting.',
    labels: { at: ['a', 'b'] },
  }),
  took: metric.histogram({ name: 'kerege_example_took_seconds', help: 'Took.', buckets: [0.1, 1] }),
});

describe('MetricCatalogue', () => {
  it('makes what it declares, in the registry of each app', async () => {
    const [one, other] = [new AppMetrics('one'), new AppMetrics('other')];
    catalogue.on(one).seen.add({ side: 'left' }, 3);
    catalogue.on(other).took.observe({}, 0.5);
    expect(await one.text()).toContain('kerege_example_seen_total{side="left",app="one"} 3');
    expect(await one.text()).toContain('kerege_example_took_seconds_count{app="one"} 0');
    expect(await other.text()).toContain('kerege_example_took_seconds_bucket{le="1",app="other"} 1');
  });

  it('describes every metric with its unit', () => {
    expect(catalogue.describe().map(({ name, type, unit }) => [name, type, unit])).toEqual([
      ['kerege_example_seen_total', 'counter', 'count'],
      ['kerege_example_waiting_number', 'gauge', 'number'],
      ['kerege_example_took_seconds', 'histogram', 'seconds'],
    ]);
    expect(catalogue.describe()[2]?.buckets).toEqual([0.1, 1]);
  });

  it('shows of an observed gauge what there is to show at that moment', async () => {
    const metrics = new AppMetrics('one');
    let value: number | undefined = 7;
    catalogue.on(metrics).waiting.from({ at: 'a' }, () => value);
    expect(await metrics.text()).toContain('kerege_example_waiting_number{at="a",app="one"} 7');
    value = undefined;
    expect(await metrics.text()).not.toContain('kerege_example_waiting_number{at="a"');
  });

  it('shows how a pool is used', async () => {
    const metrics = new AppMetrics('one');
    watchPool(metrics, { poolUse: () => ({ total: 4, idle: 1, waiting: 2 }) });
    expect(await metrics.text()).toContain('kerege_postgres_connections_number{use="waiting",app="one"} 2');
  });
});

describe('StageWatch', () => {
  it('counts each stage once, and none that a later one has overtaken', () => {
    const seen: string[] = [];
    const watch = new StageWatch(['sent', 'answered', 'told'], (stage, seconds) => {
      expect(seconds).toBeGreaterThanOrEqual(0);
      seen.push(stage);
    });
    watch.passed('answered');
    watch.passed('sent');
    watch.passed('answered');
    watch.passed('told');
    expect(seen).toEqual(['answered', 'told']);
  });
});
