import { AppMetrics } from './app-metrics.js';
import { formatTraceparent, parseTraceparent } from './trace-context.js';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('trace context', () => {
  it('parses and formats', () => {
    const context = parseTraceparent(TRACE);
    expect(context).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      sampled: true,
    });
    expect(context && formatTraceparent(context)).toBe(TRACE);
    expect(parseTraceparent(`01${TRACE.slice(2)}-more`)).toBeDefined();
  });

  it.each([
    undefined,
    '',
    `ff${TRACE.slice(2)}`,
    `${TRACE}-more`,
    TRACE.toUpperCase(),
    TRACE.replace(/b7ad6b7169203331/, '0000000000000000'),
  ])('ignores %j', (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });
});

describe('AppMetrics', () => {
  it('counts under closed label values only', async () => {
    const metrics = new AppMetrics('example');
    const counter = metrics.counter({ name: 'kerege_x_total', help: 'X.', labels: { side: ['consumer', 'bus'] } });
    counter.add({ side: 'bus' }, 2);
    counter.add(JSON.parse('{"side":"DEMO/PIN/TEST000007"}'));
    const text = await metrics.text();
    expect(text).toContain('kerege_x_total{side="bus",app="example"} 2');
    expect(text).toContain('side="undeclared"');
    expect(text).not.toContain('TEST000007');
  });

  it.each([
    ['no unit', 'kerege_waiting', 'Help.'],
    ['no prefix', 'waiting_seconds', 'Help.'],
    ['no help', 'kerege_waiting_seconds', ' '],
  ])('refuses a declaration with %s', (_what, name, help) => {
    expect(() => new AppMetrics('example').gauge({ name, help })).toThrow(
      expect.objectContaining({ code: 'metric-declaration' }),
    );
  });
});
