import { generateSigningKey, jwkSigner, parseStatement, signStatement, slotFor } from '#signing';
import { anchorId, anchorPayload } from './anchor-statement.js';

const token = { authority: 'time.example', size: 42, data: Buffer.from('token'), timeMs: 1_790_000_000_123 };

describe('the statement of a token', () => {
  it('is one that intake takes from audit and from nobody else', async () => {
    const { jws, payload } = await signStatement(anchorPayload(token, 7), jwkSigner(generateSigningKey()));
    expect(parseStatement(jws)).toMatchObject({ ok: true, value: { payload: { ts: 7, n: 42, ref: 'time.example' } } });
    expect(['from', 'to', 'registry', 'audit'].map((role) => slotFor(payload, role as 'audit'))).toEqual([
      undefined,
      undefined,
      undefined,
      '-',
    ]);
  });

  it('has an id of the token’s time and bytes alone, so that stating it again takes no second slot', () => {
    const again = { ...token, authority: 'other', size: 1 };
    expect(anchorPayload(again, 9).id).toBe(anchorPayload(token, 7).id);
    expect(anchorId(token).readUIntBE(0, 6)).toBe(token.timeMs);
    expect(anchorId({ ...token, data: Buffer.from('another') })).not.toEqual(anchorId(token));
  });
});
