import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { newExchangeId, type InstanceId } from '#kernel';
import { OpeningSessions, sealOpening } from '#openings';
import { openDatabase, type Database, type Queries } from '#postgres';
import {
  commit,
  generateSealingKey,
  generateSigningKey,
  jwkSigner,
  publicJwk,
  signStatement,
  startSession,
  type StatementPayload,
} from '#signing';
import { createDatabase, fakeClock, type TestDatabase } from '#testing';
import type { ClaimVerdict } from '../concealment/claims.service.js';
import { Erasure } from '../erasure/erasure.service.js';
import { ErasureStore } from '../erasure/erasure.store.js';
import { keyMigrations } from '../key-store/migrations/index.js';
import { DoomedKeys } from '../key-store/doomed-keys.store.js';
import { ErasureMarks } from '../key-store/erasure-marks.store.js';
import { PersonKeys } from '../key-store/person-keys.store.js';
import { FollowedLogStore } from '../log-follower/followed-log.store.js';
import { rowsOf } from '../log-follower/leaf-row.js';
import { migrations } from '../migrations/index.js';
import { ErasedOpenings } from './erased-openings.service.js';
import { InboxStore } from './inbox.store.js';
import { OpeningMatch } from './opening-match.service.js';

const INSTANCE = 'TEST/feedback1' as InstanceId;
const sealing = generateSealingKey();
const kek = randomBytes(32);
const signer = jwkSigner(generateSigningKey());

let own: TestDatabase;
let database: Database;
let keys: Database;
beforeAll(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'feedback', migrations, poolSize: 3 });
  keys = await openDatabase({ url: own.url, schema: 'feedback_keys', migrations: keyMigrations, poolSize: 3 });
}, 60_000);
afterAll(async () => {
  await database.close();
  await keys.close();
  await own.drop();
});

/** An answer that alone tells its subject, with its opening. */
async function answer(concealment?: Buffer, ts = Date.now()) {
  const { commitment, opening } = commit('subject', { country: 'TEST', type: 'PIN', code: 'TEST000007' });
  const id = newExchangeId();
  const parties = { from: 'T/GOV/1/a', to: 'T/GOV/2/b', svc: 'T/GOV/2/b/s', ep: 'GET /' };
  const prev = randomBytes(32).toString('base64url');
  const res = `h1:${randomBytes(32).toString('base64url')}`;
  const statement = await signStatement(
    { v: 1, t: 'exchange.answered', id, ts, ...parties, prev, st: 200, res, snap: 1, subj: [commitment] },
    signer,
  );
  const session = await startSession({ recipient: INSTANCE, kid: sealing.kid, publicJwk: publicJwk(sealing) });
  const said = { exchangeId: id, statementHash: statement.leafHash, subjects: [opening], users: [] };
  const named = concealment === undefined ? {} : { concealment };
  const sealed = (more: object) => Buffer.from(sealOpening({ ...said, ...more }, session));
  return { statement, value: sealed(named), silent: sealed({}) };
}

async function becomesLeaf(origin: string, { leafHash, jws }: { leafHash: Buffer; jws: string }): Promise<void> {
  const logs = new FollowedLogStore(database, 600_000);
  const position = await logs.position(origin);
  const leaf = { index: position.frontier.size, hash: leafHash, body: Buffer.from(jws) };
  await logs.take(
    position,
    position.frontier.extend([leafHash]),
    rowsOf([leaf], () => false),
    Date.now(),
  );
}

const arrives = async (statement: Buffer, value: Buffer, offset: bigint) => {
  const inbox = new InboxStore(database);
  const stretch = { partition: 0, from: offset, lastOffset: offset, lastHash: Buffer.alloc(32) };
  await inbox.take(stretch, [{ statement, kid: sealing.kid, value, offset, atMs: Date.now() }]);
};

/** `verdict`: what the log, as far as it was followed, says of an order that is named. */
const match = async (isCaughtUp = true, verdict?: ClaimVerdict) => {
  const sessions = new OpeningSessions(INSTANCE, () => sealing);
  const opening = new OpeningMatch({
    ...{
      database,
      inbox: new InboxStore(database),
      sessions,
      keys: new PersonKeys(keys, kek),
      people: () => () => undefined,
    },
    bus: { publish: () => Promise.resolve() },
    erased: new ErasedOpenings(new DoomedKeys(keys), new ErasureMarks(keys)),
    claims: { judge: () => Promise.resolve(verdict === undefined ? [] : [verdict]) },
    isCaughtUp: () => isCaughtUp,
  });
  // Whichever lane it is in.
  const [first, second] = [await opening.match(10, 0), await opening.match(10, 1)];
  return first.openings > 0 ? first : second;
};

