import { jest } from '@jest/globals';
import { eventually } from '#testing';
import { call, ENTITLEMENTS, exchangeIdOf, MYGOV } from '../../system/spec-support/bus-under-test.js';
import { accountOf } from '../harness/accounts.js';
import { startFaultBus, type FaultBus } from '../harness/fault-bus.js';
import { sql } from '../harness/steps.js';

jest.setTimeout(120_000);

let bus: FaultBus;
beforeAll(async () => void (bus = await startFaultBus({ serviceTimeoutMs: 12_000 })));
afterAll(() => bus.end());

const claim = () =>
  call(bus.instance, {
    target: `${ENTITLEMENTS}/claims`,
    method: 'POST',
    client: MYGOV,
    purpose: 'citizen-view',
    body: { pin: 'TEST000004', benefit: 'housing-support' },
  });
const settled = async (id: string, leaves: readonly string[]) =>
  eventually(
    async () => {
      const account = await accountOf(bus.instance, id);
      expect(account.leaves).toEqual(leaves);
      return account;
    },
    { timeoutMs: 30_000, intervalMs: 100 },
  );

describe('a connector killed', () => {
  it('after an unsafe call and before its journal row is done states outcome-unknown, once, and calls nobody again', async () => {
    const dead = bus.killAt('cn2', sql(/^UPDATE journal j SET state = 'done'/), 'before');
    const told = claim();
    await dead;
    await bus.bringBack('cn2');
    const answer = await told;
    const account = await settled(exchangeIdOf(answer), ['requested', 'failed outcome-unknown']);
    expect(account.calls).toEqual(['benefits']);
    expect(answer.status).toBeGreaterThanOrEqual(500);
  });
});
