import { jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { TypedSubject } from '#signing';
import { eventually } from '#testing';
import { CONSUMER, PROVIDER, SERVICE } from '../audit/audit-network.js';
import type { AccessFilter } from '../../apps/feedback/src/access-history/access-history.store.js';
import { FeedbackNetwork, person, type Stated } from './feedback-network.js';

jest.setTimeout(600_000);

let network: FeedbackNetwork;
beforeAll(async () => void (network = await FeedbackNetwork.create()));
afterAll(() => network.close());

const PEOPLE = Array.from({ length: 5 }, (_, at) => person(`PIN/PERSON-00${at}`));
const OFFICIAL = person('OFFICIAL/OFF1');

const CONSUMERS = [CONSUMER, 'TEST/GOV/1009/operator'] as const;
const SERVICES = [SERVICE, `${PROVIDER}/other`] as const;
const PURPOSES = ['citizen-view', 'correction-check'] as const;
/** As far as intake bears that a statement is older than its record. */
const OLDEST_MS = 120_000;

const anyExchange = fc.record({
  consumer: fc.constantFrom(...CONSUMERS),
  service: fc.constantFrom(...SERVICES),
  purpose: fc.constantFrom(...PURPOSES),
  agoMs: fc.nat(OLDEST_MS),
  subjects: fc.array(fc.nat(PEOPLE.length - 1), { maxLength: 3 }),
  user: fc.option(fc.nat(PEOPLE.length), { nil: undefined }),
  ofAnswer: fc.option(fc.nat(PEOPLE.length - 1), { nil: undefined }),
  sequel: fc.constantFrom('nothing', 'answered', 'failed', 'both'),
  sent: fc.constantFrom('gateway', 'connector', 'both', 'false and connector'),
});
type Drawn = typeof anyExchange extends fc.Arbitrary<infer Value> ? Value : never;

const maybe = <Value>(drawn: fc.Arbitrary<Value>) => fc.option(drawn, { nil: undefined });
/** Whose accesses somebody asks for, themselves and those whom they represent, and which of them. */
const anyQuestion = fc.record({
  of: fc.uniqueArray(fc.nat(PEOPLE.length - 1), { minLength: 1, maxLength: PEOPLE.length }),
  consumer: maybe(fc.constantFrom(...CONSUMERS)),
  service: maybe(fc.constantFrom(...SERVICES)),
  purpose: maybe(fc.constantFrom(...PURPOSES)),
  role: maybe(fc.constantFrom('subject', 'user')),
  /** Shares of the time that the history takes. */
  from: maybe(fc.nat(100)),
  until: maybe(fc.nat(100)),
  limit: fc.integer({ min: 1, max: 7 }),
});
type Question = typeof anyQuestion extends fc.Arbitrary<infer Value> ? Value : never;

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
    {
      ...{ ts: Date.now() - drawn.agoMs, from: drawn.consumer, svc: drawn.service, pur: drawn.purpose },
    },
  );
  const isAnswered = drawn.sequel === 'answered' || drawn.sequel === 'both';
  const ofAnswer = drawn.ofAnswer === undefined ? [] : [PEOPLE[drawn.ofAnswer] as TypedSubject];
  const answer = isAnswered
    ? await network.answered(asked.statement, ofAnswer, { from: drawn.consumer, svc: drawn.service })
    : undefined;
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

interface Line {
  readonly of: TypedSubject;
  readonly atMs: number;
  readonly role: 'subject' | 'user';
  readonly drawn: Drawn;
  readonly text: string;
}

/** What a careful clerk would write from leaves and openings. */
function written(all: readonly Told[]): Line[] {
  return all.flatMap(({ drawn, asked, answer }) => {
    const told = drawn.sequel === 'both' || drawn.sequel === 'failed' ? 'failed' : drawn.sequel;
    const outcome = told === 'nothing' ? 'pending' : told;
    const line =
      (role: Line['role'], { statement }: Stated) =>
      (of: TypedSubject, at: number): Line => {
        const atMs = statement.payload.ts;
        const text = `${atMs} ${statement.payload.id} ${of.code} ${role} ${at} ${outcome} ${answer !== undefined}`;
        return { of, atMs, role, drawn, text };
      };
    return [
      ...asked.subjects.map(line('subject', asked)),
      ...asked.users.map(line('user', asked)),
      ...(answer?.subjects.map(line('subject', answer)) ?? []),
    ];
  });
}