const matched = async (...opening: Parameters<typeof arrives>) => {
  await arrives(...opening);
  return match();
};

const counted = async () =>
  database.query(
    `SELECT origin, state, count(*)::integer AS n,
            (SELECT count(*)::integer FROM subject_access AS access WHERE access.log_id = followed_log.log_id) AS rows
       FROM commitment JOIN followed_log USING (log_id) GROUP BY followed_log.log_id, origin, state ORDER BY origin`,
  );

describe('a statement whose stamp was repeated while a window closed', () => {
  it('is one access, whether its opening comes before or after its second leaf, and each log’s sum holds', async () => {
    const [early, late] = [await answer(), await answer()];
    await becomesLeaf('a', early.statement);
    await becomesLeaf('a', late.statement);
    expect(await matched(early.statement.leafHash, early.value, 0n)).toMatchObject({ rows: 1 });
    await becomesLeaf('b', early.statement);
    await becomesLeaf('b', late.statement);
    expect(await matched(late.statement.leafHash, late.value, 1n)).toMatchObject({ rows: 1 });
    expect(await matched(early.statement.leafHash, early.value, 2n)).toMatchObject({ rows: 0, flawed: [] });
    expect(await counted()).toEqual([
      { origin: 'a', state: 'indexed', n: 2, rows: 2 },
      { origin: 'b', state: 'repeated', n: 2, rows: 0 },
    ]);
  });

  it('is one access as well where it was indexed twice before', async () => {
    const before = await createDatabase();
    const open = (all: typeof migrations) =>
      openDatabase({ url: before.url, schema: 'feedback', migrations: all, poolSize: 2 });
    const old = await open(migrations.slice(0, 1));
    await old.query(
      `INSERT INTO commitment (log_id, idx, kind, position, statement, exchange, exchange_id, consumer, value, ts_ms,
                               seen_ms, state, ask_ms)
       SELECT log, 5, 0, 0, '\\x01', '\\x01', gen_random_uuid(), '', '', 9, 9, said, 9
         FROM (VALUES (1, 'pending'), (2, 'indexed'), (3, 'indexed')) AS leaf (log, said)`,
    );
    await old.query(
      `INSERT INTO subject_access (epoch, tag, ts_ms, log_id, idx, kind, position, exchange, end_user, opening_enc)
       SELECT 1, '\\x02', 9, log, 5, 0, 0, '\\x01', 'none', '' FROM unnest(ARRAY[2, 3]) AS log`,
    );
    await old.close();
    const now = await open(migrations);
    expect(await now.query('SELECT log_id, state FROM commitment ORDER BY log_id')).toEqual([
      { log_id: 1, state: 'repeated' },
      { log_id: 2, state: 'indexed' },
      { log_id: 3, state: 'repeated' },
    ]);
    expect(await now.query('SELECT log_id FROM subject_access')).toEqual([{ log_id: 2 }]);
    await now.close();
    await before.drop();
  });
});

describe('an opening that names an order which the log does not show', () => {
  it('waits while the log was not followed to its end, and is shown and told once it was', async () => {
    const { statement, value } = await answer(randomBytes(32));
    await becomesLeaf('a', statement);
    await arrives(statement.leafHash, value, 3n);
    expect(await match(false, { flaw: 'order-unknown' })).toEqual({ openings: 0, rows: 0, flawed: [], isFull: false });
    expect(await match(true, { flaw: 'order-unknown' })).toMatchObject({
      rows: 1,
      flawed: [{ flaw: 'concealment-false', claim: 'order-unknown' }],
    });
  });

  it('is concealed where the order is read meanwhile', async () => {
    const { statement, value } = await answer(randomBytes(32));
    await becomesLeaf('a', statement);
    await arrives(statement.leafHash, value, 4n);
    await match(false, { flaw: 'order-unknown' });
    const untilMs = Date.now() + 60_000;
    expect(await match(true, { untilMs })).toMatchObject({ rows: 1, flawed: [] });
    const rows = await database.query(`SELECT concealed_until FROM subject_access WHERE concealed_until IS NOT NULL`);
    expect(rows).toEqual([{ concealed_until: String(untilMs) }]);
  });

  it.each([true, false])('conceals where only one end names it; that one first: %s', async (isFirst) => {
    const { statement, value, silent } = await answer(randomBytes(32));
    await becomesLeaf('a', statement);
    const offset = isFirst ? 5n : 7n;
    await arrives(statement.leafHash, isFirst ? value : silent, offset);
    await arrives(statement.leafHash, isFirst ? silent : value, offset + 1n);
    expect(await match(true, { untilMs: Date.now() + 60_000 })).toMatchObject({ openings: 2, rows: 1 });
    const [row] = await database.query<{ state: string }>('SELECT state FROM commitment WHERE statement = $1', [
      statement.leafHash,
    ]);
    expect(row).toEqual({ state: 'concealed' });
  });
});

