import { describe, expect, it } from '@jest/globals';
import type { OutgoingRecord } from '#bus';
import { newExchangeId } from '#kernel';
import { eventually, fakeClock } from '#testing';
import type { UnopenedStatement, UnopenedStore } from './unopened.store.js';
import { UnopenedWorker } from './unopened.worker.js';

describe('unopened commitments', () => {
  it('are all asked for in one pass, however many an outage has left, and each consumer is named once', async () => {
    const backlog: UnopenedStatement[] = Array.from({ length: 1_750 }, (_, at) => ({
      ...{ statement: Buffer.from([at >> 8, at & 255]), exchangeId: newExchangeId(), seenMs: 0 },
      consumer: at % 3 === 0 ? 'T/GOV/1/a' : 'T/GOV/1/b',
    }));
    const waiting = [...backlog];
    let asked = 0;
    let most = 0;
    const store: Pick<UnopenedStore, 'due' | 'asked' | 'overdue'> = {
      overdue: () => Promise.resolve(waiting.length),
      due: (_nowMs, limit) => {
        const statements = waiting.slice(0, limit);
        return Promise.resolve({ statements, isFull: statements.length >= limit });
      },
      asked: (statements) => Promise.resolve(void waiting.splice(0, statements.length)),
    };
    const alarms = new Map<string, number>();
    const worker = new UnopenedWorker({
      bus: {
        publish: (records: readonly OutgoingRecord[]) => {
          asked += records.length;
          most = Math.max(most, records.length);
          return Promise.resolve();
        },
      },
      store,
      clock: fakeClock(600_000),
      intervalMs: 3_600_000,
      afterMs: 600_000,
      alarm: (consumer, statements) => alarms.set(consumer, (alarms.get(consumer) ?? 0) + statements),
      failed: () => undefined,
    });
    worker.start();
    await eventually(() => alarms.size === 2);
    await worker.stop();
    expect([asked, most]).toEqual([1_750, 500]);
    expect([...alarms]).toEqual([
      ['T/GOV/1/a', 584],
      ['T/GOV/1/b', 1_166],
    ]);
  });
});
