import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { newExchangeId } from '#kernel';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, fakeClock, type TestDatabase } from '#testing';
import { migrations } from '../../migrations/index.js';
import { CaseStatistics } from '../statistics/case-statistics.service.js';
import { CasePeriodStore } from './case-period.store.js';

const [A, B] = ['T/GOV/1/a', 'T/GOV/2/b'] as const;
const SERVICE = 'T/GOV/1/a/persons';
const DAY = 86_400_000;
const ALL = { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER };

/** What happened, to which state, when, by when something is due, why, and who is the owner. */
type Step = readonly [
  ...[what: string, now: string, atMs: number],
  ...[dueMs?: number | undefined, why?: string | undefined, owner?: string | undefined],
];

let own: TestDatabase;
let database: Database;
let store: CasePeriodStore;

async function lay(...steps: readonly Step[]): Promise<string> {
  const id = newExchangeId();
  let was = 'DRAFT';
  for (const [at, [what, now, atMs, dueMs, why, owner = A]] of steps.entries()) {
    await database.query(
      `INSERT INTO correction_step (case_id, seq, leaf_hash, type, was, now, why, portal, owner, service, at_ms, due_ms)
       VALUES ($1, $2, $3, $4, $5, $6, $7, 'p', $8, $9, $10, $11)`,
      [id, at + 1, randomBytes(32), `correction.${what}`, was, now, why ?? null, owner, SERVICE, atMs, dueMs ?? null],
    );
    was = now;
  }
  return id;
}

describe('what auditors ask of all cases', () => {
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    own = await createDatabase();
    database = await openDatabase({ url: own.url, schema: 'feedback', migrations, poolSize: 2 });
    store = new CasePeriodStore(database);
    ids['rejected'] = await lay(
      ['submitted', 'SUBMITTED', 0],
      ['routed', 'ROUTED', 10, 30],
      ['received', 'RECEIVED', 20, 50],
      ['review-started', 'IN_REVIEW', 40, 100],
      ['extended', 'IN_REVIEW', 60, 200, 'study-needed'],
      ['decided', 'REJECTED', 140, 300, 'data-correct'],
    );
    ids['late'] = await lay(['submitted', 'SUBMITTED', 0], ['routed', 'ROUTED', 10, 30]);
    ids['asked'] = await lay(
      ['submitted', 'SUBMITTED', 0],
      ['routed', 'ROUTED', 10, 30],
      ['received', 'RECEIVED', 30, 50],
      ['review-started', 'IN_REVIEW', 40, 100],
      ['info-requested', 'NEEDS_INFO', 50, 60, 'value-unclear'],
    );
    ids['ring'] = await lay(
      ['submitted', 'SUBMITTED', 0],
      ['routed', 'ROUTED', 10, 400],
      ['received', 'RECEIVED', 20, 400],
      ['transferred', 'TRANSFERRED', 30, 400, 'not-our-element'],
      ['routed', 'ROUTED', 40, 400, undefined, B],
      ['received', 'RECEIVED', 50, 400, undefined, B],
      ['transferred', 'TRANSFERRED', 60, 400, 'not-our-element', B],
      ['routed', 'ROUTED', 70, 400],
      ['received', 'RECEIVED', 80, 400],
      ['review-started', 'IN_REVIEW', 90, 100],
      ['extended', 'IN_REVIEW', 110, 500, 'study-needed'],
      ['extended', 'IN_REVIEW', 120, 600, 'study-needed'],
      ['decided', 'ACCEPTED', 130, 700, 'error-confirmed'],
      ['corrected', 'CORRECTED', 140, 700],
      ['reopened', 'REOPENED', 150, 800, 'old-value-seen'],
    );
  });
  afterAll(async () => {
    await database.close();
    await own.drop();
  });

  it('2: names who was late at a moment, and nobody who waited for another', async () => {
    const at35 = await store.overdueAt(35);
    expect(at35.map(({ correctionId, state }) => [correctionId, state])).toEqual([[ids['late'], 'ROUTED']]);
    expect((await store.overdueAt(25)).length).toBe(0);
    // What was to be answered by the person since 60 is no delay of the owner.
    expect((await store.overdueAt(150)).map(({ correctionId }) => correctionId)).toEqual([ids['late']]);
    const times = await store.times(ALL);
    const review = times.find(({ owner, state }) => owner === A && state === 'IN_REVIEW');
    // 100 (rejected), 10 (asked) and 40 (ring) in review.
    expect(review).toMatchObject({ cases: 3, medianMs: 40, p95Ms: 94 });
  });

  it('6: gives the rate of rejections by reason', async () => {
    expect(await store.decisions(ALL)).toEqual({
      decided: 2,
      reasons: [
        { reason: 'data-correct', decided: 1, rejected: 1, rate: 0.5 },
        { reason: 'error-confirmed', decided: 1, rejected: 0, rate: 0 },
      ],
    });
  });

  it('8: tells right extensions from late and repeated ones', async () => {
    const found = await store.extensions(ALL);
    expect(found.map(({ isInTime, isFirstInRound, isCorrect }) => [isInTime, isFirstInRound, isCorrect])).toEqual([
      [true, true, true],
      [false, true, false],
      [true, false, false],
    ]);
  });

  it('9: shows who handed a case on, and that it came back', async () => {
    expect(await store.transfers(ALL)).toEqual([
      { correctionId: ids['ring'], transfers: 2, owners: [A, B, A], isPingPong: true },
    ]);
  });

  it('12: shows what a verification read has opened again', async () => {
    const found = await store.reopenedByVerification(ALL);
    expect(found).toMatchObject([{ correctionId: ids['ring'], owner: A, service: SERVICE }]);
  });

  it('tells the public no small number, and nothing of a day that is not over', async () => {
    for (let one = 0; one < 10; one += 1)
      await lay(
        ['submitted', 'SUBMITTED', DAY, undefined, undefined, 'T/GOV/3/c'],
        ['routed', 'ROUTED', DAY + 100 + one, undefined, undefined, 'T/GOV/3/c'],
        ...(one < 9 ? [] : [['decided', 'REJECTED', DAY + 200, undefined, 'data-correct', 'T/GOV/3/c'] as const]),
      );
    const clock = fakeClock(2 * DAY + 5);
    const groups = await new CaseStatistics(database, store, clock).of(ALL);
    expect(groups.find(({ owner }) => owner === 'T/GOV/3/c')).toEqual({
      ...{ owner: 'T/GOV/3/c', service: SERVICE, filed: 10, overdue: '<10', transfers: '<10' },
      reopenedByVerification: '<10',
      decided: [{ outcome: 'REJECTED', reason: 'data-correct', count: '<10' }],
      times: [{ state: 'SUBMITTED', medianMs: 105, p95Ms: 109 }],
    });
    expect(groups.find(({ owner }) => owner === B)?.filed).toBe('<10');
    const today = await new CaseStatistics(database, store, fakeClock(2 * DAY - 1)).of({ ...ALL, fromMs: DAY });
    expect(today).toEqual([]);
  });
});
