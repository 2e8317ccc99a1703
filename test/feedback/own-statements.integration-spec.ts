import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Bus, OutgoingRecord } from '#bus';
import { newExchangeId } from '#kernel';
import { type ErasurePayload } from '#signing';
import { publicDigest } from '#snapshot';
import { eventually, fakeClock } from '#testing';
import { OwnStatements, type OwnStatementsParts } from '../../apps/feedback/src/statements/own-statements.service.js';
import { FeedbackNetwork } from './feedback-network.js';

jest.setTimeout(120_000);
const HOUR_MS = 60 * 60_000;

let network: FeedbackNetwork;
const made: OwnStatements[] = [];

beforeAll(async () => {
  network = await FeedbackNetwork.create();
  await network.start();
});

afterAll(async () => {
  for (const statements of made) await statements.stop();
  await network.close();
});

/** As one process has it, which may end at any time. */
async function process(changes: Partial<OwnStatementsParts> = {}) {
  const { feedback: database } = await network.databases();
  const lost: number[] = [];
  const statements = new OwnStatements({
    ...{ database, bus: network.bus, clock: { now: () => Date.now() } },
    signer: () => network.audit.signerOf('TEST/feedback1'),
    givenUp: (count) => void lost.push(count),
    failed: () => undefined,
    ...changes,
  });
  made.push(statements);
  return { statements, database, lost };
}

async function bodies(): Promise<string[]> {
  return (await network.audit.leaves()).map(({ body }) => Buffer.from(body).toString());
}

function erasure(changes: Partial<ErasurePayload> = {}): ErasurePayload {
  const doc = publicDigest('log');
  return { v: 1, t: 'erasure', id: newExchangeId(), ts: Date.now(), n: 1, doc, ref: 'key', ...changes };
}

it('a statement that was kept comes into the log, and is found there', async () => {
  const { statements, database } = await process();
  const statement = await statements.sign(erasure());
  await database.transaction((queries) => statements.keep(queries, statement));
  statements.start();
  const settled = await statements.settled(statement.leafHash, 20_000);
  expect(settled).toEqual({ ok: true, value: { log: expect.any(String), index: expect.any(Number) } });
  expect(await bodies()).toContain(statement.jws);
});

it('is in the log once after the process ended before, while or after it was sent', async () => {
  const first = await process();
  const statement = await first.statements.sign(erasure());
  await first.database.transaction((queries) => first.statements.keep(queries, statement));
  // The first process ends here; the second sends, and is told that it did not.
  const failing: Pick<Bus, 'publish'> = {
    publish: async (records: readonly OutgoingRecord[]) => {
      await network.bus.publish(records);
      throw new TypeError('no acknowledgement');
    },
  };
  const bus = Object.assign(Object.create(network.bus) as Bus, failing);
  const second = await process({ bus });
  second.statements.start();
  await second.statements.settled(statement.leafHash, 20_000);
  const before = (await bodies()).length;
  const third = await process({ clock: { now: () => Date.now() + 60_000 } });
  third.statements.start();
  await first.database.query('UPDATE own_statement SET idx = NULL, log_id = NULL WHERE leaf_hash = $1', [
    statement.leafHash,
  ]);
  await eventually(async () => {
    const [row] = await first.database.query<{ attempts: number }>(
      'SELECT attempts FROM own_statement WHERE leaf_hash = $1',
      [statement.leafHash],
    );
    return (row?.attempts ?? 0) > 1;
  });
  expect((await bodies()).filter((body) => body === statement.jws)).toHaveLength(1);
  expect((await bodies()).length).toBe(before);
});

it('a transaction that is rolled back leaves nothing to send', async () => {
  const { statements, database } = await process();
  const statement = await statements.sign(erasure());
  const rolledBack = database.transaction(async (queries) => {
    await statements.keep(queries, statement);
    throw new TypeError('changed its mind');
  });
  await expect(rolledBack).rejects.toThrow();
  expect(await statements.settled(statement.leafHash, 0)).toEqual({ ok: false, reason: 'unknown' });
});

it('what the log has not taken within a day is given up, and told', async () => {
  // The app of the network has no reason yet to give it up, and the log none to take it.
  const clock = fakeClock(Date.now() - 22 * HOUR_MS);
  const { statements, database, lost } = await process({ clock });
  const statement = await statements.sign(erasure({ ts: Date.now() - 25 * HOUR_MS }));
  await database.transaction((queries) => statements.keep(queries, statement));
  await expect(statements.settled(statement.leafHash, 0)).rejects.toMatchObject({ code: 'log-silent' });
  clock.set(Date.now() + 2 * HOUR_MS);
  statements.start();
  await eventually(() => lost.length > 0);
  expect(lost).toEqual([1]);
  expect(await statements.settled(statement.leafHash, 0)).toEqual({ ok: false, reason: 'given-up' });
});

it('signs nothing while the registry publishes no key of feedback', async () => {
  const { statements } = await process({ signer: () => undefined });
  await expect(statements.sign(erasure())).rejects.toMatchObject({ code: 'statement-unsigned' });
});
