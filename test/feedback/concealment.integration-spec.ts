import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { makeReaderToken } from '#reader-auth';
import type { RunningApp } from '#platform';
import { signStatement, type ConcealmentPayload, type Statement, type TypedSubject } from '#signing';
import { eventually, fakeClock, TestIssuer } from '#testing';
import { CONSUMER } from '../audit/audit-network.js';
import { readPage, type AccessRow } from '../../apps/feedback/web/access-row.js';
import { OPERATOR, ordered as orderedBy, type Ordered } from './concealing.js';
import { FeedbackNetwork, person, type Stated } from './feedback-network.js';

jest.setTimeout(180_000);

const OTHER = 'TEST/GOV/1001/population';
const AUDIENCE = 'http://127.0.0.1:8120';
const DAY_MS = 24 * 60 * 60_000;

let issuer: TestIssuer;
let network: FeedbackNetwork;
let app: RunningApp;
const clock = fakeClock(Date.now());
/** Nobody of them exists; each spec has one of its own. */
let people = 0;
const somebody = (): TypedSubject => person(`PIN/TEST00${String((people += 1)).padStart(4, '0')}`);

beforeAll(async () => {
  issuer = await TestIssuer.create();
  network = await FeedbackNetwork.create((text) => TestIssuer.definitionOf(issuer) + text);
  app = await network.start(
    {
      portals: [CONSUMER],
      auditors: [OTHER],
      concealmentAuthorities: [CONSUMER],
      concealmentMaxMs: 30 * DAY_MS,
      unopenedAfterMs: 3_600_000,
    },
    { clock },
  );
});
afterAll(() => network.close());

const asks = async (subsystem: string, path: string, init: RequestInit = {}, more: Record<string, string> = {}) => {
  const key = network.audit.world.keysOf(subsystem).sign;
  const token = await makeReaderToken({ subsystem, audience: AUDIENCE, key, nowMs: clock.now() });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...more };
  const response = await fetch(`${app.url}${path}`, { ...init, headers });
  const body = (await response.json()) as Readonly<Record<string, unknown>>;
  return { status: response.status, body };
};

function ordered({ until, ...changes }: Partial<ConcealmentPayload> = {}, more: Partial<ConcealmentPayload> = {}) {
  return orderedBy(network, until ?? clock.now() + 10 * DAY_MS, changes, more);
}

/** An order that stands in the log with its countersignature. */
async function standing(...changes: Parameters<typeof ordered>): Promise<Ordered> {
  const both = await ordered(...changes);
  await network.stamp(both.order);
  await network.stamp(both.countersigned);
  return both;
}

/** Both ends open it, naming the order. */
async function opened(stated: Stated, concealment?: Buffer): Promise<void> {
  const value = () => network.sealed(stated, concealment === undefined ? {} : { concealment });
  await network.send(await value(), await value());
  await indexed(stated);
}

/** Its leaf was followed, and all of it opened. */
async function indexed({ statement }: Stated): Promise<void> {
  const { feedback } = await network.databases();
  const states = () =>
    feedback.query<{ state: string }>('SELECT state FROM commitment WHERE statement = $1', [statement.leafHash]);
  await eventually(
    async () => {
      const all = await states();
      return all.length > 0 && all.every(({ state }) => state !== 'pending');
    },
    { timeoutMs: 30_000 },
  );
}

async function accessed(
  { countersigned }: Pick<Ordered, 'countersigned'>,
  subjects: readonly TypedSubject[],
  users: readonly TypedSubject[] = [],
): Promise<Stated> {
  const requested = await network.requested(subjects, users);
  await network.stamp(requested.statement);
  await opened(requested, countersigned.leafHash);
  return requested;
}

interface Shown {
  readonly rows: readonly AccessRow[];
  readonly next: string | undefined;
}

/** As the person sees it through their portal. */
async function seenBy({ code }: TypedSubject, query: Readonly<Record<string, string>> = {}): Promise<Shown> {
  const nowS = Math.floor(clock.now() / 1000);
  const headers = { 'kerege-end-user': await issuer.mint(code, CONSUMER, { claims: { iat: nowS, exp: nowS + 300 } }) };
  const search = new URLSearchParams(query).toString();
  const { body } = await asks(CONSUMER, `/v1/subjects/me/accesses?${search}`, {}, headers);
  const page = readPage(body);
  if (page === undefined) throw new TypeError(JSON.stringify(body));
  return { rows: page.accesses, next: page.next };
}

const idsOf = ({ rows }: Shown) => rows.map(({ exchangeId }) => exchangeId);
const claimsOf = ({ statement }: Stated) =>
  network.alarms
    .filter(({ exchange }) => exchange === statement.payload.id)
    .map(({ alarm, flaw, claim, from }) => ({ alarm, flaw, claim, from }));

