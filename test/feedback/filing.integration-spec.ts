import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { CaseStanding } from '../../apps/feedback/src/corrections/case-standing.js';
import { Filing, OTHER_OWNER, OWNER } from './filing.js';

jest.setTimeout(120_000);

describe('a request that a gateway files', () => {
  let filing: Filing;

  beforeAll(async () => {
    filing = await Filing.create();
    await filing.start();
  });
  afterAll(() => filing.close());

  it('comes to the owner of the datum once the log shows it, and to nobody else', async () => {
    const exchangeId = await filing.seen('TEST000001');
    const { id } = await filing.routed({ code: 'TEST000001', exchangeId });
    const listOf = async (owner: typeof OWNER) => {
      const { body } = await filing.member(owner, '/v1/owner/corrections?state=open');
      return (body['cases'] as CaseStanding[]).map((one) => one.id);
    };
    expect(await listOf(OWNER)).toEqual([id]);
    expect(await listOf(OTHER_OWNER)).toEqual([]);
  });

  it('is taken also where a person is quicker than the index of what they were shown', async () => {
    const exchangeId = await filing.fresh('TEST000002');
    const { said } = await filing.file({ code: 'TEST000002', exchangeId });
    expect([said.status, said.body]).toEqual([200, expect.any(Object)]);
  });
});
