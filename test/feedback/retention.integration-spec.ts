import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { isDeepStrictEqual } from 'node:util';
import type { RunningApp } from '#platform';
import type { StatementPayload } from '#signing';
import { publicDigest } from '#snapshot';
import { eventually } from '#testing';
import { ErasureStore } from '../../apps/feedback/src/erasure/erasure.store.js';
import { RetentionClasses } from '../../apps/feedback/src/retention/retention-class.js';
import { RetentionStore } from '../../apps/feedback/src/retention/retention.store.js';
import { RetentionWorker } from '../../apps/feedback/src/retention/retention.worker.js';
import { accessed, dump, loggedErasures, settled, stateOf } from './erasing.js';
import { FeedbackNetwork, person } from './feedback-network.js';

jest.setTimeout(120_000);

const DAY_MS = 24 * 60 * 60_000;
/** Nobody of them exists. */
const [ANN, BEN] = [person('PIN/TEST000001'), person('PIN/TEST000002')];
/** What was recorded more than a millisecond ago is too old, but for one purpose. */
const SHORT = { retentionMs: 1, retentionByPurpose: ['kept-long=40'], retentionIntervalMs: 50 };

let network: FeedbackNetwork;
let app: RunningApp;
beforeAll(async () => {
  network = await FeedbackNetwork.create();
  app = await network.start();
});
afterAll(() => network.close());

it('deletes what is too old for its class, and certifies how much, once, also after a restore', async () => {
  await accessed(network, ANN, BEN, ANN);
  await accessed(network, { ...ANN, purpose: 'kept-long' }, { ...BEN, purpose: 'kept-long' });
  const { feedback } = await network.databases();
  const restore = await dump(feedback, 'feedback');
  await network.stop(app);
  app = await network.start(SHORT);
  await eventually(async () => (await network.commitments('erased')) === 3);
  await settled(network);
  const [leaf, ...more] = await loggedErasures(network);
  expect(more).toEqual([]);
  expect(leaf).toMatchObject({ n: 3, doc: publicDigest(network.audit.origins[0] ?? '') });
  expect(leaf?.ref).toMatch(/^retention citizen-view until 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const after = await stateOf(network);
  expect(after.rows).toHaveLength(2);
  expect((await network.accesses(ANN)).map(({ purpose }) => purpose)).toEqual(['kept-long']);
  await network.stop(app);
  await restore();
  app = await network.start(SHORT);
  await eventually(async () => isDeepStrictEqual(await stateOf(network), after));
  expect(await loggedErasures(network)).toHaveLength(1);
  await network.stop(app);
});

it('leaves what is concealed until it was shown, and destroys keys when nothing is left of their quarter', async () => {
  app = await network.start();
  await accessed(network, BEN);
  const { feedback, keys } = await network.databases();
  const stated: StatementPayload[] = [];
  const run = async (nowMs: number) => {
    const classes = RetentionClasses.parse(33 * DAY_MS, []);
    if (classes === undefined) throw new TypeError('no classes');
    const failures: unknown[] = [];
    const worker = new RetentionWorker({
      store: new RetentionStore(feedback),
      erasures: new ErasureStore(feedback),
      keys: network.personKeys(keys),
      statements: {
        sign: (payload) => {
          stated.push(payload);
          return Promise.reject(new TypeError('the process ended here'));
        },
        keep: () => Promise.resolve(),
        wake: () => undefined,
      },
      ...{ classes, clock: { now: () => nowMs }, intervalMs: 60_000, isFollowed: () => true },
      erased: () => undefined,
      failed: (cause) => failures.push(cause),
    });
    worker.start();
    const rows = () => feedback.query('SELECT FROM subject_access');
    await eventually(async () => failures.length > 0 || (await rows()).length === 0);
    await worker.stop();
    return (await rows()).length;
  };
  const nowMs = Date.now();
  await feedback.query(
    'UPDATE subject_access SET concealed_until = $1 WHERE key_id = (SELECT min(key_id) FROM subject_access)',
    [nowMs + 200 * DAY_MS],
  );
  const concealed = (await feedback.query('SELECT FROM subject_access WHERE concealed_until > 0')).length;
  expect(await run(nowMs + 150 * DAY_MS)).toBe(concealed);
  expect((await keys.query('SELECT FROM data_key')).length).toBeGreaterThan(0);
  expect(await run(nowMs + 300 * DAY_MS)).toBe(0);
  // What no statement certifies yet was not forgotten with the process.
  const passes = await feedback.query<{ n: string }>('SELECT n FROM retention_pass');
  expect(passes.reduce((sum, { n }) => sum + Number(n), 0)).toBe(3);
  expect(stated.length).toBeGreaterThan(0);
});
