import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sql } from '../harness/steps.js';
import type { AuditProcess } from './spec-support/audit-process.js';
import { DrillGround } from './spec-support/drill-ground.js';
import { hasJudge } from './spec-support/outside-judge.js';

jest.setTimeout(120_000);

/** The one statement of a batch (`audit-log.md` §3.3). */
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

(hasJudge ? describe : describe.skip)('kill -9 of the sequencer, mid-batch and under load', () => {
  it.each(['before', 'after'] as const)('%s its commit: it goes on where the log stands', async (moment) => {
    ground.stampers.start();
    await ground.stampers.progress(200);
    await audit.boundary.arm({ step: appended, moment, fate: 'halt' });
    await audit.kill();
    await audit.start();
    await audit.ready();
    await ground.stampers.progress(200);
  });

  it('every receipt ever released verifies, no stamp is lost and none doubled', async () => {
    expect(await ground.judge(audit)).toMatchObject({
      verified: true,
      stamped: ground.stampers.stamped.length,
      others: { 'registry.manifest': 1 },
    });
  });
});
