import { startTraceCollector, type TraceCollector } from '#testing';
import { silentLogger } from '../logging/logger.js';
import { StageWatch } from './stage-watch.js';
import { startTracing } from './start-tracing.js';

const logger = silentLogger();
const PARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const UNSAMPLED = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
const work = { name: 'work', kind: 'server', attributes: { 'kerege.exchange': 'id' } } as const;

let collector: TraceCollector;
beforeEach(async () => void (collector = await startTraceCollector()));
afterEach(() => collector.close());

const tracing = (otlpUrl = collector.url, tracePercent = 100) =>
  startTracing('spec', { otlpUrl, tracePercent }, logger);

describe('tracing', () => {
  it('sends a piece of work with its stages, as a child of whoever asked for it', async () => {
    const traces = await tracing();
    const watch = new StageWatch(['first', 'second'], () => undefined, traces.begin({ ...work, parent: PARENT }));
    watch.passed('first');
    watch.passed('second');
    watch.passed('first');
    watch.ended('no-receipt', true);
    watch.ended('answered', false);
    await traces.close();

    const spans = collector.spans();
    const [whole] = spans.filter(({ name }) => name === 'work');
    expect(whole).toMatchObject({
      service: 'kerege-spec',
      traceId: 'a'.repeat(32),
      parentSpanId: 'b'.repeat(16),
      attributes: { 'kerege.exchange': 'id', 'kerege.outcome': 'no-receipt' },
      hasFailed: true,
    });
    expect(watch.traceparent).toBe(`00-${whole?.traceId}-${whole?.spanId}-01`);
    const stages = spans.filter(({ parentSpanId }) => parentSpanId === whole?.spanId).map(({ name }) => name);
    expect(stages).toEqual(['first', 'second']);
  });

  it.each([
    ['whose caller wants no trace', { parent: UNSAMPLED, percent: 100 }],
    ['that nobody chose', { parent: undefined, percent: 0 }],
  ])('makes nothing of work %s', async (_what, { parent, percent }) => {
    const traces = await tracing(collector.url, percent);
    expect(traces.begin({ ...work, parent })).toBeUndefined();
    await traces.close();
    expect(collector.spans()).toEqual([]);
  });

  it.each(['', 'x', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`])(
    'begins a trace of its own after %j',
    async (parent) => {
      const traces = await tracing();
      traces.begin({ ...work, parent })?.end('answered', false);
      await traces.close();
      expect(collector.spans()).toMatchObject([{ parentSpanId: '' }]);
    },
  );

  it('ends although nobody takes its traces', async () => {
    const traces = await tracing(collector.url);
    await collector.close();
    traces.begin(work)?.end('answered', false);
    await expect(traces.close()).resolves.toBeUndefined();
  });

  it('is nothing where no collector is named, and refuses what is no URL', async () => {
    const none = await tracing('');
    expect(none.begin(work)).toBeUndefined();
    await expect(tracing('collector:4318')).rejects.toMatchObject({ code: 'config-invalid' });
  });
});
