import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { propertiesOf, property } from './property.js';

const ownerQuery = z.object({ owner: z.string() });
const idParams = z.object({ id: z.string() });

/** The Property Cadastre: what somebody owns, and who owns this. */
export function cadastreRoutes(app: FastifyInstance): void {
  app.get('/', (request, reply) => {
    const query = ownerQuery.safeParse(request.query);
    if (!query.success) return reply.code(400).send({ error: 'owner is needed' });
    const properties = propertiesOf(query.data.owner);
    if (properties === undefined) return reply.code(404).send({ error: 'no such owner' });
    return reply.send({ owner: query.data.owner, properties });
  });

  app.get('/:id', (request, reply) => {
    const found = property(idParams.parse(request.params).id);
    return found === undefined ? reply.code(404).send({ error: 'no such property' }) : reply.send(found);
  });
}
