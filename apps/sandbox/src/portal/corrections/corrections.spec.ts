import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { generateSigningKey } from '#signing';
import { createPortalServer } from '../portal.controller.js';
import type { SignIn } from '../sign-in.service.js';

const HOST = 'portal.example';
const session = { assertion: 'an.assertion.of-theirs', subjects: ['DEMO/PIN/TEST000007'], untilMs: Infinity };
const EXCHANGE = '019ac1a4-7a3c-7000-8000-000000000001';
const CASES = {
  cases: [
    {
      ...{ id: 'x', publicNumber: 'DE-2026-000001-1', state: 'IN_REVIEW', owner: 'DEMO/GOV/1001/population' },
      ...{ filedAt: '2026-11-27T10:00:00Z', deadlines: [{ clock: 'decide', dueAt: '2026-12-08T23:59:59Z' }] },
      hasOwnWords: true,
    },
  ],
};

/** Gateway and feedback in one: who was asked what, and what they say. */
describe('a person’s own record at the portal', () => {
  let bus: Server;
  let portal: FastifyInstance;
  let cookie: string;
  let filed: { readonly client: unknown; readonly assertion: unknown; readonly body: unknown }[];
  let says: { readonly status: number; readonly body: object };

  const answers: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
    '/r1/DEMO/GOV/1001/population/persons/TEST000007': (_request, response) =>
      response
        .writeHead(200, { 'content-type': 'application/json', 'kerege-exchange-id': EXCHANGE })
        .end('{"givenName":"Ornekan","familyName":"<b>Testzade</b>","birthDate":"1911-08-22"}'),
    '/v1/corrections/x/words': (_request, response) =>
      response.end(JSON.stringify({ words: [{ seq: 4, text: 'See <b>page 2</b>.\nThe date is right.' }] })),
    '/v1/corrections': (request, response) => {
      if (request.method === 'GET') return response.end(JSON.stringify(CASES));
      void text(request).then((body) => {
        const { 'x-road-client': client, 'kerege-end-user': assertion } = request.headers;
        filed.push({ client, assertion, body: JSON.parse(body) });
        response.writeHead(says.status, { 'content-type': 'application/json' }).end(JSON.stringify(says.body));
      });
      return undefined;
    },
  };

  beforeAll(async () => {
    bus = createServer((request, response) => answers[request.url ?? '']?.(request, response));
    await new Promise<void>((resolve) => bus.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(bus.address() as AddressInfo).port}`;
    const attempt = { verifier: '', state: '', untilMs: Infinity };
    const signIn = {
      begin: () => Promise.resolve({ url: new URL('http://idp'), attempt }),
      end: () => Promise.resolve(session),
    } as unknown as SignIn;
    portal = createPortalServer({
      ...{ mails: { to: () => [] }, handleSecret: Buffer.alloc(32), contactUrl: 'http://portal.example/contact' },
      ...{ feedbackId: 'DEMO/feedback1', feedbackKey: generateSigningKey() },
      ...{ subsystem: 'DEMO/GOV/1000/mygov', key: generateSigningKey(), signIn, nowMs: () => Date.now() },
      ...{ feedbackUrl: url, gatewayUrl: url, vkeys: () => Promise.resolve([]), script: Buffer.from('') },
    });
    const begun = await portal.inject({ url: '/sign-in', headers: { host: HOST } });
    cookie = cookieIn(await portal.inject({ url: '/callback', headers: { host: HOST, cookie: cookieIn(begun) } }));
  });
  afterAll(async () => {
    await portal.close();
    bus.close();
  });
  beforeEach(() => {
    filed = [];
    says = { status: 201, body: { standing: { publicNumber: 'DE-2026-000002-9' } } };
  });

  const cookieIn = ({ headers }: { headers: { 'set-cookie'?: unknown } }) =>
    String(headers['set-cookie']).split(';')[0] ?? '';
  const show = (headers: Record<string, string> = { cookie }) =>
    portal.inject({ url: '/corrections', headers: { host: HOST, ...headers } });
  const post = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    portal.inject({
      ...{ method: 'POST', url: '/corrections', payload: new URLSearchParams(fields).toString() },
      headers: {
        ...{ host: HOST, cookie, origin: `http://${HOST}`, 'content-type': 'application/x-www-form-urlencoded' },
        ...headers,
      },
    });

  it('is shown with what became of earlier requests, and nothing in it is markup', async () => {
    const { body, statusCode, headers } = await show();
    expect(statusCode).toBe(200);
    // Else browsers say `Origin: null` when its form is sent.
    expect(headers['referrer-policy']).toBe('same-origin');
    expect(body).toContain('1911-08-22');
    expect(body).toContain('&lt;b&gt;Testzade');
    expect(body).toContain('DE-2026-000001-1');
    expect(body).toContain('<blockquote>See &lt;b&gt;page 2&lt;/b&gt;.<br>The date is right.</blockquote>');
    expect(body).toContain('next step due <time datetime="2026-12-08T23:59:59Z">2026-12-08');
  });

  it('is filed with the value that was shown, whatever the form says', async () => {
    await show();
    const answer = await post({ field: 'birthDate', proposed: ' 2001-08-22 ', explanation: '', shown: 'forged' });
    expect(answer.body).toContain('DE-2026-000002-9');
    expect(filed).toEqual([
      {
        ...{ client: 'DEMO/GOV/1000/mygov', assertion: 'an.assertion.of-theirs' },
        body: {
          ...{ kind: 'ERROR', service: 'DEMO/GOV/1001/population/persons', endpoint: 'GET /{pin}' },
          ...{ exchangeId: EXCHANGE, subject: 'DEMO/PIN/TEST000007', language: 'en' },
          items: [
            {
              ...{ element: 'person.birth-date', pointer: '/birthDate' },
              ...{ doubted: '1911-08-22', proposed: '2001-08-22' },
            },
          ],
          recheck: { path: '/TEST000007' },
        },
      },
    ]);
  });

  it('tells a refusal in the words of whoever refused', async () => {
    says = { status: 409, body: { code: 'case-refused', refusal: 'duplicate', hint: 'Follow that case.' } };
    await show();
    expect((await post({ field: 'birthDate', proposed: '2001-08-22' })).body).toContain(
      'role="alert" class="problem">Follow that case.',
    );
  });

  it.each([
    ['nothing', { field: 'birthDate', proposed: ' ' }, {}],
    ['of a field that there is not', { field: 'salary', proposed: '1' }, {}],
    ['from another site', { field: 'birthDate', proposed: '1' }, { origin: 'http://elsewhere.example' }],
    ['by nobody', { field: 'birthDate', proposed: '1' }, { cookie: '' }],
  ])('files nothing where %s is said', async (_what, fields, headers) => {
    await show();
    await post(fields, headers);
    expect(filed).toEqual([]);
  });

  it('is shown to nobody who has not signed in', async () => {
    expect((await show({})).headers.location).toBe('/');
  });
});
