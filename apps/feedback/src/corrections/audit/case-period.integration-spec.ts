import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, fakeClock, type TestDatabase } from '#testing';
import { migrations } from '../../migrations/index.js';
import { CaseStatistics } from '../statistics/case-statistics.service.js';
import { CasePeriodStore } from './case-period.store.js';
import { layCase, layPeriod, A, B, SERVICE, type LaidCases } from './spec-support/period-cases.js';

const DAY = 86_400_000;
const ALL = { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER };

let own: TestDatabase;
let database: Database;
let store: CasePeriodStore;

describe('what auditors ask of all cases', () => {
  let ids: LaidCases;

  beforeAll(async () => {
    own = await createDatabase();
    database = await openDatabase({ url: own.url, schema: 'feedback', migrations, poolSize: 2 });
    store = new CasePeriodStore(database);
    ids = await layPeriod(database);
  });
  afterAll(async () => {
    await database.close();
    await own.drop();
  });

  it('2: names who was late at a moment, and nobody who waited for another', async () => {
    const at35 = await store.overdueAt(35);
    expect(at35.map(({ correctionId, state }) => [correctionId, state])).toEqual([[ids.late.id, 'ROUTED']]);
    // Of the transition that set the term, which has passed.
    expect(at35[0]).toMatchObject(ids.late.steps[1] ?? {});
    expect((await store.overdueAt(25)).length).toBe(0);
    // What was to be answered by the person since 60 is no delay of the owner.
    expect((await store.overdueAt(150)).map(({ correctionId }) => correctionId)).toEqual([ids.late.id]);
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

  it('6: names each decision that is counted by its leaf', async () => {
    expect(await store.decided(ALL)).toEqual({
      decisions: [
        { correctionId: ids.ring.id, outcome: 'ACCEPTED', reason: 'error-confirmed', ...ids.ring.steps[12] },
        { correctionId: ids.rejected.id, outcome: 'REJECTED', reason: 'data-correct', ...ids.rejected.steps[5] },
      ],
      isCut: false,
    });
  });

  it('6: says that it does not name all decisions of a time that has more than a thousand', async () => {
    const year = { fromMs: 400 * DAY, untilMs: 401 * DAY };
    const decide = (count: number) =>
      database.query(
        `INSERT INTO correction_step (case_id, seq, leaf_hash, type, was, now, why, portal, owner, service, at_ms)
         SELECT gen_random_uuid(), 1, sha256(gen_random_uuid()::text::bytea), 'correction.decided', 'IN_REVIEW', 'REJECTED',
                'data-correct', 'p', $1, $2, $3::bigint + number FROM generate_series(1, $4::integer) AS number`,
        [A, SERVICE, year.fromMs, count],
      );
    await decide(1_000);
    const all = await store.decided(year);
    expect([all.decisions.length, all.isCut]).toEqual([1_000, false]);
    await decide(1);
    const cut = await store.decided(year);
    expect([cut.decisions.length, cut.isCut]).toEqual([1_000, true]);
    expect((await store.decisions(year)).decided).toBe(1_001);
    await database.query('DELETE FROM correction_step WHERE at_ms >= $1', [year.fromMs]);
  });

  it('8: tells right extensions from late and repeated ones', async () => {
    const found = await store.extensions(ALL);
    expect(found.map(({ isInTime, isFirstInRound, isCorrect }) => [isInTime, isFirstInRound, isCorrect])).toEqual([
      [true, true, true],
      [false, true, false],
      [true, false, false],
    ]);
    const leaves = [ids.rejected.steps[4], ids.ring.steps[10], ids.ring.steps[11]];
    expect(found.map(({ leaf, log, index }) => ({ leaf, log, index }))).toEqual(leaves);
  });

  it('9: shows who handed a case on, and that it came back', async () => {
    const steps = [1, 3, 4, 6, 7].map((at) => ids.ring.steps[at]);
    expect(await store.transfers(ALL)).toEqual([
      { correctionId: ids.ring.id, transfers: 2, owners: [A, B, A], isPingPong: true, steps },
    ]);
  });

  it('12: shows what a verification read has opened again', async () => {
    const found = await store.reopenedByVerification(ALL);
    expect(found).toMatchObject([{ correctionId: ids.ring.id, owner: A, service: SERVICE, ...ids.ring.steps[14] }]);
  });

  it('tells the public no small number, and nothing of a day that is not over', async () => {
    for (let one = 0; one < 10; one += 1)
      await layCase(
        database,
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
