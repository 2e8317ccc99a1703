import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Bus } from '#bus';
import { fixedTopics } from '#contracts';
import { newExchangeId, type InstanceId } from '#kernel';
import { OpeningSessions, sealOpening } from '#openings';
import { openDatabase, type Database } from '#postgres';
import {
  commit,
  generateSealingKey,
  generateSigningKey,
  jwkSigner,
  publicJwk,
  signStatement,
  startSession,
  type SealingSession,
} from '#signing';
import { createDatabase, isolatedBus, testBus, uniqueName, type TestDatabase } from '#testing';
import { CrashPoint } from '../../../../test/feedback/crash-point.js';
import { AccessHistory } from '../access-history/access-history.service.js';
import { AccessHistoryStore } from '../access-history/access-history.store.js';
import { keyMigrations } from '../key-store/migrations/index.js';
import { DoomedKeys } from '../key-store/doomed-keys.store.js';
import { PersonKeys } from '../key-store/person-keys.store.js';
import { FollowedLogStore } from '../log-follower/followed-log.store.js';
import { rowsOf } from '../log-follower/leaf-row.js';
import { migrations } from '../migrations/index.js';
import { ConcealmentClaims } from '../concealment/claims.service.js';
import { InboxStore, LANES } from './inbox.store.js';
import { OpeningMatch } from './opening-match.service.js';

/**
 * The process ends at each of its steps in turn, before the step and after it: every commitment has exactly one row when
 * another process has done the work again, and its opening opens.
 */
jest.setTimeout(120_000);

const INSTANCE = 'TEST/feedback1' as InstanceId;
const sealing = generateSealingKey();
const signer = jwkSigner(generateSigningKey());
const kek = randomBytes(32);

let own: TestDatabase;
let database: Database;
let keysDatabase: Database;
let bus: Bus;
let session: SealingSession;
beforeAll(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'feedback', migrations, poolSize: 4 });
  keysDatabase = await openDatabase({ url: own.url, schema: 'feedback_keys', migrations: keyMigrations, poolSize: 3 });
  bus = isolatedBus(await testBus(), uniqueName('crash'));
  await bus.ensureTopics([fixedTopics.deadFeedback]);
  session = await startSession({ recipient: INSTANCE, kid: sealing.kid, publicJwk: publicJwk(sealing) });
});
afterAll(async () => {
  await bus.close();
  await database.close();
  await keysDatabase.close();
  await own.drop();
});

interface Scene {
  readonly origin: string;
  readonly partition: number;
  readonly leaves: readonly { readonly index: number; readonly hash: Buffer; readonly body: Buffer }[];
  readonly values: readonly Buffer[];
  readonly people: readonly string[];
}

let scenes = 0;
async function newScene(): Promise<Scene> {
  scenes += 1;
  const scene = { origin: `log-${scenes}`, partition: scenes, people: [`A${scenes}`, `B${scenes}`, `C${scenes}`] };
  const made = scene.people.map(async (code, index) => {
    const { commitment, opening } = commit('subject', { country: 'TEST', type: 'PIN', code });
    const id = newExchangeId();
    const parties = { from: 'T/GOV/1/a', to: 'T/GOV/2/b', svc: 'T/GOV/2/b/s', ep: 'GET /' };
    // Two of the first lane, one of the second: every scene has as many steps.
    const isSecond = index === 2;
    let statement: Awaited<ReturnType<typeof signStatement>>;
    do {
      const req = `h1:${randomBytes(32).toString('base64url')}`;
      const said = { pur: 'p', law: 'l', req, subj: [commitment], snap: 1 };
      statement = await signStatement(
        { v: 1, t: 'exchange.requested', id, ts: Date.now(), ...parties, ...said },
        signer,
      );
    } while (statement.leafHash.readUInt8(0) >= 0x80 !== isSecond);
    const openings = { statementHash: statement.leafHash, subjects: [opening], users: [] };
    const value = Buffer.from(sealOpening({ exchangeId: id, ...openings }, session));
    return { leaf: { index, hash: statement.leafHash, body: Buffer.from(statement.jws) }, value };
  });
  const all = await Promise.all(made);
  // One opening from each end, one of them before the leaves.
  return { ...scene, leaves: all.map(({ leaf }) => leaf), values: all.map(({ value }) => value) };
}

