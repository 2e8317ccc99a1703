import type { BusAccess, GrantedRights } from '#bus';
import { busErrors } from '#bus';
import { rightKey, rightsByHand, type BusRight } from '#contracts';
import { silentLogger } from '#platform';
import { firstSnapshot } from '../snapshot/first-snapshot.js';
import { BusRightsService } from './bus-rights.service.js';
import { rightsOf } from './rights-of.js';

const snapshot = firstSnapshot('DEMO/registry1', []);
const stray: BusRight = { principal: 'DEMO.gw9', on: 'topic', name: 'request.x', isPrefix: false, to: 'read' };

/** Lists in memory, as a broker keeps them; `failing` is thrown by the next call, before or after its effect. */
class Lists implements BusAccess {
  readonly entries = new Map<string, BusRight>();
  failing: { readonly on: 'granted' | 'grant' | 'revoke'; readonly isDone: boolean } | undefined;

  granted(): Promise<GrantedRights | undefined> {
    return this.perform('granted', () => ({ rights: [...this.entries.values()], others: 0 }));
  }
  grant(rights: readonly BusRight[]): Promise<void> {
    return this.perform('grant', () => rights.forEach((right) => this.entries.set(rightKey(right), right)));
  }
  revoke(rights: readonly BusRight[]): Promise<void> {
    return this.perform('revoke', () => rights.forEach((right) => this.entries.delete(rightKey(right))));
  }

  private perform<Value>(name: 'granted' | 'grant' | 'revoke', work: () => Value): Promise<Value> {
    const failing = this.failing?.on === name ? this.failing : undefined;
    if (failing !== undefined) this.failing = undefined;
    if (failing?.isDone === false) return Promise.reject(busErrors.error('bus-access-denied'));
    const value = work();
    return failing === undefined ? Promise.resolve(value) : Promise.reject(busErrors.error('bus-unavailable'));
  }
}

const service = (access: BusAccess | undefined) =>
  new BusRightsService({ access, firstAudits: [], logger: silentLogger() });

it('brings the lists to the snapshot, and leaves what the operator gave', async () => {
  const lists = new Lists();
  const byHand = rightsByHand('DEMO/registry1');
  await lists.grant([...byHand, stray]);
  const rights = service(lists);
  await rights.widen(snapshot);
  // Not before the snapshot is in force: somebody may still go by the one before.
  expect(lists.entries.has(rightKey(stray))).toBe(true);
  await rights.settle(snapshot);
  expect([...lists.entries.keys()].sort()).toEqual([...byHand, ...rightsOf(snapshot)].map(rightKey).sort());
  expect(rights.reading()).toEqual({ state: 'ok', details: { managed: rightsOf(snapshot).length, foreign: 0 } });
});

it.each([
  ['granted', false],
  ['grant', false],
  ['grant', true],
  ['revoke', false],
  ['revoke', true],
] as const)('goes on after %s failed (done all the same: %s), and says so meanwhile', async (on, isDone) => {
  const lists = new Lists();
  await lists.grant([stray]);
  lists.failing = { on, isDone };
  const rights = service(lists);
  await rights.settle(snapshot);
  if (on !== 'granted' && on !== 'grant') expect(rights.reading().state).toBe('degraded');
  await rights.settle(snapshot);
  expect([...lists.entries.keys()].sort()).toEqual(rightsOf(snapshot).map(rightKey).sort());
  expect(rights.reading().state).toBe('ok');
});

it('says loudly, and once, that a broker keeps no lists', async () => {
  const said: string[] = [];
  const logger = Object.assign(Object.create(silentLogger()) as ReturnType<typeof silentLogger>, {
    warn: (_fields: unknown, message: string) => said.push(message),
  });
  const none: BusAccess = {
    granted: () => Promise.resolve(undefined),
    grant: () => Promise.reject(busErrors.error('bus-access-denied')),
    revoke: () => Promise.reject(busErrors.error('bus-access-denied')),
  };
  const rights = new BusRightsService({ access: none, firstAudits: [], logger });
  await rights.settle(snapshot);
  await rights.settle(snapshot);
  expect(said).toEqual([expect.stringContaining('NO ACCESS LISTS')]);
  expect(rights.reading()).toMatchObject({ state: 'ok', details: { lists: expect.stringContaining('none') } });
});

it('has nobody to keep out where the bus is within one process', async () => {
  const rights = service(undefined);
  await rights.settle(snapshot);
  expect(rights.reading().state).toBe('ok');
});