function naive(lines: readonly Line[], people: readonly TypedSubject[], filter: AccessFilter = {}): string[] {
  const { consumer, service, purpose, role, fromMs = 0, untilMs = Infinity } = filter;
  return lines
    .filter(({ of }) => people.some(({ type, code }) => of.code === code && of.type === type))
    .filter(({ atMs }) => atMs >= fromMs && atMs < untilMs)
    .filter((line) => role === undefined || line.role === role)
    .filter(({ drawn }) => consumer === undefined || drawn.consumer === consumer)
    .filter(({ drawn }) => service === undefined || drawn.service === service)
    .filter(({ drawn }) => purpose === undefined || drawn.purpose === purpose)
    .map(({ text }) => text)
    .sort();
}

function filterOf({ from, until, consumer, service, purpose, role }: Question, lines: readonly Line[]): AccessFilter {
  const times = lines.map(({ atMs }) => atMs).sort((one, other) => one - other);
  // At the very instants of rows, too: one end of a period is in it, the other is not.
  const at = (share: number) => times[Math.floor((share / 101) * times.length)] ?? 0;
  return {
    ...(consumer === undefined ? {} : { consumer }),
    ...(service === undefined ? {} : { service }),
    ...(purpose === undefined ? {} : { purpose }),
    ...(role === undefined ? {} : { role }),
    ...(from === undefined ? {} : { fromMs: at(from) }),
    ...(until === undefined ? {} : { untilMs: at(until) }),
  };
}

/** How many commitments these leaves hold. */
function committed(all: readonly Told[]): number {
  const counts = all.map(
    ({ asked, answer }) => asked.subjects.length + asked.users.length + (answer?.subjects.length ?? 0),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function shown(people: readonly TypedSubject[], limit: number, filter: AccessFilter = {}): Promise<string[]> {
  const accesses = await network.accesses(people[0] ?? OFFICIAL, { subjects: people, limit, filter });
  return accesses
    .map(
      ({ atMs, exchangeId, role, opening, outcome, isDisclosed }) =>
        `${atMs} ${exchangeId} ${opening.code} ${role} ${opening.position} ${outcome} ${isDisclosed}`,
    )
    .sort();
}

describe('feedback that is stopped and started', () => {
  const all: Told[] = [];

  it('shows each person exactly what a recount of leaves and openings shows, over restarts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyExchange, { minLength: 3, maxLength: 30 }),
        fc.array(anyQuestion, { minLength: 10, maxLength: 30 }),
        async (drawn, questions) => {
          // Openings and leaves come while it is away, too.
          const told: Told[] = [];
          const app = await network.start();
          told.push(...(await Promise.all(drawn.slice(0, 2).map(play))));
          await Promise.all(told.map(open));
          await network.stop(app);
          const away: Told[] = [];
          away.push(...(await Promise.all(drawn.slice(2).map(play))));
          await Promise.all(away.map(open));
          all.push(...told, ...away);
          const again = await network.start();
          await eventually(async () => (await network.commitments('indexed')) === committed(all), {
            timeoutMs: 60_000,
          });
          const lines = written(all);
          for (const subject of [...PEOPLE, OFFICIAL])
            expect(await shown([subject], 7)).toEqual(naive(lines, [subject]));
          for (const question of questions) {
            const [people, filter] = [question.of.map((at) => PEOPLE[at] as TypedSubject), filterOf(question, lines)];
            expect([filter, await shown(people, question.limit, filter)]).toEqual([
              filter,
              naive(lines, people, filter),
            ]);
          }
          await network.stop(again);
        },
      ),
      { numRuns: 8 },
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
