import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isOwnPage, type PassedOn } from '../passed-on.service.js';
import { PAGE_HEADERS } from '../portal-page.js';
import type { Session } from '../sessions.js';
import type { MailSink } from './mail-sink.service.js';
import { messagesPage } from './messages-page.js';
import { contactOf, handleOf } from './sample-contacts.js';

export interface MessageRoutesParts {
  readonly sessionOf: (request: FastifyRequest) => Session | undefined;
  readonly feedback: PassedOn;
  readonly mails: Pick<MailSink, 'to'>;
  readonly handleSecret: Uint8Array;
}

/** A form that is sent under `no-referrer` says `Origin: null`, and could then be anybody's. */
const FORM_HEADERS = { ...PAGE_HEADERS, 'referrer-policy': 'same-origin' };
const PREFERENCES = '/v1/notifications/preferences';
const UUID = /^[0-9a-f-]{36}$/u;

/** What a portal does so that a person is told: shows the inbox, and lets them say which way else. */
export function messageRoutes({ sessionOf, feedback, mails, handleSecret }: MessageRoutesParts) {
  const shows = async (session: Session, reply: FastifyReply) => {
    const [subject = ''] = session.subjects;
    const addresses = session.subjects.map((one) => contactOf(one).email);
    const [listed, wished] = await Promise.all(
      ['/v1/notifications?lang=en', PREFERENCES].map((path) => feedback.read(session, path).catch(() => undefined)),
    );
    const page = messagesPage({ subject, listed, wished, addresses, mails: mails.to(addresses) });
    return reply.headers(FORM_HEADERS).send(page);
  };
  /** One of the buttons of that page, and then the page. */
  const acts = async (
    request: FastifyRequest,
    reply: FastifyReply,
    act: (session: Session) => Promise<unknown>,
  ): Promise<FastifyReply> => {
    const session = sessionOf(request);
    if (session === undefined || !isOwnPage(request)) return reply.redirect('/', 303);
    // What became of it is on the page that comes next.
    await act(session).catch(() => undefined);
    return reply.redirect('/messages', 303);
  };
  const wish = (isByMail: boolean) => async (session: Session) => {
    const ways = isByMail ? ['push', 'email'] : ['push'];
    const channels = { action: ways, progress: ways, decision: ways, information: isByMail ? ['email'] : [] };
    for (const subject of session.subjects) {
      const body = { subject, handle: handleOf(handleSecret, subject), language: 'en', channels };
      await feedback.write(session, { method: 'PUT', path: PREFERENCES, body });
    }
  };
  return (app: FastifyInstance, _options: object, done: () => void): void => {
    app.get('/messages', (request, reply) => {
      const session = sessionOf(request);
      return session === undefined ? reply.redirect('/') : shows(session, reply);
    });
    app.post('/messages/mail', (request, reply) => acts(request, reply, wish(true)));
    app.post('/messages/no-mail', (request, reply) => acts(request, reply, wish(false)));
    app.post<{ Params: { id: string } }>('/messages/:id/read', (request, reply) => {
      const { id } = request.params;
      if (!UUID.test(id)) return reply.redirect('/messages', 303);
      const path = `/v1/notifications/${id}/read`;
      return acts(request, reply, (session) => feedback.write(session, { method: 'POST', path, body: {} }));
    });
    done();
  };
}
