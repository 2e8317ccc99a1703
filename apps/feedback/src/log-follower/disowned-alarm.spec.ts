import { expect, it } from '@jest/globals';
import { fakeClock } from '#testing';
import { DisownedAlarm } from './disowned-alarm.js';

const [A, B] = ['T/GOV/1/a', 'T/GOV/2/b'] as const;
const of = (...consumers: string[]) => consumers.map((consumer, at) => ({ consumer, exchangeId: String(at) }));

it('names each consumer that disowns once an hour at most, however many exchanges and batches there are', () => {
  const clock = fakeClock(1_800_000_000_000);
  const alarm = new DisownedAlarm(clock);
  const due = (...consumers: string[]) =>
    [...alarm.due(of(...consumers))].map(([consumer, exchanges]) => [consumer, exchanges.length]);
  expect(due(A, A)).toEqual([[A, 2]]);
  expect(due(A)).toEqual([]);
  clock.advance(1_800_000);
  expect(due(A, B, A)).toEqual([[B, 1]]);
  clock.advance(1_800_000);
  expect(due(A, B)).toEqual([[A, 1]]);
  clock.advance(1_800_000);
  expect(due(A, B)).toEqual([[B, 1]]);
});
