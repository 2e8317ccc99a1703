import { beforeAll, expect, it } from '@jest/globals';
import { parseSubsystemId } from '#kernel';
import { KeyRing } from '#signing';
import { buildWorld, fakeClock, type World } from '#testing';
import type { Dispatch } from '../../apps/connector/src/dispatch/dispatch.js';
import { HeldKeys } from '../../apps/connector/src/dispatch/held-keys.js';
import { JournalWorker } from '../../apps/connector/src/journal/journal.worker.js';
import { craft, PROVIDER } from './evil-gateway.js';

let world: World;
beforeAll(async () => {
  world = await buildWorld();
});

it('ends the orphans that can be ended past those that cannot, alarms, and sweeps all the same', async () => {
  const good = await craft(world, { payload: { ep: 'POST /claims' } });
  const failing = await craft(world, { payload: { ep: 'POST /claims' } });
  const rubbish = Array.from({ length: 149 }, () => ({ request: Buffer.from('rubbish') }));
  const rows = [{ request: Buffer.from(failing.value) }, ...rubbish, { request: Buffer.from(good.value) }];
  const ended: string[] = [];
  const alarms: unknown[] = [];
  const failures: string[] = [];
  let swept = 0;
  const silent = () => undefined;
  const provider = parseSubsystemId(PROVIDER);
  const { sign, seal } = world.keysOf(PROVIDER);
  const worker = new JournalWorker({
    journal: {
      orphans: (_grace: number, limit: number, skip?: number) => Promise.resolve(rows.slice(skip, (skip ?? 0) + limit)),
      sweep: () => Promise.resolve((swept += 1)),
    },
    unsafe: {
      settleSeen: ({ envelope }: Dispatch) => {
        if (envelope.exchangeId === failing.id) return Promise.reject(new TypeError('unsent'));
        ended.push(envelope.exchangeId);
        rows.pop();
        return Promise.resolve('settled' as const);
      },
    },
    restamps: { round: () => Promise.reject(new TypeError('unsent')) },
    copy: { current: () => world.view, manifestStatement: undefined },
    keys: new HeldKeys(KeyRing.parse([[PROVIDER, JSON.stringify({ keys: [sign, seal] })]])),
    subsystems: provider.ok ? [provider.value] : [],
    clock: fakeClock(Date.now()),
    keepMs: 1,
    events: {
      contract: () => undefined,
      stated: silent,
      receipted: () => undefined,
      watch: () => ({ passed: () => undefined, ended: () => undefined }),
      dropped: silent,
      deadLettered: silent,
      alarm: (reason, details) => alarms.push([reason, details]),
      failed: (what) => failures.push(what),
    },
  });
  await worker.tidy();
  expect(ended).toEqual([good.id]);
  expect(alarms).toEqual([['journal-orphans-stuck', { stuck: 150 }]]);
  expect(failures).toEqual(['journal-not-tidied', 'journal-not-tidied']);
  expect(swept).toBe(1);
});
