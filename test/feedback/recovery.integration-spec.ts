import { jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { TypedSubject } from '#signing';
import { eventually } from '#testing';
import { FeedbackNetwork, person, type Stated } from './feedback-network.js';

jest.setTimeout(180_000);

let network: FeedbackNetwork;
beforeAll(async () => void (network = await FeedbackNetwork.create()));
afterAll(() => network.close());

const PEOPLE = Array.from({ length: 5 }, (_, at) => person(`PIN/PERSON-00${at}`));
const OFFICIAL = person('OFFICIAL/OFF1');

const anyExchange = fc.record({
  subjects: fc.array(fc.nat(PEOPLE.length - 1), { maxLength: 3 }),
  user: fc.option(fc.nat(PEOPLE.length), { nil: undefined }),
  ofAnswer: fc.option(fc.nat(PEOPLE.length - 1), { nil: undefined }),
  sequel: fc.constantFrom('nothing', 'answered', 'failed', 'both'),
  sent: fc.constantFrom('gateway', 'connector', 'both', 'false and connector'),
});
type Drawn = typeof anyExchange extends fc.Arbitrary<infer Value> ? Value : never;

interface Told {
  readonly drawn: Drawn;
  readonly asked: Stated;
  readonly answer: Stated | undefined;
}

async function play(drawn: Drawn): Promise<Told> {
  const users = drawn.user === undefined ? [] : [PEOPLE[drawn.user] ?? OFFICIAL];
  const asked = await network.requested(
    drawn.subjects.map((at) => PEOPLE[at] as TypedSubject),
    users,
  );
  const isAnswered = drawn.sequel === 'answered' || drawn.sequel === 'both';
  const ofAnswer = drawn.ofAnswer === undefined ? [] : [PEOPLE[drawn.ofAnswer] as TypedSubject];
  const answer = isAnswered ? await network.answered(asked.statement, ofAnswer) : undefined;
  const failed = drawn.sequel === 'failed' || drawn.sequel === 'both' ? [await network.failed(asked.statement)] : [];
  await network.stamp(asked.statement, ...(answer === undefined ? [] : [answer.statement]), ...failed);
  return { drawn, asked, answer };
}

async function open({ drawn, asked, answer }: Told): Promise<void> {
  const good = [asked, ...(answer === undefined ? [] : [answer])].filter(
    ({ subjects, users }) => subjects.length + users.length > 0,
  );
  const values = await Promise.all(good.map((one) => network.sealed(one)));
  const lie = (one: Stated) => ({ subjects: one.subjects.map((opening) => ({ ...opening, r: randomBytes(32) })) });
  const lies = await Promise.all(good.map((one) => network.sealed(one, lie(one))));
  if (drawn.sent === 'both') await network.send(...values, ...values);
  else if (drawn.sent === 'false and connector') await network.send(...lies, ...values);
  else await network.send(...values);
}

/** What a careful clerk would write from leaves and openings. */
function naive(all: readonly Told[], subject: TypedSubject): string[] {
  const isThem = (one: TypedSubject) => one.code === subject.code && one.type === subject.type;
  return all
    .flatMap(({ drawn, asked, answer }) => {
      const told = drawn.sequel === 'both' || drawn.sequel === 'failed' ? 'failed' : drawn.sequel;
      const outcome = told === 'nothing' ? 'pending' : told;
      const line = (role: string, at: number) =>
        `${asked.statement.payload.id} ${role} ${at} ${outcome} ${answer !== undefined}`;
      return [
        ...asked.subjects.flatMap((one, at) => (isThem(one) ? [line('subject', at)] : [])),
        ...asked.users.flatMap((one, at) => (isThem(one) ? [line('user', at)] : [])),
        ...(answer?.subjects ?? []).flatMap((one, at) => (isThem(one) ? [line('subject', at)] : [])),
      ];
    })
    .sort();
}

/** How many commitments these leaves hold. */
function committed(all: readonly Told[]): number {
  const counts = all.map(
    ({ asked, answer }) => asked.subjects.length + asked.users.length + (answer?.subjects.length ?? 0),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function shown(subject: TypedSubject, limit: number): Promise<string[]> {
  const accesses = await network.accesses(subject, { limit });
  return accesses
    .map(
      ({ exchangeId, role, opening, outcome, isDisclosed }) =>
        `${exchangeId} ${role} ${opening.position} ${outcome} ${isDisclosed}`,
    )
    .sort();
}

describe('feedback that is stopped and started', () => {
  const all: Told[] = [];

  it('shows each person exactly what a recount of leaves and openings shows, over restarts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyExchange, { minLength: 3, maxLength: 12 }),
        fc.integer({ min: 1, max: 7 }),
        async (drawn, limit) => {
          // Openings and leaves come while it is away, too.
          const told: Told[] = [];
          const app = await network.start();
          for (const one of drawn.slice(0, 2)) told.push(await play(one));
          await Promise.all(told.map(open));
          await network.stop(app);
          const away: Told[] = [];
          for (const one of drawn.slice(2)) away.push(await play(one));
          await Promise.all(away.map(open));
          all.push(...told, ...away);
          const again = await network.start();
          await eventually(async () => (await network.commitments('indexed')) === committed(all), {
            timeoutMs: 30_000,
          });
          for (const subject of [...PEOPLE, OFFICIAL]) expect(await shown(subject, limit)).toEqual(naive(all, subject));
          await network.stop(again);
        },
      ),
      { numRuns: 4 },
    );
  });

  it('opens what was sealed before, announces the same key, and asks for what does not come', async () => {
    const asked = await network.requested([PEOPLE[0] as TypedSubject]);
    const app = await network.start({ unopenedAfterMs: 300, unopenedIntervalMs: 50 });
    await network.stamp(asked.statement);
    await eventually(() => network.unopened.includes(asked.statement.payload.id));
    await eventually(() => network.alarms.some(({ alarm }) => alarm === 'commitments-unopened'));
    const { keys } = await network.databases();
    expect(await keys.query('SELECT kid FROM opening_key')).toHaveLength(1);
    await network.send(await network.sealed(asked));
    await eventually(async () => (await network.commitments('pending')) === 0);
    await network.stop(app);
  });

  it('keeps in its own database nothing that names a person', async () => {
    const { feedback } = await network.databases();
    const [row] = await feedback.query<{ text: string }>(
      `SELECT string_agg(subject_access::text, '') AS text FROM subject_access`,
    );
    for (const { code } of PEOPLE) {
      expect(row?.text).not.toContain(code);
      expect(row?.text).not.toContain(Buffer.from(code).toString('hex'));
    }
  });
});
