import { outcomeOf, type CountedSequel } from './outcome.js';

const sequel = (slot: CountedSequel['slot'], type: CountedSequel['type'], more: Partial<CountedSequel> = {}) => ({
  ...{ log: 'log', index: 1, hash: 'aa', slot, type, status: null, why: null, disputed: null },
  ...more,
});
const answered = sequel('p1', 'exchange.answered', { status: 200, index: 5 });
const failed = sequel('c1', 'exchange.failed', { why: 'gateway-timeout', index: 6 });

describe('outcome and disclosure (statements.md §3)', () => {
  it('are what the provider said, where the gateway says nothing', () => {
    expect(outcomeOf([answered])).toMatchObject({ outcome: 'answered', status: 200, isDisclosed: true });
    const notFound = sequel('p1', 'exchange.answered', { status: 404 });
    expect(outcomeOf([notFound])).toMatchObject({ outcome: 'answered', status: 404, isDisclosed: false });
    const refused = sequel('p1', 'exchange.refused', { why: 'no-agreement' });
    expect(outcomeOf([refused])).toMatchObject({ outcome: 'refused', why: 'no-agreement', isDisclosed: false });
  });

  it('stay a disclosure when the consumer disowns the answer, in whatever order they stand', () => {
    for (const sequels of [
      [answered, failed],
      [failed, answered],
    ])
      expect(outcomeOf(sequels)).toMatchObject({
        ...{ outcome: 'failed', why: 'gateway-timeout', isDisclosed: true },
        sequels: [{ index: 6 }, { index: 5 }],
      });
  });

  it('are the bus’s only where nobody else has spoken', () => {
    const swept = sequel('b1', 'exchange.failed', { why: 'no-outcome' });
    expect(outcomeOf([swept])).toMatchObject({ outcome: 'failed', why: 'no-outcome' });
    expect(outcomeOf([swept, answered])).toMatchObject({ outcome: 'answered', isDisclosed: true });
  });

  it('are pending without a sequel, and tell of disputed elements', () => {
    expect(outcomeOf([])).toEqual({
      ...{ outcome: 'pending', status: undefined, why: undefined, isDisclosed: false, isDisputed: false },
      sequels: [],
    });
    expect(outcomeOf([{ ...answered, disputed: 2 }]).isDisputed).toBe(true);
    expect(outcomeOf([{ ...answered, disputed: 0 }]).isDisputed).toBe(false);
  });
});