async function matchAll(match: OpeningMatch): Promise<void> {
  for (const lane of LANES) while ((await match.match(2, lane)).openings > 0);
}

/** The whole work of a process that starts now. */
async function work({ origin, partition, leaves, values }: Scene, crash: CrashPoint): Promise<void> {
  const [main, keyStore] = [crash.over(database), crash.over(keysDatabase)];
  const logs = new FollowedLogStore(main, 600_000);
  const inbox = new InboxStore(main);
  const sessions = new OpeningSessions(INSTANCE, (kid) => (kid === sealing.kid ? sealing : undefined));
  const claims = new ConcealmentClaims(() => ({ authorities: [], operator: undefined, maxMs: 0 }));
  const keys = new PersonKeys(keyStore, kek);
  const doomed = new DoomedKeys(keyStore);
  const people = () => () => 'citizen' as const;
  const followed = { claims, people, isCaughtUp: () => true };
  const match = new OpeningMatch({ database: main, inbox, keys, doomed, bus, sessions, ...followed });
  const arrived = [...values, ...values].map((value, at) => {
    const statement = leaves[at % leaves.length]?.hash ?? Buffer.alloc(0);
    return { statement, kid: sealing.kid, value, offset: BigInt(at), atMs: Date.now() };
  });
  const takeOpenings = async (until: number) => {
    const { nextOffset: from } = await inbox.readTo(partition);
    const fresh = arrived.slice(Number(from), until);
    await inbox.take({ partition, from, lastOffset: BigInt(until) - 1n, lastHash: Buffer.alloc(32) }, fresh);
  };
  await takeOpenings(values.length);
  const position = await logs.position(origin);
  const fresh = leaves.slice(position.frontier.size);
  const next = position.frontier.extend(fresh.map(({ hash }) => hash));
  await logs.take(
    position,
    next,
    rowsOf(fresh, () => false),
    Date.now(),
  );
  await matchAll(match);
  await takeOpenings(arrived.length);
  await matchAll(match);
}

async function shown(code: string) {
  const history = new AccessHistory(
    new AccessHistoryStore(database),
    new PersonKeys(keysDatabase, kek),
    {
      now: () => Date.now(),
    },
    { since: () => Promise.resolve(undefined) },
  );
  const subjects = [{ country: 'TEST', type: 'PIN', code }];
  return (await history.page({ subjects, limit: 10 })).accesses.map(({ opening }) => opening.code);
}

describe('a process that ends in the middle of its work', () => {
  it.each(['before', 'after'] as const)('leaves one row of each commitment, %s each step', async (moment) => {
    const quiet = new CrashPoint();
    await work(await newScene(), quiet);
    expect(quiet.steps).toBeGreaterThan(20);
    for (let step = 1; step <= quiet.steps; step += 1) {
      const scene = await newScene();
      await expect(work(scene, new CrashPoint(step, moment))).rejects.toMatchObject({ code: 'ended' });
      await work(scene, new CrashPoint());
      const rows = await Promise.all(scene.people.map(shown));
      expect([step, rows]).toEqual([step, scene.people.map((code) => [code])]);
    }
    const [left] = await database.query<{ waiting: string; pending: string }>(
      `SELECT (SELECT count(*) FROM inbox) AS waiting,
              (SELECT count(*) FROM commitment WHERE state <> 'indexed') AS pending`,
    );
    expect(left).toEqual({ waiting: '0', pending: '0' });
  });

  it('is taken over by another that works beside it', async () => {
    const scene = await newScene();
    const both = await Promise.allSettled([work(scene, new CrashPoint()), work(scene, new CrashPoint())]);
    expect(both.filter(({ status }) => status === 'rejected')).toEqual([]);
    await work(scene, new CrashPoint());
    expect(await Promise.all(scene.people.map(shown))).toEqual(scene.people.map((code) => [code]));
  });
});
