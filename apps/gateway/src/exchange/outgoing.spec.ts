import { providerDeadlineMs } from './outgoing.js';

describe("the provider's deadline", () => {
  it.each([
    { waitMs: 2_000, given: 1_800 },
    { waitMs: 7_000, given: 6_500 },
    { waitMs: 600_000, given: 599_500 },
    { waitMs: 5, given: 5 },
    { waitMs: 0, given: 0 },
    { waitMs: -10, given: -10 },
  ])('of a wait of $waitMs ms leaves $given ms', ({ waitMs, given }) => {
    expect(providerDeadlineMs(1_000_000, 1_000_000 + waitMs)).toBe(1_000_000 + given);
  });
});
