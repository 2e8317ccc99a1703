import { afterEach, expect, it, jest } from '@jest/globals';
import { eventually } from '#testing';
import { AuditNetwork } from './audit-network.js';
import { networkOfWindows, newestWindow, standings, WINDOWS } from './windows-lab.js';

jest.setTimeout(90_000);

let network: AuditNetwork;
afterEach(() => network.close());

it('a window ends at its size, and goes on beyond it where there is no key for another', async () => {
  network = await networkOfWindows();
  await network.startInForce({ windowLeaves: 16 });
  const stamped = [];
  for (let turn = 0; turn < 5; turn += 1) {
    const some = await Promise.all(Array.from({ length: 20 }, () => network.requested()));
    stamped.push(...some);
    await network.stamp(some);
    await eventually(() => some.every(({ leafHash }) => network.receiptOf(leafHash)?.isProven), { timeoutMs: 30_000 });
  }
  expect(await newestWindow(network)).toBe(WINDOWS.length);
  expect(new Set(await standings(network, stamped))).toEqual(new Set([1]));
  const sizes = await network.database.query<{ final: boolean; size: string }>(
    'SELECT final_size IS NOT NULL AS final, size FROM audit.log_head ORDER BY log_id',
  );
  expect(sizes.map(({ final }) => final)).toEqual([true, true, false]);
  expect(sizes.every(({ size }) => Number(size) > 16)).toBe(true);
});

it('a window ends with its half-year, by the broker’s time, as soon as there is a manifest', async () => {
  const origins = ['audit.test.example/TEST/0/2020h1', WINDOWS[0] ?? ''];
  network = await AuditNetwork.create({ origins });
  await network.startInForce({ rotationIntervalMs: 60_000 });
  await eventually(async () => (await newestWindow(network)) === 2);
  expect(await network.stampAndWait(await network.requested())).toMatchObject({ isProven: true, origin: WINDOWS[0] });
});
