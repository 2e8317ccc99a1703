import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { fixedTopics } from '#contracts';
import type { Statement } from '#signing';
import { eventually } from '#testing';
import { PATIENCE, type AuditProcess } from './spec-support/audit-process.js';
import { DrillGround } from './spec-support/drill-ground.js';
import { hasJudge } from './spec-support/outside-judge.js';
import { TopicTools } from './spec-support/topic-tools.js';

jest.setTimeout(120_000);

const STAMP = fixedTopics.stamp.name;
const ACCEPT = { KEREGE_AUDIT_ACCEPT_NEW_TOPIC: 'true' };

let ground: DrillGround;
let audit: AuditProcess;
let topics: TopicTools;
beforeAll(async () => {
  if (!hasJudge) return;
  ground = await DrillGround.prepare();
  topics = new TopicTools(ground.brokers, ground.network.bus);
  audit = await ground.audit();
  await audit.start();
  await ground.network.enact(ground.network.world);
});
afterAll(async () => {
  if (hasJudge) await ground.end();
});

const end = () => ground.network.bus.endOffset(STAMP, 0);
/** Nobody has a receipt for these, and no bytes of them are left at the broker. */
async function loseUnread(count: number): Promise<Statement[]> {
  const lost = await ground.stampers.send(count);
  await topics.truncate(STAMP, await end());
  return lost;
}
const isRefused = async (size: number) => {
  await audit.says('the log is not taken over: stamp-topic-truncated');
  expect((await ground.network.head()).size).toBe(size);
};

(hasJudge ? describe : describe.skip)('the stamp topic is truncated', () => {
  it('behind what the log has read: nobody notices, at work or at a start', async () => {
    ground.stampers.start();
    await ground.stampers.progress(200);
    await topics.truncate(STAMP, (await ground.network.head()).nextOffset);
    await ground.stampers.progress(200);
    await ground.stampers.settle();
    const { nextOffset } = await ground.network.head();
    await topics.truncate(STAMP, nextOffset);
    await audit.stop();
    await audit.start();
    await audit.ready();
    await ground.stampers.settle();
  });

  it('before stamps were read, while nobody sequences: refused at the start until a human has decided', async () => {
    await audit.stop();
    const { size } = await ground.network.head();
    const lost = await loseUnread(50);
    await audit.start();
    await isRefused(size);
    await audit.stop();
    await audit.start(ACCEPT);
    await audit.ready();
    await audit.stop();
    // The decision is stored: no later start needs it.
    await audit.start();
    await audit.ready();
    expect(ground.stampers.missing.map(({ jws }) => jws)).toEqual(lost.map(({ jws }) => jws));
    await ground.stampers.settle();
  });

  it('before stamps were read, under a sequencer that is slow: it lets the log go instead of reading on', async () => {
    audit.freeze();
    // What the broker answers to the fetch under way; whatever comes later has to be asked for.
    await ground.stampers.send(1);
    await ground.stampers.send(1);
    const lost = await loseUnread(50);
    audit.thaw();
    const [next] = await ground.stampers.send(1);
    await audit.says('stamp-topic-truncated');
    expect(await audit.log()).toContain('"code":"stamp-topic-truncated"');
    expect(ground.network.receiptOf(next!.leafHash)).toBeUndefined();
    await isRefused((await ground.network.head()).size);
    await audit.stop();
    await audit.start(ACCEPT);
    await eventually(() => ground.network.receiptOf(next!.leafHash)?.isProven, PATIENCE);
    const missing = new Set(ground.stampers.missing);
    expect(lost.every((statement) => missing.has(statement))).toBe(true);
  });

  it('every receipt ever released verifies, and who stamped in vain has stamped again', async () => {
    expect(await ground.judge(audit)).toMatchObject({
      verified: true,
      stamped: ground.stampers.stamped.length,
      others: { 'registry.manifest': 1 },
    });
  });
});
