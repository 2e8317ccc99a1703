import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Agent, request as send } from 'undici';
import { makeReaderToken } from '#reader-auth';
import type { PrivateJwk } from '#signing';
import { historyPage, PAGE_HEADERS, signedOutPage } from './portal-page.js';
import { cookieOf, Remembered, type Attempt, type Session } from './sessions.js';
import type { SignIn } from './sign-in.service.js';

export interface PortalParts {
  readonly subsystem: string;
  readonly key: PrivateJwk;
  readonly signIn: SignIn;
  readonly feedbackUrl: string;
  /** Keys of the logs as this portal has pinned them. */
  readonly vkeys: () => Promise<readonly string[]>;
  /** The built page. */
  readonly script: Buffer;
  readonly nowMs: () => number;
}

const TIMEOUT_MS = 15_000;
const COOKIE = 'Path=/; HttpOnly; SameSite=Lax';

/** A portal's backend in small: it signs people in, holds their assertion, and asks feedback for them. It logs nothing. */
export function createPortalServer(parts: PortalParts): FastifyInstance {
  const { signIn, nowMs } = parts;
  const sessions = new Remembered<Session>();
  const attempts = new Remembered<Attempt>();
  const app = fastify({ logger: false, forceCloseConnections: true });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, _body, done) =>
    done(null, undefined),
  );
  const sessionOf = (request: FastifyRequest) => sessions.find(cookieOf(request.headers.cookie, 'session'), nowMs());
  app.get('/live', () => ({ status: 'ok' }));
  app.get('/accesses.js', (_request, reply) => reply.type('text/javascript').send(parts.script));
  app.get<{ Querystring: { lang?: string } }>('/', async (request, reply) => {
    const session = sessionOf(request);
    if (session === undefined) return reply.headers(PAGE_HEADERS).send(signedOutPage());
    const { subjects } = session;
    const page = historyPage({ language: request.query.lang, subjects, vkeys: await parts.vkeys() });
    return reply.headers(PAGE_HEADERS).send(page);
  });
  app.get('/sign-in', async (request, reply) => {
    const { url, attempt } = await signIn.begin(`${originOf(request)}/callback`, nowMs());
    return reply.header('set-cookie', `attempt=${attempts.add(attempt)}; ${COOKIE}`).redirect(url.href);
  });
  app.get('/callback', async (request, reply) => {
    const name = cookieOf(request.headers.cookie, 'attempt');
    const attempt = attempts.find(name, nowMs());
    attempts.remove(name);
    if (attempt === undefined) return failed(reply, 'This sign-in took too long, or began elsewhere.');
    try {
      const session = await signIn.end(new URL(request.url, originOf(request)), attempt);
      return await reply.header('set-cookie', `session=${sessions.add(session)}; ${COOKIE}`).redirect('/');
    } catch {
      // Whatever was wrong with it, the person can only begin again.
      return failed(reply, 'The identity provider did not sign you in.');
    }
  });
  app.post('/sign-out', (request, reply) => {
    sessions.remove(cookieOf(request.headers.cookie, 'session'));
    return reply.redirect('/', 303);
  });
  const agent = new Agent({ headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  app.addHook('onClose', () => agent.destroy());
  app.get('/accesses', async (request, reply) => {
    const session = sessionOf(request);
    if (session === undefined) return reply.code(401).send({ code: 'signed-out', next: 'Sign in again.' });
    return proxied(parts, session, request, reply, agent);
  });
  return app;
}

/** The person's question with the portal's own credential; filters are feedback's to judge. */
async function proxied(
  { subsystem, key, feedbackUrl, nowMs }: PortalParts,
  { assertion }: Session,
  request: FastifyRequest,
  reply: FastifyReply,
  agent: Agent,
): Promise<FastifyReply> {
  const token = await makeReaderToken({ subsystem, audience: feedbackUrl, key, nowMs: nowMs() });
  const { search } = new URL(request.url, originOf(request));
  const answer = await send(`${feedbackUrl}/v1/subjects/me/accesses${search}`, {
    dispatcher: agent,
    headers: { authorization: `Bearer ${token}`, 'kerege-end-user': assertion },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const type = String(answer.headers['content-type'] ?? 'application/json');
  return reply.code(answer.statusCode).type(type).header('cache-control', 'no-store').send(answer.body);
}

function failed(reply: FastifyReply, problem: string): FastifyReply {
  return reply.code(400).headers(PAGE_HEADERS).send(signedOutPage(problem));
}

function originOf(request: FastifyRequest): string {
  return `http://${request.host}`;
}
