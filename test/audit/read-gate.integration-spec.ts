import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AuditNetwork } from './audit-network.js';

jest.setTimeout(60_000);
const ELSEWHERE = 'https://audit.test.example';

let network: AuditNetwork;
beforeAll(async () => {
  network = await AuditNetwork.create();
});
afterAll(() => network.close());

describe('a log that others than this machine reach', () => {
  it.each([{ host: '0.0.0.0' }, { publicUrl: ELSEWHERE }, { publicUrl: 'nonsense' }])(
    'does not start before somebody has said who may read its leaves: %j',
    async (changes) => {
      await expect(network.start({ ...changes, readerTokens: [] })).rejects.toMatchObject({
        code: 'readers-unset',
        message: expect.stringContaining('KEREGE_AUDIT_READER_TOKENS'),
      });
    },
  );

  it('is open to everybody only by that word', async () => {
    const hash = '00'.repeat(32);
    const open = await network.start({ publicUrl: ELSEWHERE });
    expect((await fetch(`${open.url}/leaf?hash=${hash}`)).status).toBe(404);
    await open.close();
    const gated = await network.start({ publicUrl: ELSEWHERE, readerTokens: [hash] });
    expect((await fetch(`${gated.url}/leaf?hash=${hash}`)).status).toBe(401);
    await gated.close();
    const local = await network.start({ readerTokens: [] });
    expect((await fetch(`${local.url}/leaf?hash=${hash}`)).status).toBe(404);
  });
});
