import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ReceivedRecord } from '#bus';
import { fixedTopics } from '#contracts';
import { eventually } from '#testing';
import { leafHash } from '#tlog';
import { PATIENCE, type AuditProcess } from './spec-support/audit-process.js';
import { DrillGround } from './spec-support/drill-ground.js';
import { hasJudge } from './spec-support/outside-judge.js';
import { TopicTools } from './spec-support/topic-tools.js';

jest.setTimeout(120_000);

const LAST = 1_000;
const STAMP = fixedTopics.stamp;

let ground: DrillGround;
let audit: AuditProcess;
let topics: TopicTools;
let records: ReceivedRecord[];
/** Where each of the redelivered statements stands, by leaf hash. */
let standing: ReadonlyMap<string, number>;
let size: number;
beforeAll(async () => {
  if (!hasJudge) return;
  ground = await DrillGround.prepare();
  topics = new TopicTools(ground.brokers, ground.network.bus);
  audit = await ground.audit();
  await audit.start();
  await ground.network.enact(ground.network.world);
  await ground.stampers.send(LAST + 200);
  await ground.stampers.settle();
  records = await topics.last(STAMP.name, LAST);
  standing = new Map(ground.network.receipts.map(({ leaf }) => [hex(leaf.leafHash), Number(leaf.index)]));
  ({ size } = await ground.network.head());
});
afterAll(async () => {
  if (hasJudge) await ground.end();
});

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Each of the records is answered once more, with a receipt for the leaf that stands. */
async function areAnswered(deliver: () => Promise<void>): Promise<void> {
  const before = ground.network.receipts.length;
  await deliver();
  const fresh = await eventually(() => {
    const receipts = ground.network.receipts.slice(before);
    return receipts.length >= records.length ? receipts : undefined;
  }, PATIENCE);
  const answered = new Map(fresh.map((receipt) => [hex(receipt.leaf.leafHash), receipt]));
  for (const { value } of records) {
    const receipt = answered.get(hex(leafHash(value)));
    expect(receipt).toMatchObject({ isProven: true, leaf: { refused: '' } });
    expect(Number(receipt?.leaf.index)).toBe(standing.get(hex(leafHash(value))));
  }
  expect((await ground.network.head()).size).toBe(size);
}

(hasJudge ? describe : describe.skip)('Kafka redelivers the last 1,000 records', () => {
  it('to the sequencer at work: receipts for the leaves that stand, nothing twice', async () => {
    expect(records).toHaveLength(LAST);
    await areAnswered(() => topics.produceAgain(records));
  });

  it('to one that was killed while it read them', async () => {
    await areAnswered(async () => {
      audit.freeze();
      await topics.produceAgain(records);
      await audit.kill();
      await audit.start();
    });
    await audit.ready();
  });

  // `next_offset` never goes back; only a topic that was made anew is read from an older offset.
  it('to one that starts from offset 0 of a topic that was made anew: refused, and then as ever', async () => {
    await audit.stop();
    await topics.makeAnew(STAMP);
    await topics.produceAgain(records);
    await audit.start();
    await audit.says('stamp-topic-truncated');
    expect((await ground.network.head()).size).toBe(size);
    await audit.stop();
    await areAnswered(() => audit.start({ KEREGE_AUDIT_ACCEPT_NEW_TOPIC: 'true' }));
    expect((await ground.network.head()).nextOffset).toBe(BigInt(LAST));
  });

  it('every receipt ever released verifies, no leaf is there twice', async () => {
    expect(await ground.judge(audit)).toMatchObject({
      verified: true,
      stamped: ground.stampers.stamped.length,
      others: { 'registry.manifest': 1 },
    });
  });
});
