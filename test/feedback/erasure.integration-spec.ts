import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { RunningApp } from '#platform';
import { publicDigest } from '#snapshot';
import { eventually, TestIssuer } from '#testing';
import { CONSUMER } from '../audit/audit-network.js';
import { readPage } from '../../apps/feedback/web/access-row.js';
import { AccessHistory } from '../../apps/feedback/src/access-history/access-history.service.js';
import { AccessHistoryStore } from '../../apps/feedback/src/access-history/access-history.store.js';
import { Erasure } from '../../apps/feedback/src/erasure/erasure.service.js';
import { ErasureStore } from '../../apps/feedback/src/erasure/erasure.store.js';
import { DoomedKeys } from '../../apps/feedback/src/key-store/doomed-keys.store.js';
import { ErasureMarks } from '../../apps/feedback/src/key-store/erasure-marks.store.js';
import type { DataKey } from '../../apps/feedback/src/key-store/person-keys.store.js';
import { epochTagKey, type EpochTag } from '../../apps/feedback/src/key-store/tag.js';
import { keepOpening, openKept } from '../../apps/feedback/src/openings/kept-opening.js';
import { OwnStatements } from '../../apps/feedback/src/statements/own-statements.service.js';
import { CrashPoint } from './crash-point.js';
import { accessed, asPerson, dump, loggedErasures, settled, stateOf } from './erasing.js';
import { FeedbackNetwork, person } from './feedback-network.js';
import { verdictsOf, verifiedLog } from './proving.js';

// Each step of the one that ends is an erasure through the whole network.
jest.setTimeout(240_000);

/** Nobody of them exists. */
const [ANN, BEN, CID] = [person('PIN/TEST000001'), person('PIN/TEST000002'), person('PIN/TEST000003')];

let issuer: TestIssuer;
let network: FeedbackNetwork;
let app: RunningApp;
beforeAll(async () => {
  issuer = await TestIssuer.create();
  network = await FeedbackNetwork.create((text) => TestIssuer.definitionOf(issuer) + text);
  app = await network.start({ portals: [CONSUMER] });
});
afterAll(() => network.close());

const erase = (sub: string, query = '', claims = {}) =>
  asPerson(network, issuer, app, { method: 'DELETE', path: `/v1/subjects/me${query}`, sub, claims });
const shown = async (sub: string) => {
  const answer = await asPerson(network, issuer, app, { method: 'GET', path: '/v1/subjects/me/accesses', sub });
  return (answer.body['accesses'] as { exchangeId: string }[]).map(({ exchangeId }) => exchangeId);
};

/** With evidence. */
const rowsOf = async (sub: string) => {
  const path = '/v1/subjects/me/accesses?proofs=true';
  const page = readPage((await asPerson(network, issuer, app, { method: 'GET', path, sub })).body);
  if (page === undefined) throw new TypeError('no page');
  return page.accesses;
};

