import { describe, expect, it } from '@jest/globals';
import { newExchangeId, sha256 } from '#kernel';
import { generateSigningKey, jwkSigner, parseStatement, signStatement } from '#signing';
import { conflictPayload } from './conflict.js';

describe('conflictPayload (statements.md §2)', () => {
  it('is a sound statement, the same for the same second story', async () => {
    const signer = jwkSigner(generateSigningKey());
    const second = await signStatement(
      {
        v: 1,
        t: 'exchange.requested',
        id: newExchangeId(),
        ts: 1,
        from: 'TEST/GOV/1000/mygov',
        to: 'TEST/GOV/1001/population',
        svc: 'TEST/GOV/1001/population/persons',
        ep: 'GET /{pin}',
        pur: 'view',
        law: 'LB-1',
        req: `h1:${Buffer.alloc(32, 1).toString('base64url')}`,
        subj: [],
        snap: 1,
      },
      signer,
    );
    const payload = conflictPayload(second, 1234);
    const digest = sha256(second.jws);
    expect(payload.ref).toBe(second.payload.id);
    expect(payload.doc).toBe(`h0:${digest.toString('base64url')}`);
    expect(payload.id.replaceAll('-', '').slice(0, 12)).toBe(digest.toString('hex').slice(0, 12));
    expect(payload.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const [once, twice] = [
      await signStatement(payload, signer),
      await signStatement(conflictPayload(second, 1234), signer),
    ];
    expect(once.jws).toBe(twice.jws);
    expect(parseStatement(once.jws)).toMatchObject({ ok: true });
  });
});
