import fc from 'fast-check';
import type { CaseEvent, CaseEventOf, CaseEventType } from './event.js';
import { DAY_MS, EVENT_TYPES, sample, Walk } from './spec-support/walk.js';
import { CASE_STATES } from './state.js';
import { cellOf } from './transition.js';

/** A throw of the dice: which event, how much later, and which of its variants. */
interface Throw {
  readonly event: CaseEventType;
  readonly isFitting: boolean;
  readonly pick: number;
  readonly days: number;
}

const oneThrow: fc.Arbitrary<Throw> = fc.record({
  event: fc.constantFrom(...EVENT_TYPES),
  isFitting: fc.boolean(),
  pick: fc.nat(1000),
  days: fc.constantFrom(0, 0, 0, 1, 4, 11),
});

/** Half of the events are drawn from those that the state takes, few of them withdrawals, so that histories get far. */
function eventOf({ record }: Walk, { event, isFitting, pick }: Throw): CaseEvent {
  const fitting = EVENT_TYPES.filter((type) => 'to' in cellOf(record.state, type));
  const steps = fitting.filter((type) => type !== 'withdraw' && type !== 'split' && type !== 'link');
  const type = isFitting ? steps[pick % steps.length] : event === 'withdraw' && pick % 8 !== 0 ? 'tick' : event;
  const drawn: CaseEvent = sample(type ?? event, record);
  return { ...drawn, ...variantOf(drawn, pick) } as CaseEvent;
}

const OUTCOMES = [
  { outcome: 'ACCEPTED', accepted: [0, 1] },
  { outcome: 'PARTIALLY_ACCEPTED', accepted: [1], remedies: ['court'] },
  { outcome: 'REJECTED', accepted: [], remedies: ['court'] },
] as const satisfies Partial<CaseEventOf<'decide'>>[];

function variantOf(event: CaseEvent, pick: number): Partial<CaseEvent> {
  if (event.type === 'decide') return OUTCOMES[pick % 3] ?? {};
  if (event.type === 'verify') return { isMatch: pick % 3 !== 0 };
  return event.type === 'tick' ? { step: (['near', 'missed', 'escalated'] as const)[pick % 3] ?? 'near' } : {};
}

function historyOf(dice: readonly Throw[]): Walk {
  const walk = new Walk();
  for (const one of dice) walk.later(one.days * DAY_MS).offer(eventOf(walk, one));
  return walk;
}

/** The seed stands here so that each run judges the same histories; change it to look elsewhere. */
const histories = fc
  .sample(fc.array(oneThrow, { minLength: 40, maxLength: 80, size: 'max' }), { seed: 20261127, numRuns: 600 })
  .map((dice) => historyOf(dice));
const steps = histories.flatMap(({ taken }) => taken);

/** Of what was drawn, something must have come of each: else what is held below holds of nothing. */
describe('the histories', () => {
  it('reach every state and take every event', () => {
    expect(new Set(steps.map(({ did }) => did.record.state))).toEqual(
      new Set(CASE_STATES.filter((state) => state !== 'DRAFT')),
    );
    expect(new Set(steps.map(({ event }) => event.type))).toEqual(new Set(EVENT_TYPES));
    expect(steps.filter(({ event }) => event.type === 'reopen').length).toBeGreaterThan(50);
  });
});

describe('any history of a case', () => {
  it('numbers its transitions by one, each naming the leaf before; a recipient’s word is none of them', () => {
    const wrong = histories.flatMap(({ taken }) => {
      const own = taken.filter(({ did }) => did.statement.t !== 'correction.recipient-acked');
      const apart = taken.filter((step) => !own.includes(step));
      return [
        ...apart.filter(({ did, before }) => 'seq' in did.statement || did.record.seq !== before.seq),
        ...own.filter(
          ({ did: { statement, record } }, place) =>
            statement.seq !== place + 1 || record.seq !== place + 1 || statement.prev !== own[place - 1]?.leaf,
        ),
      ];
    });
    expect(wrong).toEqual([]);
  });

  it('states from which state to which it went', () => {
    const own = steps.filter(({ did }) => 'seq' in did.statement);
    const wrong = own.filter(
      ({ before, did }) => did.statement.was !== before.state || did.statement.now !== did.record.state,
    );
    expect(wrong).toEqual([]);
  });

  it('leaves its ends by being reopened and in no other way', () => {
    const left = steps.filter(({ before, did }) => before.state !== did.record.state);
    const to = (...from: string[]) =>
      new Set(left.filter(({ before }) => from.includes(before.state)).map(({ did }) => did.record.state));
    expect(to('WITHDRAWN')).toEqual(new Set());
    expect(to('CLOSED')).toEqual(new Set(['REOPENED']));
    expect(to('REJECTED')).toEqual(new Set(['REOPENED', 'CLOSED']));
  });

  it('is in dispute from the start of a review until it is corrected, rejected or withdrawn', () => {
    for (const { taken } of histories) {
      let isDisputed = false;
      const expected = taken.map(({ event, did }) => {
        const was = isDisputed;
        if (event.type === 'start') isDisputed = true;
        if (['CORRECTED', 'REJECTED', 'WITHDRAWN'].includes(did.record.state)) isDisputed = false;
        if (was === isDisputed) return { isDisputed, signals: [] };
        return { isDisputed, signals: [isDisputed ? 'data.disputed' : 'data.undisputed'] };
      });
      const found = taken.map(({ did }) => ({
        isDisputed: did.record.isDisputed,
        signals: did.signals.filter((signal) => signal !== 'data.corrected'),
      }));
      expect(found).toEqual(expected);
    }
  });

  it('starts the term to decide once for each owner and round, and restarts it by one transfer at most', () => {
    const restarts = histories.map(({ taken }) => {
      let isStarted = false;
      let hasMoved = false;
      let restarted = 0;
      for (const { event, before, did } of taken) {
        if (did.record.state === 'REOPENED' && before.state !== 'REOPENED') isStarted = false;
        if (event.type === 'transfer') hasMoved = true;
        if (!did.clocks.some(({ act, clock }) => act === 'start' && clock === 'decide')) continue;
        if (isStarted && hasMoved) restarted += 1;
        else if (isStarted) return Infinity;
        isStarted = true;
        hasMoved = false;
      }
      return restarted;
    });
    expect(Math.max(...restarts)).toBe(1);
  });

  it('never ends by silence: what a clock tells changes no state', () => {
    const ticks = steps.filter(({ event }) => event.type === 'tick');
    expect(ticks.filter(({ before, did }) => did.record.state !== before.state)).toEqual([]);
  });

  it('touches no clock that does not run, and knows the end of none that it touched', () => {
    const wrong = histories.flatMap(({ taken }) => {
      const running = new Set<string>();
      return taken.filter(({ did }) => {
        const isWrong = did.clocks.map(({ act, clock }) => {
          const isStranger = act !== 'start' && !running.has(clock);
          if (act === 'start') running.add(clock);
          if (act === 'stop') running.delete(clock);
          return isStranger || clock in did.record.due;
        });
        const clocks = Object.keys(did.record.clocks).sort().join();
        return isWrong.includes(true) || clocks !== [...running].sort().join();
      });
    });
    expect(wrong).toEqual([]);
  });

  it('asks two questions and extends once in a round, and goes on two hops by owners', () => {
    const wrong = steps.filter(
      ({ before, event, did }) =>
        did.record.questions > 2 ||
        (event.type === 'extend' && before.isExtended) ||
        (event.type === 'transfer' && event.by.role === 'owner' && before.hops.length > 1),
    );
    expect(wrong).toEqual([]);
  });
});
