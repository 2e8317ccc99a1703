import fc from 'fast-check';
import type { CaseEventType } from './event.js';
import { TimedWalk } from './spec-support/timed-walk.js';
import { DAY_MS, EVENT_TYPES, sample, walkTo } from './spec-support/walk.js';
import { CASE_STATES, type CaseState } from './state.js';
import { cellOf } from './transition.js';

const YEAR_MS = 366 * DAY_MS;

function timedTo(state: CaseState): TimedWalk {
  const walk = new TimedWalk();
  walkTo(state, walk);
  return walk;
}

const all = (clock: string) => ['near', 'missed', 'escalated'].map((step) => `${clock} ${step}`);
/** What a case that rests in a state tells, in the order of time within a clock. */
const TELLS: Readonly<Partial<Record<CaseState, readonly string[]>>> = {
  SUBMITTED: [...all('acknowledge'), ...all('decide'), ...all('forward')],
  RECEIVED: [...all('decide'), ...all('take-up')],
  IN_REVIEW: all('decide'),
  NEEDS_INFO: ['reply near'],
  ACCEPTED: all('correct'),
  REJECTED: ['appeal near'],
  CORRECTED: all('propagate'),
  PROPAGATING: ['recipient near'],
  CLOSED: ['appeal near'],
  WITHDRAWN: [],
};

/** The terms' own clocks and what they have to tell, taken by the machine: `applyClocks`, `dueEvents`, `advance`. */
describe('the clocks of a case that rests', () => {
  it.each(CASE_STATES)('in %s: each step is told once, then there is nothing to wait for', (state) => {
    const walk = timedTo(state);
    const told = walk.watch(YEAR_MS);
    const expected = TELLS[state];
    if (expected !== undefined) expect([...told].sort()).toEqual([...expected].sort());
    expect(new Set(told).size).toBe(told.length);
    expect(walk.nextAt).toBeUndefined();
  });

  it.each(CASE_STATES)(
    'in %s, unwatched for a year: what is told then is taken, and no look is for nothing',
    (state) => {
      const walk = timedTo(state).later(YEAR_MS);
      expect(walk.look().filter((told) => told.endsWith('near'))).toEqual([]);
      walk.watch(YEAR_MS);
      expect(walk.nextAt).toBeUndefined();
    },
  );

  it('tell nothing of a term that was kept too late, unseen: the log has its end and what was done after it', () => {
    const walk = timedTo('IN_REVIEW').later(60 * DAY_MS);
    walk.go('decide');
    expect(walk.look()).toEqual([]);
    expect(walk.watch(YEAR_MS).sort()).toEqual([...all('correct')].sort());
  });

  it('count the term to decide from the end of the term to forward, on whichever day that is seen', () => {
    // From Thursday 26 November: forward ends with Thursday 3 December, and five working days on with the 10th.
    const seen = new TimedWalk().later(-DAY_MS);
    walkTo('ROUTED', seen);
    seen.watch(8 * DAY_MS);
    const unseen = new TimedWalk().later(-DAY_MS);
    walkTo('ROUTED', unseen)
      .later(30 * DAY_MS)
      .go('receive');
    for (const { record } of [seen, unseen])
      expect(record.due.decide?.dueAt).toBe(Date.parse('2026-12-10T23:59:59.999Z'));
  });
});

/** Which event, how many hours later, and whether somebody looked at the clocks in between. */
const oneThrow = fc.record({
  pick: fc.nat(1000),
  hours: fc.constantFrom(0, 1, 20, 30, 100, 300, 2000),
  isWatched: fc.boolean(),
});

describe('the clocks of any history', () => {
  it('tell only what the machine takes, and leave nothing to wait for behind', () => {
    fc.assert(
      fc.property(fc.array(oneThrow, { minLength: 10, maxLength: 40, size: 'max' }), (dice) => {
        const walk = new TimedWalk();
        for (const { pick, hours, isWatched } of dice) {
          const ms = (hours * DAY_MS) / 24;
          if (isWatched) walk.watch(ms);
          else walk.later(ms).look();
          const fitting = EVENT_TYPES.filter((type) => type !== 'tick' && 'to' in cellOf(walk.record.state, type));
          const type: CaseEventType | undefined = fitting[pick % fitting.length];
          if (type !== undefined) walk.offer(sample(type, walk.record));
        }
        walk.watch(2 * YEAR_MS);
        expect(walk.nextAt).toBeUndefined();
      }),
      { seed: 20261127, numRuns: 200 },
    );
  });
});
