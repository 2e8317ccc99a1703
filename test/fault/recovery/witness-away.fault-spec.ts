import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '#testing';
import { PATIENCE, type AuditProcess } from './spec-support/audit-process.js';
import { DrillGround } from './spec-support/drill-ground.js';
import { DrillWitness } from './spec-support/drill-witness.js';
import { hasJudge } from './spec-support/outside-judge.js';

jest.setTimeout(120_000);

let ground: DrillGround;
let audit: AuditProcess;
let witness: DrillWitness;
beforeAll(async () => {
  if (!hasJudge) return;
  ground = await DrillGround.prepare();
  witness = await DrillWitness.start(ground);
  audit = await ground.audit();
  await audit.start(witness.env);
  await ground.network.enact(ground.network.world);
});
afterAll(async () => {
  if (hasJudge) await ground.end();
});

const seenBy = async () => Number((await audit.part('witnesses')).details?.[witness.name]);
const isCosigned = async () => {
  const note = await (await fetch(`${audit.url}/log/0/2026h2/checkpoint`)).text();
  return note.includes(`— ${witness.name} `);
};

(hasJudge ? describe : describe.skip)('the witness cannot be reached', () => {
  it('traffic goes on, the gap is shown, and it heals when the witness is back', async () => {
    ground.stampers.start();
    await ground.stampers.progress(100);
    await eventually(isCosigned, PATIENCE);
    await witness.leave();
    await ground.stampers.progress(200);
    const part = await eventually(async () => {
      const shown = await audit.part('witnesses');
      return shown.state === 'degraded' ? shown : undefined;
    }, PATIENCE);
    expect(part.reason).toBe(`not cosigned by ${witness.name}: no-answer`);
    // Nobody has seen these leaves, and they are receipted all the same.
    const seen = await seenBy();
    await eventually(() => ground.network.receipts.at(-1)!.size > seen + 200, PATIENCE);
    await audit.ready();
    await ground.stampers.settle();
    const { size } = await ground.network.head();
    await witness.comeBack();
    await eventually(async () => (await seenBy()) >= size, PATIENCE);
    await eventually(async () => (await audit.part('witnesses')).state === 'ok', PATIENCE);
    await eventually(isCosigned, PATIENCE);
  });

  it('every receipt ever released verifies', async () => {
    expect(await ground.judge(audit)).toMatchObject({
      verified: true,
      stamped: ground.stampers.stamped.length,
      others: { 'registry.manifest': 1 },
    });
  });
});
