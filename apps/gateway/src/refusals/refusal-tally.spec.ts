import type { SubsystemId } from '#kernel';
import { RefusalTally } from './refusal-tally.js';

const [A, B] = ['T/GOV/1/a', 'T/GOV/2/b'] as SubsystemId[];

describe('the tally of refusals', () => {
  it('counts by reason, consumer and minute, and gives ended minutes once', () => {
    const tally = new RefusalTally();
    tally.add('gateway-busy', A, 0);
    tally.add('gateway-busy', A, 59_999);
    tally.add('gateway-busy', B, 1);
    tally.add('consumer-unauthenticated', undefined, 1);
    tally.add('gateway-busy', A, 60_000);
    expect(tally.take(59_999)).toEqual([]);
    expect(tally.take(60_000)).toEqual([
      { why: 'gateway-busy', from: A, n: 2, untilMs: 60_000 },
      { why: 'gateway-busy', from: B, n: 1, untilMs: 60_000 },
      { why: 'consumer-unauthenticated', from: undefined, n: 1, untilMs: 60_000 },
    ]);
    expect(tally.take(60_000)).toEqual([]);
    expect(tally.take(Infinity)).toEqual([{ why: 'gateway-busy', from: A, n: 1, untilMs: 120_000 }]);
  });

  it('loses no call when there are too many consumers, only who they were', () => {
    const tally = new RefusalTally(2);
    for (const who of [A, B, 'T/GOV/3/c', 'T/GOV/4/d', A]) tally.add('gateway-busy', who as SubsystemId, 0);
    const taken = tally.take(Infinity);
    expect(taken.map(({ from, n }) => [from, n])).toEqual([
      [A, 2],
      [B, 1],
      [undefined, 2],
    ]);
  });
});
