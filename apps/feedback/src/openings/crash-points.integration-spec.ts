import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CrashPoint } from '../../../../test/feedback/crash-point.js';
import { OpeningScenes, type Scene } from '../../../../test/feedback/opening-scene.js';

/**
 * The process ends at each of its steps in turn, before the step and after it: every commitment has exactly one row when
 * another process has done the work again, and its opening opens; none of whoever was erased before it came.
 */
jest.setTimeout(120_000);

let scenes: OpeningScenes;
beforeAll(async () => {
  scenes = await OpeningScenes.create();
});
afterAll(() => scenes.close());

/** The whole work of a process that starts now: one opening from each end, one of them before the leaves. */
async function work(scene: Scene, crash: CrashPoint): Promise<void> {
  const process = scenes.process(crash);
  const { length } = scene.values;
  await process.takeOpenings(scene, length);
  await process.takeLeaves(scene);
  await process.matchAll();
  await process.takeOpenings(scene, 2 * length);
  await process.matchAll();
}

const codes = ({ people }: Scene) => people.map(({ code }) => [code]);

describe('a process that ends in the middle of its work', () => {
  it.each(['before', 'after'] as const)('leaves one row of each commitment, %s each step', async (moment) => {
    const quiet = new CrashPoint();
    await work(await scenes.scene(), quiet);
    expect(quiet.steps).toBeGreaterThan(20);
    for (let step = 1; step <= quiet.steps; step += 1) {
      const scene = await scenes.scene();
      await expect(work(scene, new CrashPoint(step, moment))).rejects.toMatchObject({ code: 'ended' });
      await work(scene, new CrashPoint());
      expect([step, await scenes.shown(scene)]).toEqual([step, codes(scene)]);
    }
    const [left] = await scenes.feedback.query<{ waiting: string; pending: string }>(
      `SELECT (SELECT count(*) FROM inbox) AS waiting,
              (SELECT count(*) FROM commitment WHERE state <> 'indexed') AS pending`,
    );
    expect(left).toEqual({ waiting: '0', pending: '0' });
  });

  it('is taken over by another that works beside it', async () => {
    const scene = await scenes.scene();
    const both = await Promise.allSettled([work(scene, new CrashPoint()), work(scene, new CrashPoint())]);
    expect(both.filter(({ status }) => status === 'rejected')).toEqual([]);
    await work(scene, new CrashPoint());
    expect(await scenes.shown(scene)).toEqual(codes(scene));
  });
});

describe('a person who is erased before their access is opened', () => {
  /** As a process does it that starts now, whatever one before has done of it. */
  const erasing = async (scene: Scene, crash: CrashPoint) => {
    const process = scenes.process(crash);
    await process.erasure.erase(scene.people.slice(0, 1));
    await scenes.process().takeOpenings(scene, 2 * scene.values.length);
    await process.matchAll();
    await process.erasure.shred();
  };
  const followed = async () => {
    const scene = await scenes.scene();
    await scenes.process().takeLeaves(scene);
    return scene;
  };
  /** The log tells of every destroyed key. */
  const told = async () => {
    const ids = await scenes.keys.query<{ id: Buffer }>('SELECT id FROM doomed_key');
    await scenes.feedback.query(
      'INSERT INTO erased_key (id, is_done) SELECT id, false FROM unnest($1::bytea[]) AS t (id)',
      [ids.map(({ id }) => id)],
    );
    await scenes.process().erasure.replay();
  };
  const marks = async () => (await scenes.keys.query('SELECT FROM erasure_mark')).length;
  const counted = async ({ origin }: Scene) => {
    const [row] = await scenes.feedback.query(
      `SELECT (SELECT coalesce(sum(n), 0)::integer FROM erasure WHERE erasure.log_id = log.log_id) AS told,
              (SELECT count(*)::integer FROM commitment AS c WHERE c.log_id = log.log_id AND state = 'erased') AS erased,
              (SELECT count(*)::integer FROM commitment AS c WHERE c.log_id = log.log_id AND state = 'indexed') AS indexed,
              (SELECT count(*)::integer FROM subject_access AS row WHERE row.log_id = log.log_id) AS rows
         FROM followed_log AS log WHERE origin = $1`,
      [origin],
    );
    return row;
  };

  it.each(['before', 'after'] as const)('is shown nothing of it, counted once, %s each step', async (moment) => {
    const quiet = new CrashPoint();
    await erasing(await followed(), quiet);
    expect(quiet.steps).toBeGreaterThan(20);
    for (let step = 1; step <= quiet.steps; step += 1) {
      const scene = await followed();
      await expect(erasing(scene, new CrashPoint(step, moment))).rejects.toMatchObject({ code: 'ended' });
      await erasing(scene, new CrashPoint());
      expect([step, await scenes.shown(scene)]).toEqual([step, [[], ...codes(scene).slice(1)]]);
      expect([step, await counted(scene)]).toEqual([step, { told: 1, erased: 1, indexed: 2, rows: 2 }]);
      await told();
    }
  });

  it('is forgotten when every opening has come and the log tells of it, and not before', async () => {
    const scene = await followed();
    const { erasure } = scenes.process();
    await erasure.erase(scene.people.slice(0, 1));
    await told();
    await scenes.process().erasure.letGo();
    expect(await marks()).toBe(1);
    await erasing(scene, new CrashPoint());
    await scenes.process().erasure.letGo();
    expect(await marks()).toBe(1);
    await told();
    await scenes.process().erasure.letGo();
    expect(await marks()).toBe(0);
  });

  it('is shown who looks afterwards, also before the erased access is opened', async () => {
    const [before, after] = [await followed(), await scenes.scene()];
    const again = { ...after, people: before.people };
    await scenes.process().erasure.erase(before.people.slice(0, 1));
    const process = scenes.process();
    await process.takeLeaves(again);
    await process.takeOpenings(again, again.values.length);
    await process.takeOpenings(before, before.values.length);
    await process.matchAll();
    await process.erasure.shred();
    expect(await scenes.shown(before)).toEqual([[], ...codes(before).slice(1)]);
    expect(await scenes.shown(after)).toEqual(codes(after));
    await told();
  });
});
