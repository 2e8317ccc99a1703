import { expect, it } from '@jest/globals';
import type { Leaf } from '../ledger/leaf.js';
import { judgeFlags, type ClientAnswer, type Review } from './flag-judge.js';

/** The log shows the end a moment after what its leaf says. */
const [BEGIN, END, SHOWN] = [100_000, 200_000, 200_700];
const REVIEW: Review = { correctionId: 'case', person: 'A', endsBy: 'correction.decided' };
const MARK = 'person.birth-date;since=2026-01-31';

function leaf(t: string, id: string, ts: number, n?: number, index = 0): Leaf {
  const absent = { from: undefined, to: undefined, svc: undefined, ep: undefined, prev: undefined, why: undefined };
  return { index, hash: '', kid: '', st: 200, ...absent, t, id, ts, ...(n === undefined ? {} : { n }) };
}

const CASE = [leaf('correction.review-started', 'case', BEGIN), leaf('correction.decided', 'case', END, undefined, 1)];
const HEADS = [
  { size: 1, askedMs: BEGIN + 400 },
  { size: 2, askedMs: SHOWN },
];

/** Of one answer that was stated at this time. */
function rules(statedMs: number, changes: Partial<ClientAnswer> & { readonly n?: number } = {}): string[] {
  const { n, ...more } = changes;
  const answer = { exchangeId: 'x', person: 'A', isOfElement: true, mark: null, receivedMs: statedMs + 50, ...more };
  const own = leaf('exchange.answered', 'x', statedMs, n ?? (answer.mark === null ? undefined : 1));
  return judgeFlags([answer], [REVIEW], { leaves: [...CASE, own], heads: HEADS }).breaches.map(({ rule }) => rule);
}

it.each([
  ['before the review', BEGIN - 1, [], ['marked']],
  ['within the second behind it', BEGIN + 999, [], []],
  ['one second behind it', BEGIN + 1_000, ['not-marked'], []],
  ['just before the end', END - 1, ['not-marked'], []],
  ['behind the end, before the log shows it', END + 1, [], []],
  ['within the second after that', SHOWN + 999, [], []],
  ['one second after that', SHOWN + 1_000, [], ['marked']],
])('judges what was stated %s', (_when, statedMs, without, withMark) => {
  expect(rules(statedMs)).toEqual(without);
  expect(rules(statedMs, { mark: MARK })).toEqual(withMark);
});

it('wants no mark without the element, nor on anybody else', () => {
  for (const other of [{ isOfElement: false }, { person: 'B' }]) {
    expect(rules(BEGIN + 5_000, other)).toEqual([]);
    expect(rules(BEGIN + 5_000, { ...other, mark: MARK })).toEqual(['marked']);
  }
});

it('does not look at when the client read it', () => {
  expect(rules(BEGIN - 1, { receivedMs: BEGIN + 30_000 })).toEqual([]);
});

it('finds a mark that names something else, and one of which the leaf says nothing', () => {
  expect(rules(BEGIN + 5_000, { mark: 'person.birth-date' })).toEqual(['malformed']);
  expect(rules(BEGIN + 5_000, { mark: MARK, n: 0 })).toEqual(['misstated']);
  expect(rules(END + 5_000, { n: 1 })).toEqual(['misstated']);
});

it('finds an answer without a leaf, and a case whose end the log does not show', () => {
  const answer = { exchangeId: 'x', person: 'B', isOfElement: true, mark: null, receivedMs: 0 };
  const [begun = leaf('', '', 0)] = CASE;
  const { breaches } = judgeFlags([answer], [REVIEW], { leaves: [begun], heads: HEADS });
  expect(breaches.map(({ rule }) => rule)).toEqual(['no-leaf', 'unstated']);
});

it('measures from the leaves', () => {
  const at = (exchangeId: string, receivedMs: number, mark: string | null) => {
    return { exchangeId, person: 'A', isOfElement: true, mark, receivedMs };
  };
  const stated = [
    leaf('exchange.answered', 'a', BEGIN - 10),
    leaf('exchange.answered', 'b', BEGIN + 200),
    leaf('exchange.answered', 'c', BEGIN + 300, 1),
    leaf('exchange.answered', 'd', END + 900, 1),
  ];
  const answers = [
    ...[at('a', BEGIN + 90, null), at('b', BEGIN + 250, null)],
    ...[at('c', BEGIN + 350, MARK), at('d', END + 950, MARK)],
  ];
  expect(judgeFlags(answers, [REVIEW], { leaves: [...CASE, ...stated], heads: HEADS })).toEqual({
    breaches: [],
    counts: { marked: 0, unmarked: 1, either: 3 },
    reviews: [
      {
        ...{ person: 'A', firstMarkedMs: 300, lastUnmarkedMs: 200, lastUnmarkedReceivedMs: 250 },
        ...{ endShownMs: 700, lastMarkedMs: 900, lastMarkedShownMs: 200 },
      },
    ],
  });
});
