import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { openDatabase, type Database } from '#postgres';
import type { RegistryView } from '#snapshot';
import { createDatabase, type TestDatabase } from '#testing';
import { encodeBundle } from '#tlog';
import { ElementLedger } from '../../apps/feedback/src/corrections/element-ledger.store.js';
import { disclosedTo } from '../../apps/feedback/src/corrections/recipients.store.js';
import { FollowedLogStore } from '../../apps/feedback/src/log-follower/followed-log.store.js';
import { rowsOf } from '../../apps/feedback/src/log-follower/leaf-row.js';
import { migrations } from '../../apps/feedback/src/migrations/index.js';
import { ELEMENTS, history, snapshots, START_MS, statedHistory, type LaidHistory } from './random-histories.js';
import { Recount, type CountedPlace, type ExportedOpening } from './recount-recipients.js';

jest.setTimeout(120_000);

const HISTORIES = 1_200;
const EPOCH = 1;
const PER_BUNDLE = 256;
const FROM = process.env['KEREGE_SPEC_SEED'];
const seed = FROM === undefined ? Math.trunc(Math.random() * 0x7fffffff) : Number(FROM);

let own: TestDatabase;
let database: Database;
const unseen: (readonly [number, number])[] = [];
let ledger: ElementLedger;

beforeAll(async () => {
  own = await createDatabase();
  database = await openDatabase({ url: own.url, schema: 'feedback', migrations, poolSize: 4 });
  ledger = new ElementLedger({
    database,
    unseen: (after, before) => void unseen.push([after, before]),
    failed: (cause) => {
      throw cause;
    },
  });
});
afterAll(async () => {
  await database.close();
  await own.drop();
});

const tagOf = (subject: string) => createHash('sha256').update(subject).digest();
const subjectOf = (at: number) => `TEST/PIN/H${String(at).padStart(5, '0')}`;

/** What the ledger reads of a snapshot. */
function viewOf(number: number, places: readonly CountedPlace[]): Pick<RegistryView, 'number' | 'members'> {
  const services = Map.groupBy(places, ({ service }) => service);
  const subsystems = [...services].map(([service, own]) => ({
    id: service.slice(0, service.lastIndexOf('/')),
    services: [
      {
        code: service.slice(service.lastIndexOf('/') + 1),
        endpoints: [...Map.groupBy(own, ({ endpoint }) => endpoint)].map(([endpoint, elements]) => ({
          endpoint,
          elements: elements.map(({ element }) => ({ element, pointer: '/x' })),
        })),
      },
    ],
  }));
  return { number, members: () => [{ subsystems }] } as unknown as Pick<RegistryView, 'number' | 'members'>;
}

/** As the follower takes leaves in. */
async function follow(laid: readonly LaidHistory[]): Promise<void> {
  const store = new FollowedLogStore(database, 60_000);
  let position = await store.position('audit.test.example/TEST/0/2026h2');
  const statements = laid.flatMap((one) => one.statements);
  for (let at = 0; at < statements.length; at += 4_000) {
    const part = statements.slice(at, at + 4_000);
    const leaves = part.map(({ jws, leafHash }, place) => ({
      ...{ index: at + place, hash: leafHash, body: Buffer.from(jws) },
    }));
    const next = position.frontier.extend(leaves.map(({ hash }) => hash));
    expect(
      await store.take(
        position,
        next,
        rowsOf(leaves, () => false),
        Date.now(),
      ),
    ).toBe(true);
    position = { ...position, frontier: next };
  }
}

/**
 * As the match writes what openings told: the leaf, and the request that it belongs to by its own words. Every third row is
 * one of those that do not know which kind of exchange they speak of.
 */
