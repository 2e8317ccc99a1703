import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { OwnerAct } from '#corrections';
import { toBase64Url } from '#kernel';
import { eventually } from '#testing';
import { CaseScene, OWNER, PORTAL } from './case-scene.js';
import { CrashPoint } from './crash-point.js';

jest.setTimeout(240_000);

const DAY_MS = 86_400_000;
const HASH = `h1:${toBase64Url(randomBytes(32))}`;
const salt = () => toBase64Url(randomBytes(32));

let scene: CaseScene;
beforeAll(async () => {
  scene = await CaseScene.create();
});
afterAll(() => scene.close());

const accept = (): OwnerAct => ({
  ...{ act: 'decide', outcome: 'ACCEPTED', reasonCode: 'error-confirmed', legalRef: 'art. 12' },
  ...{ remedies: [], accepted: [0], approvedBy: 'officer-1', salt: salt() },
});
const correct = (): OwnerAct => ({
  ...{ act: 'correct', values: [{ item: 0, newValueHash: HASH }], effectiveFrom: '2001-08-22', salt: salt() },
});
async function receive(id: string): Promise<OwnerAct> {
  return { act: 'receive', receiptOver: (await scene.kept(id)).record.requestDoc ?? '' };
}

/** What happened, and when, to the day. */
async function story(id: string): Promise<string[]> {
  return (await scene.steps(id)).map(
    ({ type, now, why, atMs }) =>
      `${new Date(atMs).toISOString().slice(0, 10)} ${type.replace('correction.', '')} ${now}${why === undefined ? '' : ` ${why}`}`,
  );
}

/** A day at a time, at noon. */
async function daysPass(days: number): Promise<void> {
  for (let day = 0; day < days; day += 1) {
    scene.nowMs += DAY_MS;
    await scene.settle();
  }
}

describe('the clocks of a case, by a clock that is turned', () => {
  it('remind, name who is late, and escalate, while the owner says nothing; silence ends nothing', async () => {
    const id = await scene.filed();
    await scene.settle();
    await daysPass(30);
    expect(await story(id)).toEqual([
      '2026-11-23 submitted SUBMITTED',
      '2026-11-23 routed ROUTED',
      '2026-11-25 deadline-missed ROUTED acknowledge',
      '2026-11-25 deadline-near ROUTED forward',
      '2026-11-27 deadline-missed ROUTED forward',
      '2026-12-02 escalated ROUTED acknowledge',
      '2026-12-04 escalated ROUTED forward',
      '2026-12-04 deadline-near ROUTED decide',
      '2026-12-08 deadline-missed ROUTED decide',
      '2026-12-15 escalated ROUTED decide',
    ]);
    expect((await scene.kept(id)).record).toMatchObject({ state: 'ROUTED', isEscalated: true });
    // Nothing is lost: the request waits for the owner still, and goes its way once they are there.
    expect(await scene.requestsFor(OWNER)).toContain((await scene.kept(id)).contentId);
    await scene.acts(id, await receive(id), { act: 'start' });
    expect((await scene.kept(id)).record).toMatchObject({ state: 'IN_REVIEW', isDisputed: true });
  });

  it('stand while a question is with the person, go on when nobody answers, and are not extended twice', async () => {
    const id = await scene.filed();
    await scene.settle();
    await scene.acts(id, await receive(id), { act: 'start' });
    const before = (await scene.kept(id)).record.due.decide?.dueAt ?? 0;
    await scene.acts(id, { act: 'request-info', question: 'document-needed', salt: salt() });
    expect((await scene.kept(id)).record.due.decide).toBeUndefined();
    await daysPass(16);
    const kept = await scene.kept(id);
    expect(kept.record.state).toBe('IN_REVIEW');
    expect((await scene.steps(id)).map(({ type }) => type)).toContain('correction.info-lapsed');
    // Ten working days were the person's: they are no part of the owner's term.
    expect((kept.record.due.decide?.dueAt ?? 0) - before).toBeGreaterThanOrEqual(14 * DAY_MS);
    await scene.acts(id, { act: 'extend', reason: 'study-needed' });
    const again = scene.acts(id, { act: 'extend', reason: 'study-needed' });
    await expect(again).rejects.toMatchObject({ extensions: { refusal: 'extended-already' } });
    await daysPass(40);
    const late = scene.acts(id, { act: 'extend', reason: 'study-needed' });
    await expect(late).rejects.toMatchObject({ extensions: { refusal: 'extended-already' } });
  });

  it('close what was rejected when nobody appeals, and what was told when nobody answers', async () => {
    const [rejected, told] = [await scene.filed(), await scene.filed()];
    await scene.settle();
    await scene.acts(rejected, ...[await receive(rejected), { act: 'start' } as const], {
      ...{ act: 'decide', outcome: 'REJECTED', reasonCode: 'data-correct', legalRef: 'art. 12' },
      ...{ remedies: ['court'], accepted: [], approvedBy: 'officer-1', salt: salt() },
    });
    await scene.acts(told, await receive(told), { act: 'start' }, accept(), correct());
    expect((await scene.kept(told)).record).toMatchObject({
      state: 'PROPAGATING',
      recipients: [{ subsystem: PORTAL }],
    });
    await daysPass(12);
    expect((await scene.kept(told)).record.state).toBe('CLOSED');
    expect((await scene.kept(rejected)).record.state).toBe('REJECTED');
    await daysPass(25);
    expect((await scene.kept(rejected)).record.state).toBe('CLOSED');
    expect((await scene.kept(rejected)).sealed).toBeUndefined();
  });
});

