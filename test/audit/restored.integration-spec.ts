import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { fixedTopics } from '#contracts';
import { eventually } from '#testing';
import { AuditNetwork } from './audit-network.js';

jest.setTimeout(90_000);

let network: AuditNetwork;
beforeAll(async () => {
  network = await AuditNetwork.create();
});
afterAll(() => network.close());

it('a database older than the published checkpoints stamps nothing, whatever lies behind them', async () => {
  const first = await network.startInForce();
  await network.stampAndWait(await network.requested());
  await first.close();
  const garbage = Array.from({ length: 30 }, (_, at) => ({
    topic: fixedTopics.checkpoints.name,
    partition: 0,
    value: Buffer.from(`other.example/log\n${at}\n`),
  }));
  await network.bus.publish(garbage);
  // What a restored copy from before the first stamp holds; its owner may lift the triggers.
  await network.database.transaction(async (queries) => {
    await queries.query('SET LOCAL session_replication_role = replica');
    for (const table of ['manifest', 'log_leaf', 'log_tile', 'log_head'])
      await queries.query(`DELETE FROM audit.${table}`);
  });
  const restored = await network.start();
  await eventually(async () => (await (await fetch(`${restored.url}/ready`)).text()).includes('log-behind'), {
    timeoutMs: 30_000,
  });
  expect((await network.head()).size).toBe(0);
});
