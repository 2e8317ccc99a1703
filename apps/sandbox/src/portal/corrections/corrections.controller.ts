import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isOwnPage, type PassedOn } from '../passed-on.service.js';
import { PAGE_HEADERS } from '../portal-page.js';
import type { Session } from '../sessions.js';
import { correctionsPage, type CorrectionsPage } from './corrections-page.js';
import { OwnRecords, type OwnRecord, type ShownCase } from './own-record.service.js';
import { fieldNamed } from './record-fields.js';

export interface CorrectionRoutesParts {
  readonly sessionOf: (request: FastifyRequest) => Session | undefined;
  readonly records: OwnRecords;
  readonly feedback: PassedOn;
}

const MAX_FORM_BYTES = 16 * 1024;
/** A form that is sent under `no-referrer` says `Origin: null`, and could then be anybody's. */
const FORM_HEADERS = { ...PAGE_HEADERS, 'referrer-policy': 'same-origin' };

/** What a portal does for a person whose record is wrong: shows it, files what they say, follows what becomes of it. */
export function correctionRoutes({ sessionOf, records, feedback }: CorrectionRoutesParts) {
  /** What was shown last, so that a form cannot say that something else was; gone with its session. */
  const shown = new WeakMap<Session, OwnRecord>();
  return (app: FastifyInstance, _options: object, done: () => void): void => {
    // Other forms of the portal are only buttons; this one says something.
    app.removeContentTypeParser('application/x-www-form-urlencoded');
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: MAX_FORM_BYTES },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    );
    const worded = async (session: Session, one: ShownCase): Promise<ShownCase> => {
      if (!one.hasOwnWords) return one;
      return { ...one, words: await records.wordsOf(session.assertion, one.id).catch(() => []) };
    };
    const shows = async (session: Session, reply: FastifyReply, notice?: CorrectionsPage['notice']) => {
      const [subject = ''] = session.subjects;
      const [record, listed] = await Promise.all([
        records.read(session.assertion, subject).catch(() => undefined),
        feedback.read(session, '/v1/corrections').catch(() => undefined),
      ]);
      if (record !== undefined) shown.set(session, record);
      const cases = await Promise.all(OwnRecords.casesIn(listed).map((one) => worded(session, one)));
      return reply.headers(FORM_HEADERS).send(correctionsPage({ subject, record, cases, notice }));
    };
    app.get('/corrections', (request, reply) => {
      const session = sessionOf(request);
      return session === undefined ? reply.redirect('/') : shows(session, reply);
    });
    app.post('/corrections', async (request, reply) => {
      const session = sessionOf(request);
      if (session === undefined || !isOwnPage(request)) return reply.redirect('/', 303);
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      const field = fieldNamed(form.get('field') ?? '');
      const record = shown.get(session);
      const proposed = (form.get('proposed') ?? '').trim();
      if (field === undefined || record === undefined || proposed === '')
        return shows(session, reply, { text: 'Say which value is wrong, and what it should be.', isProblem: true });
      const [subject = ''] = session.subjects;
      const doubt = {
        ...{ element: field.element, pointer: field.pointer, shown: record.values[field.name], proposed },
        explanation: (form.get('explanation') ?? '').trim(),
      };
      const filed = await records.file(session.assertion, subject, record, doubt);
      const text = filed.ok ? `Filed under ${filed.publicNumber}. The agency has to answer.` : filed.problem;
      return shows(session, reply, { text, isProblem: !filed.ok });
    });
    done();
  };
}
