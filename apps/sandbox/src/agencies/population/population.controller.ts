import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import {
  citizen,
  enterAddress,
  enterBirthDate,
  enterWhatIsRight,
  registeredAddress,
  registeredBirthDate,
} from '../citizen.js';

const pinParams = z.object({ pin: z.string() });
const matchBody = z.strictObject({
  pin: z.string().max(32),
  familyName: z.string().max(200),
  birthDate: z.string().max(10),
});

const entry = z.strictObject({ pin: z.string().max(32), birthDate: z.iso.date() });

const short = z.string().min(1).max(200);
const addressEntry = z
  .strictObject({ pin: z.string().max(32), street: short, city: short, postalCode: short, since: z.iso.date() })
  .partial({ street: true, city: true, postalCode: true, since: true });

/** For visitors: the register's clerk corrects a date of birth or an address, as they would on their own screen. */
export function populationHooks(app: FastifyInstance): void {
  app.post('/_sandbox/birth-dates', (request, reply) => {
    const body = entry.safeParse(request.body);
    if (!body.success) return reply.code(400).send({ error: 'pin and birthDate (YYYY-MM-DD) are needed' });
    const isEntered = enterBirthDate(body.data.pin, body.data.birthDate);
    return isEntered ? reply.send(body.data) : reply.code(404).send({ error: 'no such person' });
  });
  app.post('/_sandbox/addresses', (request, reply) => {
    const body = addressEntry.safeParse(request.body);
    if (!body.success) return reply.code(400).send({ error: 'pin and what is new of the address are needed' });
    const { pin, ...changes } = body.data;
    return enterAddress(pin, changes) ? reply.send(body.data) : reply.code(404).send({ error: 'no such person' });
  });
  app.post('/_sandbox/clerk/:pin', (request, reply) => {
    const { pin } = pinParams.parse(request.params);
    const person = enterWhatIsRight(pin) ? citizen(pin) : undefined;
    if (person === undefined) return reply.code(404).send({ error: 'no such person' });
    return reply.send({ pin, birthDate: registeredBirthDate(person), ...registeredAddress(person) });
  });
}

/** The Population Register: who somebody is, where they live, and whether a claim about them is true. */
export function populationRoutes(app: FastifyInstance): void {
  app.get('/:pin', (request, reply) => {
    const person = citizen(pinParams.parse(request.params).pin);
    if (person === undefined) return reply.code(404).send({ error: 'no such person' });
    const { pin, givenName, familyName, birthPlace } = person;
    return reply.send({
      pin,
      givenName,
      familyName,
      birthDate: registeredBirthDate(person),
      birthPlace,
      citizenship: 'DEMO',
    });
  });

  app.get('/:pin/address', (request, reply) => {
    const person = citizen(pinParams.parse(request.params).pin);
    if (person === undefined) return reply.code(404).send({ error: 'no such person' });
    return reply.send({ pin: person.pin, ...registeredAddress(person) });
  });

  // An unknown person and a wrong claim answer alike: who may only match must not learn who is registered.
  app.post('/match', (request, reply) => {
    const body = matchBody.safeParse(request.body);
    if (!body.success) return reply.code(400).send({ error: 'pin, familyName and birthDate are needed' });
    const person = citizen(body.data.pin);
    const match = person?.familyName === body.data.familyName && registeredBirthDate(person) === body.data.birthDate;
    return reply.send({ match });
  });
}
