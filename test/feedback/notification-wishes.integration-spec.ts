import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { eventually } from '#testing';
import { ErasureStore } from '../../apps/feedback/src/erasure/erasure.store.js';
import { epochOf } from '../../apps/feedback/src/key-store/epoch.js';
import { PreferenceStore } from '../../apps/feedback/src/notifications/preference.store.js';
import { Preferences } from '../../apps/feedback/src/notifications/preferences.service.js';
import { RetentionClasses } from '../../apps/feedback/src/retention/retention-class.js';
import { RetentionStore } from '../../apps/feedback/src/retention/retention.store.js';
import { RetentionWorker } from '../../apps/feedback/src/retention/retention.worker.js';
import { CaseScene, PORTAL } from './case-scene.js';

jest.setTimeout(120_000);

const DAY_MS = 24 * 60 * 60_000;
const KEEP_MS = 400 * DAY_MS;
const START_MS = Date.parse('2026-11-28T08:00:00Z');
const ANN = { country: 'TEST', type: 'PIN', code: 'TEST000001' };
const CALLER = { portal: PORTAL, person: { user: ANN, represents: [] } } as never;
const wishes = (handle: string) => ({ handle, language: 'en', channels: { progress: ['email'] } }) as const;

let scene: CaseScene;
let nowMs: number;

beforeAll(async () => {
  scene = await CaseScene.create();
});
afterAll(() => scene.close());
beforeEach(async () => {
  nowMs = START_MS;
  await scene.feedback.query('DELETE FROM notification_preference');
});

const preferences = () =>
  new Preferences({
    ...{ database: scene.feedback, store: new PreferenceStore(scene.feedback), keys: scene.process().keys },
    clock: { now: () => nowMs },
  });
const epochs = async () =>
  (await scene.feedback.query<{ epoch: number }>('SELECT epoch FROM notification_preference ORDER BY epoch')).map(
    ({ epoch }) => epoch,
  );

/** One pass over what is too old. */
async function retained(): Promise<void> {
  const classes = RetentionClasses.parse(KEEP_MS, []);
  if (classes === undefined) throw new TypeError('no classes');
  const failures: unknown[] = [];
  let isOver = false;
  const { keys } = scene.process();
  const worker = new RetentionWorker({
    ...{ store: new RetentionStore(scene.feedback), erasures: new ErasureStore(scene.feedback) },
    keys: {
      destroyUpTo: async (epoch, limit) => {
        const number = await keys.destroyUpTo(epoch, limit);
        isOver = number < limit;
        return number;
      },
    },
    // Nothing is certified: no access was kept.
    statements: {
      sign: () => Promise.reject(new TypeError('unasked')),
      keep: () => Promise.resolve(),
      wake: () => undefined,
    },
    ...{ classes, clock: { now: () => nowMs }, intervalMs: 60_000, isFollowed: () => true },
    ...{ erased: () => undefined, failed: (cause: unknown) => void failures.push(cause) },
  });
  worker.start();
  await eventually(() => isOver || failures.length > 0);
  await worker.stop();
  expect(failures).toEqual([]);
}

it('lie under the key of the quarter in which they were said last, once', async () => {
  await preferences().put(CALLER, undefined, wishes('h-1'));
  nowMs += 100 * DAY_MS;
  await preferences().put(CALLER, undefined, wishes('h-2'));
  expect(await epochs()).toEqual([epochOf(nowMs)]);
  expect(await preferences().of(ANN, PORTAL)).toEqual(wishes('h-2'));
});

it('move to the key of the quarter in which they are used, and leave nothing behind', async () => {
  await preferences().put(CALLER, undefined, wishes('h-1'));
  nowMs += 100 * DAY_MS;
  expect(await preferences().of(ANN, PORTAL)).toEqual(wishes('h-1'));
  expect(await epochs()).toEqual([epochOf(nowMs)]);
  expect(await preferences().of(ANN, PORTAL)).toEqual(wishes('h-1'));
});

it('stay as they were said last where an older row was left by a crash', async () => {
  await preferences().put(CALLER, undefined, wishes('h-1'));
  const [old] = await scene.feedback.query<Record<string, unknown>>('SELECT * FROM notification_preference');
  nowMs += 100 * DAY_MS;
  await preferences().put(CALLER, undefined, wishes('h-2'));
  await scene.feedback.query(
    'INSERT INTO notification_preference SELECT * FROM jsonb_populate_record(NULL::notification_preference, $1)',
    [JSON.stringify({ ...old, ...bytesOf(old) })],
  );
  expect(await epochs()).toHaveLength(2);
  nowMs += 100 * DAY_MS;
  expect(await preferences().of(ANN, PORTAL)).toEqual(wishes('h-2'));
  expect(await epochs()).toEqual([epochOf(nowMs)]);
});

it('are not brought back where their key was destroyed', async () => {
  await preferences().put(CALLER, undefined, wishes('h-1'));
  await scene.process().keys.destroyUpTo(epochOf(nowMs), 1_000);
  nowMs += 100 * DAY_MS;
  expect(await preferences().of(ANN, PORTAL)).toBeUndefined();
  expect(await epochs()).toEqual([epochOf(START_MS)]);
});

it('hold up the end of nobody’s keys, and lapse with their own', async () => {
  const { keys } = scene.process();
  await preferences().put(CALLER, undefined, wishes('h-1'));
  nowMs += KEEP_MS + 200 * DAY_MS;
  const fresh = { ...ANN, code: 'TEST000002' };
  await preferences().put(
    { portal: PORTAL, person: { user: fresh, represents: [] } } as never,
    undefined,
    wishes('h-3'),
  );
  await retained();
  expect(await epochs()).toEqual([epochOf(nowMs)]);
  expect(await keys.destroyUpTo(epochOf(START_MS), 1)).toBe(0);
  expect(await preferences().of(ANN, PORTAL)).toBeUndefined();
  expect(await preferences().of(fresh, PORTAL)).toEqual(wishes('h-3'));
});

function bytesOf(row: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
  const bytes = Object.entries(row ?? {}).filter((pair): pair is [string, Buffer] => Buffer.isBuffer(pair[1]));
  return Object.fromEntries(bytes.map(([name, value]) => [name, `\\x${value.toString('hex')}`]));
}
