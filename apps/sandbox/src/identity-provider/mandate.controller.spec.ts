import { expect, it } from '@jest/globals';
import fastify from 'fastify';
import { SignJWT, importJWK } from 'jose';
import { AssertionMemory, verifyEndUser } from '#end-user';
import { generateSigningKey } from '#signing';
import { issuerEntry } from './issuer-entry.js';
import { mandateRoutes } from './mandate.controller.js';

const ISSUER = 'http://127.0.0.1:8150';
const PORTAL = 'DEMO/GOV/1000/mygov';

it('gives mandates that the bus takes, and none to who is not of the sandbox', async () => {
  const key = generateSigningKey();
  const app = fastify({ logger: false });
  mandateRoutes(app, ISSUER, key);
  const ask = (payload: object) => app.inject({ method: 'POST', url: '/mandates', payload });
  const given = await ask({ by: 'TEST000007', for: 'TEST000008' });
  expect(given.statusCode).toBe(200);
  const { kty, crv, x, d } = key;
  const assertion = await new SignJWT({ kind: 'citizen', acr: 'high' })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid })
    .setIssuer(ISSUER)
    .setSubject('TEST000007')
    .setAudience(PORTAL)
    .setIssuedAt()
    .setExpirationTime('5m')
    .setJti(crypto.randomUUID())
    .sign(await importJWK({ kty, crv, x, d }, 'EdDSA'));
  const { mandate } = given.json<{ mandate: string }>();
  const question = { issuers: [issuerEntry(ISSUER, key)], consumer: PORTAL, service: undefined, nowMs: Date.now() };
  const read = await verifyEndUser(`${assertion}~${mandate}`, { ...question, memory: new AssertionMemory() });
  expect(read).toMatchObject({
    ok: true,
    value: { represents: [{ country: 'DEMO', type: 'PIN', code: 'TEST000008' }] },
  });
  for (const wish of [{}, { by: 'TEST000007', for: 'NOBODY' }, { by: 'OFF000001', for: 'TEST000008' }])
    expect((await ask(wish)).statusCode).toBe(422);
});