describe('the flag of a disputed datum', () => {
  it('reaches who begins to hold it during the review, once, and goes from all', async () => {
    const archive = 'TEST/GOV/1005/archive';
    const id = await scene.filed();
    await scene.settle();
    const before = (await scene.flagsOf(OWNER)).length;
    await scene.acts(id, await receive(id), { act: 'start' });
    expect((await scene.flagsOf(OWNER)).slice(before)).toEqual([true]);
    await scene.shownBy('GOV/1005/archive/records');
    await scene.settle();
    await scene.settle();
    expect(await scene.flagsOf(archive)).toContain(true);
    const told = (await scene.flagsOf(archive)).length;
    expect((await scene.flagsOf(OWNER)).slice(before)).toEqual([true]);
    await scene.acts(id, accept(), correct());
    expect((await scene.flagsOf(archive)).slice(told)).toEqual([false]);
    expect((await scene.flagsOf(OWNER)).slice(before)).toEqual([true, false]);
  });

  it('holds up no review where its holder has published a key that nothing can be sealed with', async () => {
    const id = await scene.filed();
    await scene.settle();
    const before = (await scene.flagsOf(OWNER)).length;
    const untold = scene.untold.length;
    await scene.unsealable(OWNER, async () => scene.acts(id, await receive(id), { act: 'start' }));
    expect((await scene.kept(id)).record).toMatchObject({ state: 'IN_REVIEW', isDisputed: true });
    expect((await scene.flagsOf(OWNER)).slice(before)).toEqual([]);
    expect(new Set(scene.untold.slice(untold))).toEqual(new Set([OWNER]));
    await scene.acts(id, accept(), correct());
  });

  it('is set anew by a second review, for as long as that lasts', async () => {
    const id = await scene.filed();
    await scene.settle();
    const before = (await scene.flagsOf(OWNER)).length;
    await scene.acts(id, await receive(id), { act: 'start' }, accept(), correct());
    expect((await scene.flagsOf(OWNER)).slice(before)).toEqual([true, false]);
    await scene.oldValueSeen(id);
    await scene.settle();
    expect((await scene.kept(id)).record.state).toBe('REOPENED');
    await scene.acts(id, { act: 'start' });
    expect((await scene.flagsOf(OWNER)).slice(before)).toEqual([true, false, true]);
    await scene.acts(id, accept(), correct());
    expect((await scene.flagsOf(OWNER)).slice(before)).toEqual([true, false, true, false]);
  });

  it('reaches who begins to hold the datum while the review is on its way into the log', async () => {
    const id = await scene.filed();
    await scene.settle();
    await scene.acts(id, await receive(id));
    const { work } = scene.process();
    await work.pass();
    await scene.proposes(id, { act: 'start' });
    await scene.shownBy('GOV/1006/vault/records', 'vault');
    const vault = 'TEST/GOV/1006/vault';
    // The change is looked at while the review does not stand yet.
    await work.pass();
    await scene.log();
    await work.pass();
    expect((await scene.flagsOf(vault)).length).toBeGreaterThan(0);
    const flagged = (await scene.kept(id)).details.dispute?.told.filter((pair) => pair.startsWith(vault));
    expect(flagged).toHaveLength(1);
  });
});

