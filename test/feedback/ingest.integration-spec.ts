import { jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { newExchangeId } from '#kernel';
import type { RunningApp } from '#platform';
import { opens } from '#signing';
import { eventually, TestIssuer } from '#testing';
import { CONSUMER, PROVIDER, SERVICE } from '../audit/audit-network.js';
import { FeedbackNetwork, person, type Stated } from './feedback-network.js';

jest.setTimeout(120_000);

/** How long an end has for its openings. */
const TERM_MS = 2_500;

let network: FeedbackNetwork;
let app: RunningApp;
beforeAll(async () => {
  const issuer = await TestIssuer.create();
  network = await FeedbackNetwork.create((text) => TestIssuer.definitionOf(issuer) + text);
  app = await network.start({ unopenedAfterMs: TERM_MS, unopenedIntervalMs: 50 });
});
afterAll(() => network.close());

let count = 0;
/** Somebody whom no other test knows. */
const somebody = () => person(`PIN/T${String((count += 1)).padStart(6, '0')}`);
const accessesOf = async (subject: ReturnType<typeof somebody>, n = 1) =>
  eventually(async () => {
    const found = await network.accesses(subject);
    return found.length === n ? found : undefined;
  });
const disowned = ({ statement }: Stated) =>
  network.alarms.filter(({ alarm, exchange }) => alarm === 'disclosure-disowned' && exchange === statement.payload.id);
/** Exchanges that were disowned since the start. */
const counted = async () => {
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  return Number(/^kerege_feedback_disclosures_disowned_total\{app="feedback"\} (\d+)$/mu.exec(metrics)?.[1] ?? 0);
};
const deadReason = (value: Buffer) => network.dead.find((letter) => letter.value.equals(value))?.reason;

describe('an access', () => {
  it('is shown with what the log says of it and the opening of that person alone', async () => {
    const [subject, other, user] = [somebody(), somebody(), somebody()];
    const asked = await network.requested([subject, other], [user]);
    const answer = await network.answered(asked.statement);
    await network.stamp(asked.statement, answer.statement);
    await network.send(await network.sealed(asked));
    const [access] = await accessesOf(subject);
    expect(access).toMatchObject({
      exchangeId: asked.statement.payload.id,
      ...{ role: 'subject', consumer: CONSUMER, provider: PROVIDER, service: SERVICE, purpose: 'citizen-view' },
      ...{ outcome: 'answered', status: 200, isDisclosed: true, endUser: 'representative' },
      opening: { ...subject, kind: 'subject', position: 0 },
    });
    const value = asked.statement.payload.subj?.[0] ?? '';
    expect(access !== undefined && opens('subject', value, access.opening)).toBe(true);
    expect(access?.leaf).toEqual({ log: access?.request.log, index: access?.request.index });
    expect((await accessesOf(user))[0]).toMatchObject({ role: 'user', endUser: 'self', opening: user });
    expect((await accessesOf(other))[0]).toMatchObject({ opening: { ...other, position: 1 } });
  });

  it('stands once, whoever sends its opening, in whatever order with its leaf', async () => {
    const subject = somebody();
    const asked = await network.requested([subject]);
    const early = await network.sealed(asked);
    await network.send(early, early, await network.sealed(asked));
    await network.stamp(asked.statement);
    await accessesOf(subject);
    await network.send(await network.sealed(asked), early);
    const after = await network.requested([subject]);
    await network.stamp(after.statement);
    await network.send(await network.sealed(after));
    expect((await accessesOf(subject, 2)).map(({ exchangeId }) => exchangeId)).toEqual([
      after.statement.payload.id,
      asked.statement.payload.id,
    ]);
  });

  it('is shown where only the answer told the subject, also if the answer stands first', async () => {
    const subject = somebody();
    const asked = await network.requested([]);
    const answer = await network.answered(asked.statement, [subject], { n: 1 });
    await network.stamp(answer.statement);
    await network.send(await network.sealed(answer));
    await network.stamp(asked.statement);
    const [access] = await accessesOf(subject);
    expect(access).toMatchObject({ isDisclosed: true, isDisputed: true, exchangeId: asked.statement.payload.id });
    expect(access?.leaf.index).toBeLessThan(access?.request.index ?? 0);
  });

  it('is none where an answer speaks of another service than its request: nobody’s history shows it', async () => {
    const [subject, innocent] = [somebody(), somebody()];
    const asked = await network.requested([subject]);
    const foreign = await network.answered(asked.statement, [innocent], { svc: 'TEST/GOV/1001/population/other' });
    await network.stamp(asked.statement, foreign.statement);
    await network.send(await network.sealed(foreign), await network.sealed(asked));
    expect(await accessesOf(subject)).toMatchObject([{ outcome: 'pending', isDisclosed: false }]);
    await eventually(async () => (await network.commitments('pending')) === 0);
    expect(await network.accesses(innocent)).toEqual([]);
  });

  it('stays a disclosure when the consumer says that it failed, and the consumer is named once, whichever came first', async () => {
    const before = await counted();
    for (const [at, isFirst] of [false, true].entries()) {
      const subject = somebody();
      const asked = await network.requested([subject]);
      const answer = await network.answered(asked.statement);
      const failed = await network.failed(asked.statement);
      await network.stamp(asked.statement, isFirst ? failed : answer.statement);
      await network.stamp(isFirst ? answer.statement : failed);
      await network.send(await network.sealed(asked));
      await eventually(async () => (await network.accesses(subject))[0]?.sequels.length === 2);
      expect((await network.accesses(subject))[0]).toMatchObject({ outcome: 'failed', isDisclosed: true });
      await eventually(async () => (await counted()) === before + at + 1);
      // Once an hour.
      const alarm = { alarm: 'disclosure-disowned', from: CONSUMER, exchanges: 1 };
      expect(disowned(asked)).toMatchObject(at === 0 ? [alarm] : []);
    }
  });

  it('is disowned by nobody who says that it failed where nothing was handed over', async () => {
    const subject = somebody();
    const before = await counted();
    const [refused, alone] = [await network.requested([subject]), await network.requested([subject])];
    const nothing = await network.answered(refused.statement, [], { st: 404 });
    await network.stamp(refused.statement, alone.statement, nothing.statement);
    await network.stamp(await network.failed(refused.statement), await network.failed(alone.statement));
    await network.send(await network.sealed(refused), await network.sealed(alone));
    await eventually(async () => (await network.accesses(subject)).every(({ outcome }) => outcome === 'failed'));
    expect([refused, alone].flatMap(disowned)).toEqual([]);
    expect(await counted()).toBe(before);
  });
});

describe('an opening that does not say who acted', () => {
  it('is mended by a later one that does, in whatever order they come', async () => {
    const [subject, other] = [somebody(), somebody()];
    const [asked, twice] = [
      await network.requested([subject], [person('OFFICIAL/OFF1')]),
      await network.requested([other], [person('OFFICIAL/OFF1')]),
    ];
    await network.stamp(asked.statement, twice.statement);
    await network.send(await network.sealed(asked, { users: [] }));
    await eventually(async () => (await network.accesses(subject))[0]?.endUser === 'unknown');
    await network.send(await network.sealed(asked));
    await eventually(async () => (await network.accesses(subject))[0]?.endUser === 'official');
    await network.send(await network.sealed(twice), await network.sealed(twice, { users: [] }));
    await eventually(async () => (await network.commitments('pending')) === 0);
    expect((await accessesOf(other))[0]?.endUser).toBe('official');
  });
});

describe('an opening that is none', () => {
  it('is put away with its reason, the consumer named, and the good one counts', async () => {
    const [subject, innocent] = [somebody(), somebody()];
    const asked = await network.requested([subject]);
    await network.stamp(asked.statement);
    const lie = await network.sealed(asked, { subjects: [{ ...innocent, r: randomBytes(32) }] });
    const short = await network.sealed(asked, { subjects: [] });
    const moved = await network.sealed(asked, { exchangeId: newExchangeId() });
    await network.send(lie, short, moved);
    await eventually(() => deadReason(lie) !== undefined && deadReason(short) && deadReason(moved));
    expect([lie, short, moved].map(deadReason)).toEqual(['opening-false', 'opening-incomplete', 'opening-foreign']);
    // Told once it is settled.
    await eventually(() => network.alarms.some(({ flaw, from }) => flaw === 'opening-false' && from === CONSUMER));
    expect(await network.accesses(innocent)).toEqual([]);
    expect(await network.accesses(subject)).toEqual([]);
    await network.send(await network.sealed(asked));
    await accessesOf(subject);
  });

  it('is put away where it cannot be read, or is of another leaf', async () => {
    const [one, two] = [somebody(), somebody()];
    const [a, b] = [await network.requested([one]), await network.requested([two])];
    await network.stamp(a.statement, b.statement);
    const garbage = Buffer.from('no opening');
    const ofAnother = await network.sealed(a, { statement: b.statement });
    const broken = await network.sealed(a);
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    await network.send(garbage, ofAnother, broken);
    await eventually(() => deadReason(garbage) && deadReason(ofAnother) && deadReason(broken));
    expect([garbage, ofAnother, broken].map(deadReason)).toEqual([
      'opening-malformed',
      'opening-foreign',
      'opening-unopenable',
    ]);
    await network.send(await network.sealed(a), await network.sealed(b));
    await Promise.all([accessesOf(one), accessesOf(two)]);
  });
});

describe('an opening that one end alone has sent', () => {
  const withheld = () =>
    network.alarms
      .filter(({ alarm, from }) => alarm === 'openings-withheld' && from === CONSUMER)
      .reduce((sum, { statements }) => sum + Number(statements), 0);
  const isAsked = ({ statement }: Stated) => network.unopened.includes(statement.payload.id);

  it('makes the row; a consumer that sends none is asked for it, and named when it stays away', async () => {
    const [subject, other] = [somebody(), somebody()];
    const [kept, late] = [await network.requested([subject]), await network.requested([other])];
    await network.stamp(kept.statement, late.statement);
    const before = withheld();
    await network.send(...(await Promise.all([kept, late].map((one) => network.sealed(one, { end: 'provider' })))));
    await Promise.all([accessesOf(subject), accessesOf(other)]);
    await eventually(() => isAsked(kept) && isAsked(late));
    await network.send(await network.sealed(late, { end: 'consumer' }));
    await eventually(() => withheld() > before);
    // Another round of it: nobody is named twice, nor who has sent it since.
    await new Promise((resolve) => setTimeout(resolve, 2 * TERM_MS));
    expect(withheld()).toBe(before + 1);
  });

  it('names nobody where the consumer has sent its own, before or after, or does not say who it is', async () => {
    const subjects = [somebody(), somebody(), somebody(), somebody()] as const;
    const made = await Promise.all(subjects.map((subject) => network.requested([subject])));
    const [first, last, both, mute] = made as [Stated, Stated, Stated, Stated];
    await network.stamp(...made.map(({ statement }) => statement));
    const before = withheld();
    const [consumer, provider] = [{ end: 'consumer' }, { end: 'provider' }] as const;
    await network.send(await network.sealed(first, consumer), await network.sealed(mute));
    await network.send(await network.sealed(last, provider));
    await network.send(await network.sealed(both, provider), await network.sealed(both, consumer));
    await Promise.all([first, last, mute].map((_, at) => accessesOf(subjects[at] ?? subjects[0])));
    await network.send(await network.sealed(first, provider), await network.sealed(mute, provider));
    await network.send(await network.sealed(last, consumer));
    await new Promise((resolve) => setTimeout(resolve, 3 * TERM_MS));
    expect(withheld()).toBe(before);
    expect(made.some(isAsked)).toBe(false);
  });
});