describe('an access under an order that both have signed', () => {
  it('is concealed from each of its persons, and from nobody of another call', async () => {
    const [ann, ben] = [somebody(), somebody()];
    const order = await standing();
    await accessed(order, [ann, ben]);
    const other = await network.requested([ben]);
    await network.stamp(other.statement);
    await opened(other);
    expect(idsOf(await seenBy(ann))).toEqual([]);
    expect(idsOf(await seenBy(ben))).toEqual([other.statement.payload.id]);
  });

  it('is concealed where only the answer tells whose data it holds', async () => {
    const ann = somebody();
    const { countersigned } = await standing();
    const requested = await network.requested([]);
    const answered = await network.answered(requested.statement, [ann]);
    await network.stamp(requested.statement, answered.statement);
    await opened(answered, countersigned.leafHash);
    expect(idsOf(await seenBy(ann))).toEqual([]);
    expect(claimsOf(answered)).toEqual([]);
  });

  it('is concealed when only one of both ends says so, and they come together', async () => {
    const ann = somebody();
    const { countersigned } = await standing();
    const requested = await network.requested([ann]);
    await network.send(await network.sealed(requested));
    await network.send(await network.sealed(requested, { concealment: countersigned.leafHash }));
    await eventually(async () => (await arrived(requested)) === 2);
    await network.stamp(requested.statement);
    await indexed(requested);
    expect(idsOf(await seenBy(ann))).toEqual([]);
  });
});

/** Openings of that statement that wait for their leaf. */
async function arrived({ statement }: Stated): Promise<number> {
  const { feedback } = await network.databases();
  const rows = await feedback.query('SELECT FROM inbox WHERE statement = $1', [statement.leafHash]);
  return rows.length;
}

describe('an access is shown at once, and its consumer alarmed, when the order', () => {
  it.each<[string, string, () => Promise<Pick<Ordered, 'countersigned'>>]>([
    ['stands nowhere', 'order-unknown', () => ordered()],
    [
      'is not countersigned',
      'order-not-countersigned',
      async () => {
        const { order } = await ordered();
        await network.stamp(order);
        return { countersigned: order };
      },
    ],
    [
      'is countersigned without being there itself',
      'order-unknown',
      async () => {
        const both = await ordered();
        await network.stamp(both.countersigned);
        return both;
      },
    ],
    ['is of a member that may not order', 'order-unentitled', () => standing({ from: OTHER })],
    ['is countersigned by who does not run the bus', 'order-unentitled', () => standing({ to: OTHER })],
    ['is countersigned for longer', 'order-not-agreed', () => standing({}, { until: clock.now() + 11 * DAY_MS })],
    ['has ended', 'order-ended', () => standing({ until: Date.now() - 1_000 })],
    ['is too long', 'order-too-long', () => standing({ until: Date.now() + 31 * DAY_MS })],
  ])('%s', async (_, claim, orderOf) => {
    const ann = somebody();
    const access = await accessed(await orderOf(), [ann]);
    expect(idsOf(await seenBy(ann))).toEqual([access.statement.payload.id]);
    await eventually(() => claimsOf(access).length > 0);
    expect(claimsOf(access)[0]).toEqual({ alarm: 'opening-flawed', flaw: 'concealment-false', claim, from: CONSUMER });
  });

  it('comes after the call', async () => {
    const ann = somebody();
    const both = await ordered();
    await network.stamp(both.order);
    const requested = await network.requested([ann]);
    await network.stamp(requested.statement);
    await network.stamp(both.countersigned);
    // The log that feedback follows shows them by then.
    const id = both.order.payload.id;
    await eventually(async () => 'countersignature' in (await asks(CONSUMER, `/v1/concealments/${id}`)).body, {
      timeoutMs: 20_000,
    });
    await opened(requested, both.countersigned.leafHash);
    expect(idsOf(await seenBy(ann))).toEqual([requested.statement.payload.id]);
    await eventually(() => claimsOf(requested).length > 0);
    expect(claimsOf(requested)[0]).toMatchObject({ claim: 'order-late', from: CONSUMER });
  });

  it('is another member’s', async () => {
    const ann = somebody();
    const { countersigned } = await standing();
    const requested = await network.requested([ann], [], { from: OTHER, to: OTHER, svc: `${OTHER}/persons` });
    const foreign = {
      ...requested,
      statement: await signStatement(requested.statement.payload, network.audit.signerOf(OTHER)),
    };
    await network.stamp(foreign.statement);
    await opened(foreign, countersigned.leafHash);
    expect(idsOf(await seenBy(ann))).toEqual([foreign.statement.payload.id]);
    await eventually(() => claimsOf(foreign).length > 0);
    expect(claimsOf(foreign)[0]).toMatchObject({ claim: 'order-foreign', from: OTHER });
  });
});

