import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newExchangeId } from '#kernel';
import { signStatement, type AccessPayload, type RefusalsPayload } from '#signing';
import { AuditNetwork, CONSUMER } from './audit-network.js';

jest.setTimeout(60_000);

let network: AuditNetwork;
beforeAll(async () => {
  network = await AuditNetwork.create();
  await network.startInForce();
});
afterAll(() => network.close());

const GATEWAY = 'TEST/gw1';
const refusals = (changes: Partial<RefusalsPayload> = {}): RefusalsPayload => {
  const [id, now] = [newExchangeId(), Date.now()];
  return {
    v: 1,
    t: 'refusals',
    id,
    ts: now,
    from: CONSUMER,
    why: 'gateway-busy',
    n: 7,
    until: now,
    ref: GATEWAY,
    ...changes,
  };
};
const access = (): AccessPayload => {
  const doc = `h1:${Buffer.alloc(32).toString('base64url')}`;
  return { v: 1, t: 'access.searched', id: newExchangeId(), ts: Date.now(), from: CONSUMER, doc };
};

describe('what instances state of themselves (statements.md §2)', () => {
  it('is taken from the gateway that it names', async () => {
    const { leaf, isProven } = await network.stampAndWait(await signStatement(refusals(), network.signerOf(GATEWAY)));
    expect([leaf.refused, leaf.slot, leaf.signer, isProven]).toEqual(['', '-', GATEWAY, true]);
  });

  it('is not taken from another instance, from a member, or in another gateway’s name', async () => {
    for (const [payload, signer] of [
      [refusals(), 'TEST/audit1'],
      [refusals(), CONSUMER],
      [refusals({ ref: 'TEST/gw2' }), GATEWAY],
      [refusals({ ref: 'TEST/audit1' }), 'TEST/audit1'],
      [access(), GATEWAY],
      [access(), CONSUMER],
    ] as const) {
      const statement = await signStatement(payload, network.signerOf(signer));
      expect([signer, await network.refusalOf(statement)]).toEqual([signer, 'signer-unknown']);
    }
  });

  it('is taken from audit about who read', async () => {
    const { leaf } = await network.stampAndWait(await signStatement(access(), network.signerOf('TEST/audit1')));
    expect([leaf.refused, leaf.slot, leaf.signer]).toEqual(['', '-', 'TEST/audit1']);
  });
});
