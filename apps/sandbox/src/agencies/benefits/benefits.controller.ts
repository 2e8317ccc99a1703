import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { citizen, registeredBirthDate } from '../citizen.js';
import { ClaimBook, entitlementsOf } from './claim.js';

const MAX_CLAIMS = 100_000;
const pinParams = z.object({ pin: z.string() });
const claimBody = z.strictObject({ pin: z.string().max(32), benefit: z.string().min(1).max(64) });
const claimKey = z.object({ 'idempotency-key': z.string().min(1).max(255) });

/**
 * The Social Fund: what somebody is entitled to, and claims, each filed once however often it is sent. Dates of birth it
 * has from the Population Register, with their errors.
 */
export function benefitsRoutes(app: FastifyInstance): void {
  const book = new ClaimBook(MAX_CLAIMS);

  app.get('/:pin', (request, reply) => {
    const { pin } = pinParams.parse(request.params);
    const person = citizen(pin);
    const entitlements = entitlementsOf(pin);
    if (person === undefined || entitlements === undefined) return reply.code(404).send({ error: 'no such person' });
    return reply.send({ pin, birthDate: registeredBirthDate(person), entitlements, claims: book.claimsOf(pin) });
  });

  app.post('/claims', (request, reply) => {
    const headers = claimKey.safeParse(request.headers);
    if (!headers.success) return reply.code(400).send({ error: 'Idempotency-Key is needed' });
    const body = claimBody.safeParse(request.body);
    if (!body.success || entitlementsOf(body.data.pin) === undefined)
      return reply.code(400).send({ error: 'pin of a known person and benefit are needed' });
    const outcome = book.file(headers.data['idempotency-key'], body.data.pin, body.data.benefit);
    if (outcome.kind === 'key-reused') return reply.code(409).send({ error: 'this key was used for another claim' });
    if (outcome.kind === 'full') return reply.code(503).send({ error: 'no more claims today' });
    return reply.code(outcome.kind === 'filed' ? 201 : 200).send(outcome.claim);
  });
}