async function index(openings: readonly (ExportedOpening & { readonly index: number })[]): Promise<void> {
  await database.query(
    `INSERT INTO subject_access (epoch, tag, ts_ms, log_id, idx, kind, position, exchange, end_user, opening_enc, key_id,
                                 exchange_kind, asked_ms)
     SELECT ${EPOCH}, tag, commitment.ts_ms, commitment.log_id, idx, 0, opening.position, exchange, 'none', '', '',
            asked.id, asked.ts_ms
       FROM unnest($1::bytea[], $2::bigint[], $3::smallint[]) AS opening (tag, idx, position)
       JOIN commitment USING (idx, position)
       LEFT JOIN (SELECT leaf_hash, ts_ms, kind.id FROM exchange
                    JOIN exchange_kind AS kind USING (consumer, service, endpoint)) AS asked
              ON asked.leaf_hash = commitment.exchange AND commitment.idx % 3 > 0
      WHERE commitment.kind = 0`,
    [
      openings.map(({ subject }) => tagOf(subject)),
      openings.map((opening) => opening.index),
      openings.map(({ position }) => position),
    ],
  );
}

const found = async (subject: string, element: string, sinceMs: number) =>
  (await disclosedTo(database, [{ epoch: EPOCH, tag: tagOf(subject) }], [{ element, sinceMs }])).map(
    ({ subsystem, lastExchangeId }) => ({ member: subsystem, lastExchangeId }),
  );

describe(`recipients of ${HISTORIES} random histories (KEREGE_SPEC_SEED=${seed})`, () => {
  it('are those of a recount from bundles, snapshots and openings, by code that knows nothing of feedback', async () => {
    const [places = []] = fc.sample(snapshots, { seed, numRuns: 1 });
    for (const [at, one] of places.entries()) await ledger.noted(viewOf(at + 1, one));
    const drawn = fc.sample(history, { seed, numRuns: HISTORIES });
    const laid: LaidHistory[] = [];
    let size = 0;
    for (const [at, one] of drawn.entries()) {
      const stated = await statedHistory(one, subjectOf(at), size);
      laid.push(stated);
      size += stated.statements.length;
    }
    await follow(laid);
    const openings = laid.flatMap((one) => one.openings);
    await index(openings);
    const leaves = laid.flatMap((one) => one.statements.map(({ jws }) => Buffer.from(jws)));
    const bundles = Array.from({ length: Math.ceil(leaves.length / PER_BUNDLE) }, (_, at) =>
      encodeBundle(leaves.slice(at * PER_BUNDLE, (at + 1) * PER_BUNDLE)),
    );
    const recount = new Recount({
      ...{ bundles, openings },
      snapshots: new Map(places.map((one, at) => [at + 1, one])),
    });
    let recipients = 0;
    for (const [at, { element: which, since }] of drawn.entries()) {
      const [subject, element] = [subjectOf(at), ELEMENTS[which] ?? ''];
      const sinceMs = since === 0 ? 0 : START_MS + since * 1_000;
      const expected = recount.of({ subject, element, since: sinceMs });
      recipients += expected.length;
      expect({ at, seed, found: await found(subject, element, sinceMs) }).toEqual({ at, seed, found: expected });
    }
    // A generator that makes no recipients would prove nothing.
    expect(recipients).toBeGreaterThan(HISTORIES / 30);
  });
});

describe('snapshots that were not seen', () => {
  it('are told of, and judged by the nearest one before them', async () => {
    const [place] = fc.sample(snapshots, { seed, numRuns: 1 })[0]?.[0] ?? [];
    const before = unseen.length;
    const numbers = (await database.query<{ n: string }>('SELECT max(last_snap) AS n FROM element_ledger'))[0];
    const last = Number(numbers?.n);
    await ledger.noted(viewOf(last + 3, place === undefined ? [] : [place]));
    await ledger.noted(viewOf(last + 2, []));
    expect(unseen.slice(before)).toEqual([[last, last + 3]]);
    const runs = await database.query<{ first_snap: string; last_snap: string }>(
      'SELECT first_snap, last_snap FROM element_ledger ORDER BY first_snap DESC LIMIT 2',
    );
    expect(runs.map((run) => [Number(run.first_snap), Number(run.last_snap)])).toEqual([
      [last + 3, last + 3],
      [expect.any(Number), last],
    ]);
  });
});
