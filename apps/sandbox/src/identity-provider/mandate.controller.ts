import type { FastifyInstance } from 'fastify';
import { importJWK, SignJWT } from 'jose';
import { z } from 'zod';
import type { PrivateJwk } from '#signing';
import { person } from './person.js';

const DAY_S = 86_400;

const citizenCode = z.string().refine((code) => person(code)?.kind === 'citizen', 'is no citizen of the sandbox');
const wish = z.strictObject({
  by: citizenCode,
  for: citizenCode,
  services: z.array(z.string().min(1).max(1024)).min(1).max(10).optional(),
});

/**
 * `POST /mandates`: what a national register of mandates is elsewhere. Gives whoever asks a mandate of a day, by which one
 * citizen may act for another; a real register would ask the represented first.
 */
export function mandateRoutes(app: FastifyInstance, issuer: string, { kid, kty, crv, x, d }: PrivateJwk): void {
  app.post('/mandates', async (request, reply) => {
    const asked = wish.safeParse(request.body);
    if (!asked.success)
      return reply.code(422).send({ title: 'Not such a mandate.', problems: z.treeifyError(asked.error) });
    const { by, for: represented, services } = asked.data;
    const nowS = Math.floor(Date.now() / 1000);
    const mandate = await new SignJWT({ act: { sub: `DEMO/PIN/${by}` }, ...(services && { services }) })
      .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'mandate+jwt' })
      .setIssuer(issuer)
      .setSubject(`DEMO/PIN/${represented}`)
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + DAY_S)
      .setJti(crypto.randomUUID())
      .sign(await importJWK({ kty, crv, x, d }, 'EdDSA'));
    return { mandate };
  });
}