describe('the end of a flag', () => {
  it('goes out as soon as the log shows it, also while something else takes long to be found out', async () => {
    const [slow, ended] = [await scene.filed(), await scene.filed()];
    await scene.settle();
    for (const id of [slow, ended]) await scene.acts(id, await receive(id), { act: 'start' });
    await scene.acts(slow, accept());
    await scene.proposes(slow, correct());
    await scene.log();
    const [{ promise: found, resolve: find }, looked] = [
      Promise.withResolvers<undefined>(),
      Promise.withResolvers<undefined>(),
    ];
    const { work } = scene.process(new CrashPoint(), () => {
      looked.resolve(undefined);
      return found;
    });
    try {
      work.start();
      await looked.promise;
      const before = (await scene.flagsOf(OWNER)).length;
      await scene.proposes(ended, { ...accept(), outcome: 'REJECTED', accepted: [], remedies: ['court'] } as OwnerAct);
      await scene.log();
      work.wake();
      await eventually(async () => (await scene.kept(ended)).record.state === 'REJECTED');
      expect((await scene.flagsOf(OWNER)).slice(before)).toEqual([false]);
      expect((await scene.kept(slow)).record.state).toBe('CORRECTED');
    } finally {
      find(undefined);
      await work.stop();
      await scene.settle();
    }
  });
});

describe('a process that ends anywhere', () => {
  /** Everything that a transition leaves, counted. */
  async function left(id: string) {
    const rows = async (sql: string) => (await scene.feedback.query(sql, [id])).length;
    const kept = await scene.kept(id);
    const [row] = await scene.feedback.query<{ n: string }>('SELECT count(*) AS n FROM own_statement');
    return {
      state: kept.record.state,
      seq: kept.record.seq,
      isPending: kept.pending !== undefined,
      steps: await rows('SELECT FROM correction_step WHERE case_id = $1'),
      statements: Number(row?.n),
    };
  }
  const deliveries = async () => (await scene.feedback.query('SELECT FROM delivery')).length;

  it('leaves each transition once: one leaf, one row, its deliveries, or nothing', async () => {
    const quiet = new CrashPoint();
    const before = { statements: (await left(await scene.filed())).statements, deliveries: await deliveries() };
    await scene.log();
    await scene.process(quiet).work.pass();
    await scene.settle();
    expect(quiet.steps).toBeGreaterThan(8);
    const whole = await deliveries();
    const perCase = { statements: 1, deliveries: whole - before.deliveries };
    for (let step = 1; step <= quiet.steps; step += 1)
      for (const moment of ['before', 'after'] as const) {
        const id = await scene.filed();
        const [statements, sent] = [(await left(id)).statements, await deliveries()];
        await scene.log();
        const ended = scene.process(new CrashPoint(step, moment));
        await ended.work.pass().catch(() => undefined);
        await scene.settle();
        expect({ step, moment, ...(await left(id)) }).toEqual({
          ...{ step, moment, state: 'ROUTED', seq: 2, isPending: false, steps: 2 },
          statements: statements + perCase.statements,
        });
        expect((await deliveries()) - sent).toBe(perCase.deliveries);
      }
  });

  it('leaves an owner’s step once, and takes the same statement again as the same', async () => {
    const script = async (crash: CrashPoint) => {
      const id = await scene.filed();
      await scene.settle();
      const said = await receive(id);
      const { owners } = scene.process();
      const proposed = await owners.act(OWNER, id, said);
      if (!('payload' in proposed)) throw new TypeError('nothing proposed');
      const { jws } = await scene.signedAs(OWNER, proposed.payload);
      const first = scene.process(crash).owners.act(OWNER, id, said, { statement: jws });
      const isDone = await first.then(
        () => true,
        () => false,
      );
      const again = await owners.act(OWNER, id, said, { statement: jws });
      expect('standing' in again).toBe(true);
      await scene.settle();
      return { isDone, ...(await left(id)) };
    };
    const quiet = new CrashPoint();
    await script(quiet);
    for (let step = 1; step <= quiet.steps; step += 1)
      for (const moment of ['before', 'after'] as const) {
        const { statements } = await left(await scene.filed());
        await scene.settle();
        const after = await script(new CrashPoint(step, moment));
        expect({ step, moment, ...after }).toMatchObject({ step, moment, state: 'RECEIVED', seq: 3, steps: 3 });
        // That of the case before: routed; of this one: submitted, routed, received.
        expect(after.statements - statements).toBe(4);
      }
  });
});
