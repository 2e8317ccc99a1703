import { describe, expect, it } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { eventually, fakeClock } from '#testing';
import type { WithheldStanding, WithheldStatement, WithheldStore } from './withheld.store.js';
import { WithheldWorker } from './withheld.worker.js';

const CONSUMERS = ['T/GOV/1/a', 'T/GOV/1/b'] as const;

interface Row extends WithheldStatement {
  readonly standing: WithheldStanding;
  readonly askMs: number;
}

/** Requests whose consumer has sent nothing, as the table keeps them. */
class Table implements Pick<WithheldStore, 'due' | 'asked' | 'told'> {
  readonly rows = new Map<string, Row>();
  /** What the next writes say of themselves, whatever they have done. */
  readonly failures: ('before' | 'after')[] = [];

  constructor(count: number) {
    for (let at = 0; at < count; at += 1) {
      const statement = Buffer.from([at >> 8, at & 255]);
      const consumer = CONSUMERS[at % 2] ?? CONSUMERS[0];
      const own = { statement, consumer, exchangeId: newExchangeId(), standing: 'unasked', askMs: 0 } as const;
      this.rows.set(statement.toString('hex'), own);
    }
  }

  due(standing: WithheldStanding, nowMs: number, limit: number) {
    const due = [...this.rows.values()].filter((row) => row.standing === standing && row.askMs <= nowMs);
    return Promise.resolve(due.slice(0, limit));
  }

  asked(statements: readonly WithheldStatement[], untilMs: number) {
    return this.write(statements, (row) =>
      this.rows.set(row.statement.toString('hex'), { ...row, standing: 'asked', askMs: untilMs }),
    );
  }

  told(statements: readonly WithheldStatement[]) {
    return this.write(statements, ({ statement }) => this.rows.delete(statement.toString('hex')));
  }

  private write(statements: readonly WithheldStatement[], change: (row: Row) => unknown): Promise<void> {
    const failure = this.failures.shift();
    if (failure === 'before') return Promise.reject(new TypeError('away'));
    for (const { statement } of statements) change(this.rows.get(statement.toString('hex')) as Row);
    return failure === 'after' ? Promise.reject(new TypeError('said so')) : Promise.resolve();
  }
}

function start(table: Table, publishFails = 0) {
  const clock = fakeClock(1_000);
  const [asked, failures, alarms] = [[] as unknown[], [] as unknown[], [] as string[]];
  const named = new Map<string, number>();
  /** How far reading is behind. */
  const lag = { ms: 0 };
  let left = publishFails;
  const worker = new WithheldWorker({
    bus: {
      publish: (records) => {
        left -= 1;
        if (left >= 0) return Promise.reject(new TypeError('no broker'));
        return Promise.resolve(void asked.push(...records));
      },
    },
    ...{ store: table, clock, intervalMs: 5, afterMs: 60_000 },
    takenUntilMs: () => Promise.resolve(clock.now() - lag.ms),
    alarm: (consumer, statements) => {
      alarms.push(consumer);
      named.set(consumer, (named.get(consumer) ?? 0) + statements);
    },
    failed: (cause) => void failures.push(cause),
  });
  worker.start();
  return { worker, clock, asked, failures, named, alarms, lag };
}

const standings = (table: Table) => new Set([...table.rows.values()].map(({ standing }) => standing));

describe('requests that only the provider has opened', () => {
  it('are asked for first, however many, and each consumer is named for those that do not come in the term', async () => {
    const table = new Table(1_201);
    const { worker, clock, asked, named, alarms } = start(table);
    await eventually(() => asked.length === 1_201 && standings(table).has('asked') && standings(table).size === 1);
    clock.advance(59_999);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(named.size).toBe(0);
    // These have come.
    for (const name of [...table.rows.keys()].slice(0, 200)) table.rows.delete(name);
    clock.advance(1);
    await eventually(() => table.rows.size === 0);
    await worker.stop();
    expect([...named.values()].reduce((sum, count) => sum + count, 0)).toBe(1_001);
    // Over all pages.
    expect(alarms.sort()).toEqual(CONSUMERS);
    expect(asked).toHaveLength(1_201);
  });

  it('are neither asked for nor named while openings of that time are not read here', async () => {
    const table = new Table(2);
    const { worker, clock, asked, alarms, lag } = start(table);
    const aMoment = () => new Promise((resolve) => setTimeout(resolve, 30));
    await eventually(() => asked.length === 2 && !standings(table).has('unasked'));
    lag.ms = 10_000;
    clock.advance(69_999);
    await aMoment();
    lag.ms = Infinity;
    clock.advance(60_000);
    await aMoment();
    expect(alarms).toEqual([]);
    lag.ms = 0;
    await eventually(() => alarms.length === 2);
    await worker.stop();
  });

  it('are asked for again where the broker took nothing, or the database does not say that it noted it', async () => {
    const table = new Table(2);
    table.failures.push('before', 'after');
    const { worker, asked, failures, named } = start(table, 1);
    await eventually(() => standings(table).size === 1 && standings(table).has('asked'));
    await worker.stop();
    // The broker's, then the database's: what it did and denied was done.
    await eventually(() => failures.length >= 3);
    expect([asked.length, named.size]).toEqual([4, 0]);
  });

  it.each<['before' | 'after', number]>([
    ['before', 2],
    ['after', 1],
  ])('have their consumer named at least once where that is not noted: %s', async (moment, times) => {
    const table = new Table(1);
    const { worker, clock, named } = start(table);
    await eventually(() => standings(table).has('asked'));
    table.failures.push(moment);
    clock.advance(60_000);
    await eventually(() => table.rows.size === 0);
    await worker.stop();
    expect(named.get(CONSUMERS[0])).toBe(times);
  });
});
