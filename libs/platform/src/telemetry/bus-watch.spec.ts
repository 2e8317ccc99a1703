import { setTimeout as delay } from 'node:timers/promises';
import { AppMetrics } from './app-metrics.js';
import { BusWatch, type ObservedBus } from './bus-watch.worker.js';

const NOW = Date.now();

function bus(ends: Readonly<Record<string, bigint>>): ObservedBus {
  const reading = (topic: string, positions: readonly (bigint | undefined)[], unsettled: number) => ({
    topics: [topic],
    isAssigned: true,
    lastFetchAtMs: NOW - 2_000,
    replaced: 1,
    replacedAtMs: NOW,
    partitions: positions.map((position, partition) => ({ topic, partition, position, unsettled })),
  });
  return {
    state: () => ({
      queuedCalls: 2,
      queuedBytes: 300,
      subscriptions: [reading('request.DEMO-GOV.x', [5n, 6n, undefined], 3), reading('request.DEMO-GOV.y', [1n], 1)],
    }),
    endOffset: (topic) => Promise.resolve(ends[topic] ?? 0n),
    isReachable: () => Promise.resolve(true),
  };
}

async function shown(metrics: AppMetrics, name: string): Promise<string[]> {
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith(name));
  return lines.map((line) => line.slice(name.length));
}

it('shows queues, lag and silence by kind of topic, never by name', async () => {
  const metrics = new AppMetrics('one');
  const watch = new BusWatch(bus({ 'request.DEMO-GOV.x': 10n, 'request.DEMO-GOV.y': 1n }), metrics).start();
  await delay(0);
  expect(await shown(metrics, 'kerege_bus_queued_calls_number')).toEqual(['{app="one"} 2']);
  expect(await shown(metrics, 'kerege_bus_unsettled_records')).toEqual(['{topic="request",app="one"} 10']);
  // A partition without a position yet says nothing: (10 − 5) + (10 − 6) + (1 − 1).
  expect(await shown(metrics, 'kerege_bus_consumer_lag_records')).toEqual(['{topic="request",app="one"} 9']);
  expect(await shown(metrics, 'kerege_bus_replaced_consumers_number')).toEqual(['{topic="request",app="one"} 2']);
  expect(Number((await shown(metrics, 'kerege_bus_fetch_age_seconds'))[0]?.split(' ')[1])).toBeGreaterThanOrEqual(2);
  expect(await metrics.text()).not.toContain('DEMO');
  watch.stop();
});