describe('an erasure while there are commitments that nobody has opened', () => {
  const DAY_MS = 24 * 60 * 60_000;
  /** The first of a quarter: leaves of two quarters can be opened still. */
  const clock = fakeClock(Date.UTC(2026, 9, 1, 12));
  const remembered = () =>
    keys.query('SELECT DISTINCT epoch, origin, before_idx FROM erasure_mark WHERE origin = $1 ORDER BY epoch', [
      'late',
    ]);
  const erasureOver = (store: ErasureStore) => {
    const statements = {
      sign: <Payload extends StatementPayload>(payload: Payload) => signStatement(payload, signer),
      ...{ keep: () => Promise.resolve(), wake: () => undefined },
    };
    const [doomed, marks] = [new DoomedKeys(keys), new ErasureMarks(keys)];
    return new Erasure({
      ...{ store, doomed, marks, statements, clock, keys: new PersonKeys(keys, kek), erased: () => undefined },
    });
  };
  const erase = (erasure: Erasure) => erasure.erase([{ country: 'TEST', type: 'PIN', code: 'TEST000008' }]);

  it('is remembered for those that can be opened still, and no longer for others', async () => {
    const ages = [400, 35, 32, 0];
    const made = await Promise.all(ages.map((days) => answer(undefined, clock.now() - days * DAY_MS)));
    for (const { statement } of made) await becomesLeaf('late', statement);
    await erase(erasureOver(new ErasureStore(database)));
    const whole = { origin: 'late', before_idx: '4' };
    const [summer, autumn] = [2026 * 4 + 2, 2026 * 4 + 3];
    expect(await remembered()).toEqual([
      { epoch: summer, ...whole },
      { epoch: autumn, ...whole },
    ]);
    for (const [at, { statement, value }] of made.slice(2).entries()) {
      await erasureOver(new ErasureStore(database)).letGo();
      expect(await remembered()).toHaveLength(2);
      await matched(statement.leafHash, value, BigInt(9 + at));
    }
    await erasureOver(new ErasureStore(database)).letGo();
    expect(await remembered()).toEqual([]);
  });

  it('does not read them all, neither while everybody waits nor when it looks what is left', async () => {
    await database.query(
      `INSERT INTO commitment (log_id, idx, kind, position, statement, exchange, exchange_id, consumer, value, ts_ms,
                               seen_ms, state, ask_ms)
       SELECT log_id, n + 10, 0, 0, sha256(n::text::bytea), '\\x01', gen_random_uuid(), '', '', $1::bigint - n * 100000::bigint, 9,
              'pending', 9
         FROM followed_log CROSS JOIN generate_series(1, 20000) AS n WHERE origin = 'late'`,
      [clock.now()],
    );
    await database.query(`UPDATE followed_log SET next_idx = 30000 WHERE origin = 'late'`);
    await database.query('ANALYZE commitment');
    const read: number[] = [];
    const erasure = erasureOver(new ErasureStore(countingRows(database, (rows) => read.push(rows))));
    await erase(erasure);
    await erasure.letGo();
    expect(await remembered()).toHaveLength(2);
    expect([read.length, read.every((rows) => rows > 0 && rows < 2_000)]).toEqual([2, true]);
  });
});

interface Plan {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

/** Tells how many rows PostgreSQL takes in hand, by its own count, for each look at what is `pending`. */
function countingRows(of: Database, tell: (rows: number) => void): Database {
  const rowsOf = (plan: Plan): number =>
    (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'] +
    (plan.Plans ?? []).reduce((sum, below) => sum + rowsOf(below), 0);
  const counting = (queries: Queries): Queries['query'] => {
    return async <Result extends object>(sql: string, parameters?: readonly unknown[]) => {
      if (sql.includes(`'pending'`)) {
        const explain = `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`;
        const [row] = await queries.query<{ 'QUERY PLAN': { Plan: Plan }[] }>(explain, parameters);
        tell(row?.['QUERY PLAN'].reduce((sum, { Plan }) => sum + rowsOf(Plan), 0) ?? 0);
      }
      return queries.query<Result>(sql, parameters);
    };
  };
  const transaction: Database['transaction'] = (work) =>
    of.transaction((queries) => work({ ...queries, query: counting(queries) }));
  return { ...of, query: counting(of), transaction };
}