describe('statements of concealment that are given to feedback', () => {
  const give = (subsystem: string, { jws }: Pick<Statement, 'jws'>) =>
    asks(subsystem, '/v1/concealments', { method: 'POST', body: JSON.stringify({ statement: jws }) });

  it('come into the log, are shown to their parties, and counted for auditors alone', async () => {
    const ann = somebody();
    const { order, countersigned } = await ordered();
    const { id } = order.payload;
    expect(await give(OPERATOR, countersigned)).toMatchObject({ status: 404, body: { code: 'order-unknown' } });
    const taken = await give(CONSUMER, order);
    expect(taken).toMatchObject({ status: 200, body: { id, leaf: order.leafHash.toString('base64url') } });
    expect(await give(CONSUMER, order)).toEqual(taken);
    const waiting = await asks(OPERATOR, `/v1/concealments/${id}`);
    expect(waiting.body).toMatchObject({ id, authority: CONSUMER, doc: order.payload.doc });
    expect(waiting.body).not.toHaveProperty('countersignature');
    expect((await give(OPERATOR, countersigned)).status).toBe(200);
    const named = countersigned.leafHash.toString('base64url');
    expect((await asks(CONSUMER, `/v1/concealments/${id}`)).body).toMatchObject({ countersignature: named });
    await accessed({ countersigned }, [ann]);
    const [newest] = (await asks(OTHER, '/v1/concealments?limit=1')).body['orders'] as object[];
    expect(newest).toMatchObject({ id, accesses: 1 });
    expect((await asks(CONSUMER, `/v1/concealments/${id}`)).body).not.toHaveProperty('accesses');
    expect(await asks(CONSUMER, '/v1/concealments')).toMatchObject({ status: 404 });
    const open = await fetch(`${app.url}/v1/statistics/concealments`);
    expect(await open.json()).toEqual({});
  });

  it.each<[string, string, string, () => Promise<readonly [string, Pick<Statement, 'jws'>]>]>([
    ['no statement', 'order-unsound', 'jws-header', () => Promise.resolve([CONSUMER, { jws: 'a.b.c' }])],
    ['of another subsystem', 'order-unsound', 'not-the-signer', async () => [OPERATOR, (await ordered()).order]],
    [
      'of another type',
      'order-unsound',
      'another-type',
      async () => [CONSUMER, (await network.requested([somebody()])).statement],
    ],
    [
      'of no authority',
      'order-unentitled',
      'order-unentitled',
      async () => [OTHER, (await ordered({ from: OTHER })).order],
    ],
    ['that has ended', 'order-term', 'order-ended', async () => [CONSUMER, (await ordered({ until: 1 })).order]],
    [
      'that is too long',
      'order-term',
      'order-too-long',
      async () => [CONSUMER, (await ordered({ until: clock.now() + 99 * DAY_MS })).order],
    ],
    [
      'whose signature is another’s',
      'order-unsound',
      'key-unknown',
      async () => {
        const { order } = await ordered();
        return [CONSUMER, await signStatement(order.payload, network.audit.signerOf(OTHER))];
      },
    ],
  ])('are refused when they are %s', async (_, code, problem, made) => {
    const [subsystem, statement] = await made();
    expect((await give(subsystem, statement)).body).toMatchObject({ code, problem });
  });

  it('are shown to nobody else', async () => {
    const { order } = await standing();
    const { id } = order.payload;
    await eventually(async () => (await asks(CONSUMER, `/v1/concealments/${id}`)).status === 200);
    expect((await asks('TEST/GOV/1009/operator', `/v1/concealments/${id}`)).status).toBe(200);
    expect((await asks(CONSUMER, `/v1/concealments/${newExchangeId()}`)).body).toMatchObject({ code: 'order-unknown' });
    expect((await fetch(`${app.url}/v1/concealments/${id}`)).status).toBe(401);
  });
});

// Last: it goes on to another day, on which other keys are in use.
describe('a concealed access', () => {
  it('is in no list, page or count until its instant, then at its place; the log has it all along', async () => {
    const ann = somebody();
    const before = await network.commitments('concealed');
    const [first, last] = [await network.requested([ann]), await network.requested([ann])];
    const order = await standing({ until: clock.now() + 60_000 });
    await network.stamp(first.statement);
    await opened(first);
    const hidden = await accessed(order, [ann], [ann]);
    await network.stamp(last.statement);
    await opened(last);

    const shown = [last, first].map(({ statement }) => statement.payload.id);
    expect(idsOf(await seenBy(ann))).toEqual(shown);
    expect(idsOf(await seenBy(ann, { role: 'user' }))).toEqual([]);
    const page = await seenBy(ann, { limit: '1' });
    expect(idsOf(await seenBy(ann, { limit: '1', cursor: page.next ?? '' }))).toEqual(shown.slice(1));
    // As many rows as are shown: the last page says that it is the last.
    expect((await seenBy(ann, { limit: '2' })).next).toBeUndefined();
    expect(await network.commitments('concealed')).toBe(before + 2);
    const leaves = (await network.audit.leaves()).map(({ body }) => Buffer.from(body).toString());
    expect(leaves).toContain(hidden.statement.jws);
    expect(claimsOf(hidden)).toEqual([]);

    clock.advance(59_000);
    expect(idsOf(await seenBy(ann))).toEqual(shown);
    clock.advance(1_000);
    const all = (await seenBy(ann)).rows;
    const { id } = hidden.statement.payload;
    expect(all.map(({ exchangeId, role }) => `${exchangeId} ${role}`).sort()).toEqual(
      [...shown.map((one) => `${one} subject`), `${id} subject`, `${id} user`].sort(),
    );
    await eventually(async () => (await network.commitments('concealed')) === before, { timeoutMs: 30_000 });
  });
});
