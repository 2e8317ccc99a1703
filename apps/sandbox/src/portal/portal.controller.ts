import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { onWire, SECURITY_HEADERS } from '#platform';
import { correctionRoutes } from './corrections/corrections.controller.js';
import { contactRoutes, type ContactParts } from './messages/contact.controller.js';
import type { MailSink } from './messages/mail-sink.service.js';
import { messageRoutes } from './messages/messages.controller.js';
import { OwnRecords } from './corrections/own-record.service.js';
import { isOwnPage, PassedOn, type PassingParts } from './passed-on.service.js';
import { historyPage, PAGE_HEADERS, signedOutPage } from './portal-page.js';
import { cookieOf, Remembered, type Attempt, type Session } from './sessions.js';
import type { SignIn } from './sign-in.service.js';

export interface PortalParts extends PassingParts, ContactParts {
  readonly signIn: SignIn;
  /** What was sent to people. */
  readonly mails: Pick<MailSink, 'to'>;
  /** Of the portal's own security server. */
  readonly gatewayUrl: string;
  /** Keys of the logs as this portal has pinned them. */
  readonly vkeys: () => Promise<readonly string[]>;
  /** The built page. */
  readonly script: Buffer;
}

/** A question with all its words is a fraction of this. */
const MAX_QUESTION_BYTES = 32 * 1024;
const SIGNED_OUT = { code: 'signed-out', next: 'Sign in again.' };
const FOREIGN_PAGE = { code: 'foreign-page', next: 'Ask from the page of this portal.' };
const NOT_JSON = { code: 'not-json', next: 'Send the question as application/json.' };
const COOKIE = 'Path=/; HttpOnly; SameSite=Lax';

/** A portal's backend in small: it signs people in, holds their assertion, and asks feedback for them. It logs nothing. */
export function createPortalServer(parts: PortalParts): FastifyInstance {
  const { signIn, nowMs } = parts;
  const sessions = new Remembered<Session>();
  const attempts = new Remembered<Attempt>();
  const app = ownServer();
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
  const [feedback, records] = [new PassedOn(parts), new OwnRecords(parts)];
  app.addHook('onClose', () => Promise.all([feedback.close(), records.close()]).then(() => undefined));
  const more = { ...parts, sessionOf, records, feedback };
  for (const routes of [correctionRoutes(more), messageRoutes(more), contactRoutes(more)]) void app.register(routes);
  app.get('/accesses', async (request, reply) => {
    const session = sessionOf(request);
    if (session === undefined) return reply.code(401).send(SIGNED_OUT);
    const { search } = new URL(request.url, originOf(request));
    return feedback.pass(session, { method: 'GET', path: `/v1/subjects/me/accesses${search}` }, reply);
  });
  app.post('/questions', async (request, reply) => {
    if (!isOwnPage(request)) return reply.code(403).send(FOREIGN_PAGE);
    if (!Buffer.isBuffer(request.body)) return reply.code(415).send(NOT_JSON);
    const session = sessionOf(request);
    if (session === undefined) return reply.code(401).send(SIGNED_OUT);
    return feedback.pass(session, { method: 'POST', path: '/v1/subjects/me/questions', body: request.body }, reply);
  });
  return app;
}

/** Without routes: what it takes, and what it says with every answer. */
function ownServer(): FastifyInstance {
  const app = fastify({ ...onWire(), logger: false, forceCloseConnections: true });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, _body, done) =>
    done(null, undefined),
  );
  // As bytes: what it says is feedback's to judge.
  app.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: MAX_QUESTION_BYTES }, (_, body, done) =>
    done(null, body),
  );
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(SECURITY_HEADERS);
    done();
  });
  return app;
}

function failed(reply: FastifyReply, problem: string): FastifyReply {
  return reply.code(400).headers(PAGE_HEADERS).send(signedOutPage(problem));
}

function originOf(request: FastifyRequest): string {
  return `http://${request.host}`;
}
