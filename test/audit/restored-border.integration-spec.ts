import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { eventually } from '#testing';
import type { AuditNetwork } from './audit-network.js';
import { networkOfWindows, newestWindow, rotated } from './windows-lab.js';

jest.setTimeout(120_000);

let network: AuditNetwork;
beforeAll(async () => {
  network = await networkOfWindows();
});
afterAll(() => network.close());

it('a database from between the end of a window and the next opens no second one, however often it looks', async () => {
  const first = await network.startInForce({ rotationIntervalMs: 50 });
  await network.stampAndWait(await network.requested());
  await rotated(network, 2);
  await network.stampAndWait(await network.requested());
  await first.close();
  // What a copy holds that was made before the opening; its owner may lift the triggers.
  await network.database.transaction(async (queries) => {
    await queries.query('SET LOCAL session_replication_role = replica');
    for (const table of ['log_anchor', 'manifest', 'log_leaf', 'log_tile', 'log_head'])
      await queries.query(`DELETE FROM audit.${table} WHERE log_id = 2`);
  });
  const restored = await network.start({ rotationIntervalMs: 50 });
  await eventually(async () => (await (await fetch(`${restored.url}/ready`)).text()).includes('log-behind'), {
    timeoutMs: 30_000,
  });
  // The checkpoint topic remembers the one that was opened. Dozens of looks later there is still no other.
  await expect(eventually(async () => (await newestWindow(network)) === 2, { timeoutMs: 2_000 })).rejects.toThrow();
  expect(await newestWindow(network)).toBe(1);
});