describe('a person who has themselves erased', () => {
  it('is in nothing that feedback has, and the log tells how much that was, and nothing else', async () => {
    const made = await accessed(network, ANN, BEN, ANN, CID, ANN);
    const before = await stateOf(network);
    const bens = await shown(BEN.code);
    const answer = await erase(ANN.code);
    expect(answer.status).toBe(200);
    expect(await shown(ANN.code)).toEqual([]);
    await settled(network);
    const [leaf, ...more] = await loggedErasures(network);
    expect(more).toEqual([]);
    expect(answer.body).toEqual({ statements: [leaf?.leafHash.toString('base64url')] });
    expect(leaf).toMatchObject({ n: 3, doc: publicDigest(network.audit.origins[0] ?? '') });
    const after = await stateOf(network);
    const gone = before.keys.filter(({ id }) => !after.keys.some((key) => (key['id'] as Buffer).equals(id as Buffer)));
    expect(gone.map(({ id }) => (id as Buffer).toString('base64url'))).toEqual([leaf?.ref]);
    expect(after.rows).toEqual(
      before.rows.filter((row) => !(row['key_id'] as Buffer).equals(gone[0]?.['id'] as Buffer)),
    );
    expect(after.rows).toHaveLength(2);
    expect(await network.commitments('erased')).toBe(3);
    expect(await shown(BEN.code)).toEqual(bens);
    expect(await shown(CID.code)).toEqual([made[3]?.statement.payload.id]);
  });

  it('leaves nothing that opens, neither in a backup of the rows nor with any key that is left', async () => {
    await accessed(network, ANN, BEN);
    const backup = (await stateOf(network)).rows;
    const [anns] = await network.accesses(ANN);
    await erase(ANN.code);
    const { keys } = await network.databases();
    const left = await keys.query<{ epoch: number; tag: Buffer }>('SELECT epoch, tag FROM data_key');
    const dataKeys = [...(await network.personKeys(keys).find(left)).values()];
    const opened = backup.flatMap((row) =>
      dataKeys.flatMap((key) => {
        const place = {
          exchange: row['exchange'] as Buffer,
          index: Number(row['idx']),
          position: Number(row['position']),
        };
        return openKept(key, { ...place, kind: 'subject' }, row['opening_enc'] as Buffer)?.code ?? [];
      }),
    );
    expect(backup.some((row) => Number(row['idx']) === anns?.leaf.index)).toBe(true);
    expect(opened).toContain(BEN.code);
    expect(opened).not.toContain(ANN.code);
  });

  it('takes no proof from anybody: every row of others is proven as before, and the log is whole', async () => {
    const had = (await rowsOf(BEN.code)).length;
    const [anns, bens, foul] = [
      await network.requested([ANN, BEN]),
      await network.requested([BEN]),
      await network.requested([ANN]),
    ];
    const answers = await Promise.all([anns, bens, foul].map(({ statement }) => network.answered(statement)));
    await network.stamp(...[anns, bens, foul, ...answers].map(({ statement }) => statement));
    await network.send(...(await Promise.all([anns, bens, foul].map((one) => network.sealed(one)))));
    const before = await eventually(async () => {
      const rows = await rowsOf(BEN.code);
      return rows.length === had + 2 ? rows : undefined;
    });
    const [shownToAnn] = await eventually(async () => {
      const rows = await rowsOf(ANN.code);
      return rows.length === 2 ? rows : undefined;
    });
    await erase(ANN.code);
    await settled(network);
    const rows = await rowsOf(BEN.code);
    expect(rows.map(({ exchangeId, leaf }) => ({ exchangeId, leaf }))).toEqual(
      before.map(({ exchangeId, leaf }) => ({ exchangeId, leaf })),
    );
    const verdicts = await verdictsOf(network, rows, `TEST/PIN/${BEN.code}`);
    // That an answer never came no log proves.
    expect(verdicts).toEqual(rows.map(({ disclosed }) => (disclosed ? 'proven' : 'unproven')));
    // One leaf speaks of both, and proves the other's row still.
    expect(
      rows
        .filter(({ disclosed }) => disclosed)
        .map(({ exchangeId }) => exchangeId)
        .sort(),
    ).toEqual([anns, bens].map(({ statement }) => statement.payload.id).sort());
    // What the erased person kept proves itself: the log has not changed.
    if (shownToAnn === undefined) throw new TypeError('no row');
    expect(await verdictsOf(network, [shownToAnn], `TEST/PIN/${ANN.code}`)).toEqual(['proven']);
    const report = await verifiedLog(network);
    expect([report.verified, report.findings]).toEqual([true, []]);
    expect(report.leavesRead).toBe((await network.audit.leaves()).length);
  });

  it('is shown again who looks from then on, under another key', async () => {
    await accessed(network, ANN);
    await erase(ANN.code);
    const [made] = await accessed(network, ANN);
    expect(await shown(ANN.code)).toEqual([made?.statement.payload.id]);
  });

  it('is not brought back by another opening of what was erased', async () => {
    const [made] = await accessed(network, ANN);
    await erase(ANN.code);
    const [fence] = await accessed(network, BEN);
    if (made === undefined || fence === undefined) throw new TypeError('nothing made');
    await network.send(await network.sealed(made), await network.sealed(fence));
    await accessed(network, CID);
    expect(await shown(ANN.code)).toEqual([]);
  });

  it('is told nothing of what is concealed, which is shown on its day', async () => {
    await accessed(network, ANN, ANN);
    const { feedback, keys } = await network.databases();
    const [hidden] = await network.accesses(ANN);
    if (hidden === undefined) throw new TypeError('no access');
    const { opening, leaf, request } = hidden;
    const [row] = await feedback.query<{ epoch: number; tag: Buffer }>(
      'SELECT epoch, tag FROM subject_access WHERE idx = $1',
      [leaf.index],
    );
    const untilMs = Date.now() + 60_000;
    const person = { ...row, concealedUntilMs: untilMs } as EpochTag;
    const key = (await network.personKeys(keys).ensure([person])).get(epochTagKey(person)) as DataKey;
    const sealed = keepOpening(key.key, { exchange: request.hash, ...opening, index: leaf.index }, opening);
    await feedback.query(
      'UPDATE subject_access SET concealed_until = $2, key_id = $3, opening_enc = $4 WHERE idx = $1',
      [leaf.index, untilMs, key.id, sealed],
    );
    await feedback.query(`UPDATE commitment SET state = 'concealed' WHERE idx = $1`, [leaf.index]);
    const { body } = await erase(ANN.code);
    await settled(network);
    const [told] = (await loggedErasures(network)).filter(
      ({ leafHash }) => leafHash.toString('base64url') === (body['statements'] as string[])[0],
    );
    expect([told?.n, told?.ref.split(' ').length, await shown(ANN.code)]).toEqual([1, 1, []]);
    const compromises = { since: () => Promise.resolve(undefined) };
    const onTheDay = new AccessHistory(
      new AccessHistoryStore(feedback),
      network.personKeys(keys),
      { now: () => untilMs },
      compromises,
    );
    const page = await onTheDay.page({ subjects: [ANN], limit: 10 });
    expect(page.accesses.map(({ exchangeId }) => exchangeId)).toEqual([hidden.exchangeId]);
    // And it can be erased from then on.
    expect(await new ErasureStore(feedback).concealedBefore([person], untilMs)).toEqual([person]);
    await keys.query('DELETE FROM data_key WHERE id = $1', [key.id]);
    await feedback.query('DELETE FROM subject_access WHERE idx = $1', [leaf.index]);
    await feedback.query('DELETE FROM commitment WHERE idx = $1', [leaf.index]);
  });

  it('may ask twice at once, and again, to the same end', async () => {
    await accessed(network, ANN, BEN, ANN);
    const erasures = (await loggedErasures(network)).length;
    const both = await Promise.all([erase(ANN.code), erase(ANN.code)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(both.flatMap(({ body }) => body['statements'])).toHaveLength(1);
    expect((await erase(ANN.code)).body).toEqual({ statements: [] });
    await settled(network);
    expect((await loggedErasures(network)).slice(erasures)).toMatchObject([{ n: 2 }]);
  });

  it('loses nothing of those whom they represent, and ends nothing in another’s name', async () => {
    await accessed(network, ANN, BEN);
    const bens = await shown(BEN.code);
    expect(bens.length).toBeGreaterThan(0);
    const anns = await shown(ANN.code);
    const represents = [BEN.code];
    expect(await erase(ANN.code, `?subject=TEST/PIN/${BEN.code}`, { represents })).toMatchObject({
      status: 403,
      body: { code: 'subject-not-yours' },
    });
    expect(await erase(ANN.code, '?all=true')).toMatchObject({ status: 400, body: { code: 'request-malformed' } });
    expect(await shown(ANN.code)).toEqual(anns);
    expect(await erase(ANN.code, `?subject=TEST/PIN/${ANN.code}`, { represents })).toMatchObject({ status: 200 });
    expect(await shown(ANN.code)).toEqual([]);
    expect(await erase('OFF000001', '', { kind: 'official' })).toMatchObject({
      status: 403,
      body: { code: 'end-user-not-citizen' },
    });
    expect(await erase(BEN.code, '', { acr: 'low' })).toMatchObject({
      status: 401,
      body: { code: 'end-user-invalid' },
    });
    expect(await shown(BEN.code)).toEqual(bens);
  });
});

describe('feedback that is started again', () => {
  const restarted = async (restore: () => Promise<unknown>) => {
    await network.stop(app);
    await restore();
    app = await network.start({ portals: [CONSUMER] });
  };
  /** Each row is sealed anew when its opening is read again. */
  const comparable = async () => {
    const state = await stateOf(network);
    return { ...state, rows: state.rows.map((row) => ({ ...row, opening_enc: undefined })) };
  };

  it('destroys again what a backup of the keys has brought back', async () => {
    await accessed(network, ANN);
    const { keys } = await network.databases();
    const restore = await dump(keys, 'feedback_keys');
    await erase(ANN.code);
    await settled(network);
    const before = await comparable();
    await restarted(restore);
    await eventually(async () => isDeepStrictEqual((await comparable()).keys, before.keys));
    expect(await shown(ANN.code)).toEqual([]);
  });

  it('ends in the same state on a restored database: those erased stay erased, those after are shown', async () => {
    await accessed(network, ANN, BEN);
    const { feedback } = await network.databases();
    const restore = await dump(feedback, 'feedback');
    // Between the backup and the erasure, and after it: their openings are still on the topic, and are read again.
    await accessed(network, ANN, CID, ANN);
    await erase(ANN.code);
    await settled(network);
    await accessed(network, ANN, CID);
    const [before, seen, told] = [await comparable(), await shown(ANN.code), await loggedErasures(network)];
    expect(seen).toHaveLength(1);
    await restarted(restore);
    await eventually(async () => isDeepStrictEqual(await comparable(), before), { timeoutMs: 30_000 }).catch(async () =>
      expect(await comparable()).toEqual(before),
    );
    expect(await shown(ANN.code)).toEqual(seen);
    expect(await loggedErasures(network)).toEqual(told);
  });

  it('ends in the same state on a restored database where an access was opened after its erasure only', async () => {
    const { feedback } = await network.databases();
    const made = [await network.requested([ANN]), await network.requested([BEN])];
    await network.stamp(...made.map(({ statement }) => statement));
    await eventually(async () => (await network.commitments('pending')) === made.length);
    const restore = await dump(feedback, 'feedback');
    const bens = await shown(BEN.code);
    await erase(ANN.code);
    await network.send(...(await Promise.all([...made, ...made].map((one) => network.sealed(one)))));
    await eventually(async () => (await shown(BEN.code)).length === bens.length + 1, { timeoutMs: 30_000 });
    await settled(network);
    expect(await shown(ANN.code)).toEqual([]);
    const [before, told] = [await comparable(), await loggedErasures(network)];
    expect(told.reduce((sum, { n }) => sum + n, 0)).toBe(await network.commitments('erased'));
    await restarted(restore);
    await eventually(async () => isDeepStrictEqual(await comparable(), before), { timeoutMs: 30_000 }).catch(async () =>
      expect(await comparable()).toEqual(before),
    );
    expect([await shown(ANN.code), await loggedErasures(network)]).toEqual([[], told]);
  });

  it('ends in the same state where both databases are restored', async () => {
    await accessed(network, ANN, BEN);
    const { feedback, keys } = await network.databases();
    const [restoreRows, restoreKeys] = [await dump(feedback, 'feedback'), await dump(keys, 'feedback_keys')];
    await erase(ANN.code);
    await settled(network);
    const before = await comparable();
    await restarted(() => Promise.all([restoreRows(), restoreKeys()]));
    await eventually(async () => isDeepStrictEqual(await comparable(), before), { timeoutMs: 30_000 }).catch(async () =>
      expect(await comparable()).toEqual(before),
    );
    expect(await shown(ANN.code)).toEqual([]);
  });
});

describe('a process that ends in the middle of an erasure', () => {
  it.each(['before', 'after'] as const)('leaves all to the next one, %s each step', async (moment) => {
    const { feedback, keys } = await network.databases();
    const count = async (crash: CrashPoint) => {
      const statements = new OwnStatements({
        ...{ database: feedback, bus: network.bus, clock: { now: () => Date.now() }, failed: () => undefined },
        ...{ signer: () => network.audit.signerOf('TEST/feedback1'), givenUp: () => undefined },
      });
      const keyStore = crash.over(keys);
      const erasure = new Erasure({
        ...{ statements, clock: { now: () => Date.now() }, erased: () => undefined },
        store: new ErasureStore(crash.over(feedback)),
        keys: network.personKeys(keyStore),
        doomed: new DoomedKeys(keyStore),
        marks: new ErasureMarks(keyStore),
      });
      await erasure.erase([ANN]);
    };
    await accessed(network, ANN);
    const quiet = new CrashPoint();
    await count(quiet);
    expect(quiet.steps).toBeGreaterThan(7);
    const bens = await shown(BEN.code);
    for (let step = 1; step <= quiet.steps; step += 1) {
      await accessed(network, ANN, ANN);
      await expect(count(new CrashPoint(step, moment))).rejects.toMatchObject({ code: 'ended' });
      // The person asks again, as the answer says; what was begun is ended by whoever runs.
      expect((await erase(ANN.code)).status).toBe(200);
      await settled(network);
      const told = (await loggedErasures(network)).reduce((sum, { n }) => sum + n, 0);
      const { rows } = await stateOf(network);
      expect([step, await shown(ANN.code), told]).toEqual([step, [], await network.commitments('erased')]);
      expect(rows).toHaveLength(await network.commitments('indexed'));
    }
    expect(await shown(BEN.code)).toEqual(bens);
  });
});
