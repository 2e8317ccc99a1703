import fastify, { type FastifyInstance } from 'fastify';
import { onWire } from '#platform';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TSA_SECTION } from './openssl-config.js';
import { openssl } from './openssl.service.js';

const QUERY = 'application/timestamp-query';
const REPLY = 'application/timestamp-reply';
/** A query has some 70 bytes. */
const MAX_QUERY_BYTES = 4 * 1024;
/** Each takes some 10 ms. */
const MAX_WAITING = 64;

/**
 * A time-stamp authority (RFC 3161 §3.4) whose every token OpenSSL makes. One query at a time: `openssl ts` counts its
 * tokens in a file that it reads and writes without a lock.
 */
export function createTimeAuthorityServer(folder: string): FastifyInstance {
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();
  const app = fastify({ ...onWire(), logger: false, bodyLimit: MAX_QUERY_BYTES, forceCloseConnections: true });
  app.addContentTypeParser(QUERY, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post('/', async (request, reply) => {
    if (!Buffer.isBuffer(request.body)) return reply.code(415).send({ error: QUERY });
    if (waiting >= MAX_WAITING) return reply.code(503).header('Retry-After', '1').send({ error: 'busy' });
    waiting += 1;
    const query = request.body;
    const answer = turn.then(() => stamp(folder, query)).finally(() => (waiting -= 1));
    turn = answer.catch(() => undefined);
    return reply.type(REPLY).send(await answer);
  });
  app.get('/live', (_request, reply) => reply.send({ live: true }));
  return app;
}

async function stamp(folder: string, query: Buffer): Promise<Buffer> {
  const scratch = await mkdtemp(join(tmpdir(), 'kerege-time-'));
  const files = { query: join(scratch, 'query.tsq'), reply: join(scratch, 'reply.tsr') };
  try {
    await writeFile(files.query, query);
    const places = ['-queryfile', files.query, '-out', files.reply];
    await openssl(folder, ['ts', '-reply', '-config', 'tsa.cnf', '-section', TSA_SECTION, ...places]);
    return await readFile(files.reply);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
