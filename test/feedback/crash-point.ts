import { defineErrors } from '#kernel';
import type { Database, Queries } from '#postgres';

const errors = defineErrors('crash spec', { ended: { kind: 'unavailable', message: 'ended', next: 'start again' } });

/** Ends the process at its `step`-th statement or commit: before it takes effect, or when it has. */
export class CrashPoint {
  steps = 0;

  constructor(
    private readonly step = Infinity,
    private readonly moment: 'before' | 'after' = 'before',
  ) {}

  async at<Outcome>(work: () => Promise<Outcome>): Promise<Outcome> {
    this.steps += 1;
    const isNow = this.steps === this.step;
    if (isNow && this.moment === 'before') throw errors.error('ended');
    const outcome = await work();
    if (isNow) throw errors.error('ended');
    return outcome;
  }

  over(inner: Database): Database {
    const asked = (queries: Queries): Queries => ({
      entities: queries.entities,
      query: (sql, parameters) => this.at(() => queries.query(sql, parameters)),
      copy: (select, ...numbers) => this.at(() => queries.copy(select, ...numbers)),
    });
    return {
      ...asked(inner),
      transaction: (work) => this.at(() => inner.transaction((queries) => work(asked(queries)))),
      erase: (sql, parameters) => this.at(() => inner.erase(sql, parameters)),
      isReachable: () => inner.isReachable(),
      poolUse: () => inner.poolUse(),
      close: () => Promise.resolve(),
    };
  }
}
