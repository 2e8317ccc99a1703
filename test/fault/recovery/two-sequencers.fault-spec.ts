import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sql } from '../harness/steps.js';
import type { AuditProcess } from './spec-support/audit-process.js';
import { DrillGround } from './spec-support/drill-ground.js';
import { hasJudge } from './spec-support/outside-judge.js';

jest.setTimeout(120_000);

const appended = sql(/^WITH that AS \( UPDATE log_head/);

let ground: DrillGround;
let first: AuditProcess;
let second: AuditProcess;
beforeAll(async () => {
  if (!hasJudge) return;
  ground = await DrillGround.prepare();
  [first, second] = [await ground.audit(), await ground.audit()];
  await first.start();
  await ground.network.enact(ground.network.world);
  await second.start();
  await second.says('is not ours');
});
afterAll(async () => {
  if (hasJudge) await ground.end();
});

(hasJudge ? describe : describe.skip)('two sequencers on one shard, under load', () => {
  it.each([
    ['the first', () => [first, second] as const],
    ['the second', () => [second, first] as const],
  ])('%s is stopped past its lease, mid-batch, and resumed: it is fenced', async (_which, both) => {
    const [owner, other] = both();
    const { epoch } = await ground.network.head();
    ground.stampers.start();
    await ground.stampers.progress(100);
    await owner.boundary.arm({ step: appended, moment: 'before', fate: 'pass' });
    owner.freeze();
    await other.ready();
    await ground.stampers.progress(200);
    owner.thaw();
    await owner.says('is not ours');
    expect(await owner.log()).toContain('"code":"log-fenced"');
    await ground.stampers.progress(200);
    await other.ready();
    expect((await ground.network.head()).epoch).toBeGreaterThan(epoch);
  });

  it('every receipt ever released verifies: no fork, no stamp lost and none doubled', async () => {
    const verdict = { verified: true, others: { 'registry.manifest': 1 } };
    for (const shown of [first, second])
      expect(await ground.judge(shown)).toMatchObject({ ...verdict, stamped: ground.stampers.stamped.length });
  });
});
