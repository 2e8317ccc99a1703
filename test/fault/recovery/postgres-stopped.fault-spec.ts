import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sql } from '../harness/steps.js';
import type { AuditProcess } from './spec-support/audit-process.js';
import { DrillGround } from './spec-support/drill-ground.js';
import { hasJudge } from './spec-support/outside-judge.js';

jest.setTimeout(120_000);

const appended = sql(/^WITH that AS \( UPDATE log_head/);

let ground: DrillGround;
let audit: AuditProcess;
beforeAll(async () => {
  if (!hasJudge) return;
  ground = await DrillGround.prepare();
  audit = await ground.audit();
  await audit.start();
  await ground.network.enact(ground.network.world);
});
afterAll(async () => {
  if (hasJudge) await ground.end();
});

(hasJudge ? describe : describe.skip)('PostgreSQL is stopped in immediate mode, under load', () => {
  it('recovers by itself, and the sequencer goes on with the batch whose fate it did not know', async () => {
    ground.stampers.start();
    await ground.stampers.progress(200);
    // With a commit under way.
    await audit.boundary.arm({ step: appended, moment: 'before', fate: 'pass' });
    await ground.database.stopImmediately();
    const { size } = ground.network.receipts.at(-1)!;
    await ground.database.startAgain();
    expect(ground.database.log()).toContain('automatic recovery in progress');
    expect((await ground.network.head()).size).toBeGreaterThanOrEqual(size);
    await ground.stampers.progress(200);
    await audit.ready();
  });

  it('every receipt ever released verifies, no stamp is lost and none doubled', async () => {
    expect(await ground.judge(audit)).toMatchObject({
      verified: true,
      stamped: ground.stampers.stamped.length,
      others: { 'registry.manifest': 1 },
    });
  });
});
