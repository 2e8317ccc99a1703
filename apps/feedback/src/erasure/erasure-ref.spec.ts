import { expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { generateSigningKey, jwkSigner, signStatement } from '#signing';
import { erasurePayload, KEYS_PER_STATEMENT, readErasureRef, refOfKeys, refOfRetention } from './erasure-ref.js';

const ORIGIN = 'audit.test.example/TEST/0/2026h2';

it('as many ids as one statement may hold are one, and are read back', async () => {
  const keys = Array.from({ length: KEYS_PER_STATEMENT }, () => randomBytes(16));
  expect(readErasureRef(refOfKeys(keys))).toEqual({ keys });
  const signer = jwkSigner(generateSigningKey());
  const sign = (ids: readonly Buffer[]) => signStatement(erasurePayload(ORIGIN, 3, refOfKeys(ids), 1), signer);
  await expect(sign(keys)).resolves.toMatchObject({ payload: { n: 3 } });
  await expect(sign([...keys, randomBytes(16)])).rejects.toMatchObject({ code: expect.stringContaining('statement') });
});

it('a certificate is read back', () => {
  const untilMs = Date.parse('2026-11-27T08:00:00.000Z');
  const ref = refOfRetention('citizen-view', untilMs);
  expect(ref).toBe('retention citizen-view until 2026-11-27T08:00:00.000Z');
  expect(readErasureRef(ref)).toEqual({ retention: 'citizen-view', untilMs });
});

it('says what, how much and of which log, and nothing else', () => {
  const { id, ...said } = erasurePayload(ORIGIN, 3, 'x', 7);
  expect(said).toEqual({ v: 1, t: 'erasure', ts: 7, n: 3, doc: expect.stringMatching(/^h0:/), ref: 'x' });
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
});

it.each([
  '',
  ' ',
  'short',
  `${'A'.repeat(22)}  ${'A'.repeat(22)}`,
  'A'.repeat(43),
  'retention a until 2026-13-45T99:99:99.999Z',
  'retention a until tomorrow',
  'retention  until 2026-11-27T08:00:00.000Z',
])('is neither: %j', (ref) => {
  expect(readErasureRef(ref)).toBeUndefined();
});
