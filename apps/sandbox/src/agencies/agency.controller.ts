import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { setTimeout as delay } from 'node:timers/promises';
import { CallLedger } from './call-ledger.js';
import { Faults, faultSettings } from './fault.js';

/** A part of an agency that serves its own endpoints below `/<service code>`. */
export type AgencyRoutes = (app: FastifyInstance) => void;

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * An agency's HTTP system as such systems are: JSON in, JSON out, no knowledge of the bus but the headers that it gets.
 * Every call is entered in the ledger before anything else happens to it, and then suffers the fate that a visitor chose.
 * It logs nothing: its URLs hold personal data.
 */
export function createAgencyServer(
  serviceCode: string,
  routes: AgencyRoutes,
  ledgerSize: number,
  hooks?: AgencyRoutes,
): FastifyInstance {
  const ledger = new CallLedger(ledgerSize);
  const faults = new Faults();
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'no such endpoint' }));
  app.setErrorHandler((error, _request, reply) => {
    const status = statusOf(error);
    return reply.code(status).send({ error: status < 500 ? 'bad request' : 'internal error' });
  });
  app.register(
    (service, _options, done) => {
      service.addHook('onRequest', async (request, reply) => {
        ledger.record(request.method, request.url, request.headers);
        await suffer(faults, request, reply);
      });
      routes(service);
      done();
    },
    { prefix: `/${serviceCode}` },
  );
  app.register((sandbox, _options, done) => {
    sandboxRoutes(sandbox, ledger, faults);
    hooks?.(sandbox);
    done();
  });
  return app;
}

async function suffer(faults: Faults, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const fate = faults.next();
  if (fate.kind === 'cut') {
    reply.hijack();
    request.raw.destroy();
    return;
  }
  if (fate.kind === 'hang') {
    // Nobody answers: the socket lives until the caller gives up or the agency stops.
    reply.hijack();
    return;
  }
  if (fate.latencyMs > 0) await delay(fate.latencyMs);
  if (fate.kind === 'error') await reply.code(500).send({ error: 'internal error' });
}

function sandboxRoutes(app: FastifyInstance, ledger: CallLedger, faults: Faults): void {
  app.post('/_sandbox/faults', (request, reply) => {
    const parsed = faultSettings.safeParse(request.body);
    if (!parsed.success) return reply.code(400).send({ error: 'latencyMs 0–120000, errorRate 0–1, mode ok|hang|down' });
    faults.set(parsed.data);
    return reply.send(faults.current());
  });
  app.get('/_sandbox/faults', (_request, reply) => reply.send(faults.current()));
  app.get('/_sandbox/calls', (_request, reply) => reply.send({ count: ledger.count, calls: ledger.list() }));
}

function statusOf(error: unknown): number {
  const status: unknown = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  return typeof status === 'number' && status >= 400 ? status : 500;
}
