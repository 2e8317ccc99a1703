import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { generateSigningKey } from '#signing';
import { createPortalServer } from './portal.controller.js';
import type { SignIn } from './sign-in.service.js';

const HOST = 'portal.example';
const session = { assertion: 'an.assertion.of-theirs', subjects: ['DEMO/PIN/TEST000007'], untilMs: Infinity };

describe('the portal passes a question on', () => {
  let feedback: Server;
  let portal: FastifyInstance;
  let cookie: string;
  let heard: { url?: string | undefined; assertion: unknown; authorization: unknown; body: string }[];

  beforeAll(async () => {
    feedback = createServer((request, response) => {
      void text(request).then((body) => {
        const { 'kerege-end-user': assertion, authorization } = request.headers;
        heard.push({ url: request.url, assertion, authorization, body });
        response.writeHead(201, { 'content-type': 'application/json' }).end('{"state":"asked"}');
      });
    });
    await new Promise<void>((resolve) => feedback.listen(0, '127.0.0.1', resolve));
    const signIn = {
      begin: () =>
        Promise.resolve({ url: new URL('http://idp'), attempt: { verifier: '', state: '', untilMs: Infinity } }),
      end: () => Promise.resolve(session),
    } as unknown as SignIn;
    portal = createPortalServer({
      ...{ mails: { to: () => [] }, handleSecret: Buffer.alloc(32), contactUrl: 'http://portal.example/contact' },
      ...{ feedbackId: 'DEMO/feedback1', feedbackKey: generateSigningKey() },
      ...{ subsystem: 'DEMO/GOV/1000/mygov', key: generateSigningKey(), signIn, nowMs: () => Date.now() },
      feedbackUrl: `http://127.0.0.1:${(feedback.address() as AddressInfo).port}`,
      gatewayUrl: 'http://127.0.0.1:9',
      ...{ vkeys: () => Promise.resolve([]), script: Buffer.from('') },
    });
    const begun = await portal.inject({ url: '/sign-in', headers: { host: HOST } });
    const ended = await portal.inject({ url: '/callback', headers: { host: HOST, cookie: cookieIn(begun) } });
    cookie = cookieIn(ended);
  });
  afterAll(async () => {
    await portal.close();
    feedback.close();
  });
  beforeEach(() => {
    heard = [];
  });

  const cookieIn = ({ headers }: { headers: { 'set-cookie'?: unknown } }) =>
    String(headers['set-cookie']).split(';')[0] ?? '';
  const post = (headers: Record<string, string>, payload = '{"code":"OTHER"}') =>
    portal.inject({
      ...{ method: 'POST', url: '/questions', payload },
      headers: { host: HOST, cookie, origin: `http://${HOST}`, 'content-type': 'application/json', ...headers },
    });

  it('as it is, with its own token and the person’s assertion', async () => {
    const answer = await post({});
    expect([answer.statusCode, answer.json()]).toEqual([201, { state: 'asked' }]);
    const authorization: unknown = expect.stringMatching(/^Bearer /u);
    const said = { assertion: session.assertion, authorization, body: '{"code":"OTHER"}' };
    expect(heard).toEqual([{ url: '/v1/subjects/me/questions', ...said }]);
  });

  it.each<[string, Record<string, string>, number, string]>([
    ['of another site', { origin: 'http://evil.example' }, 403, 'foreign-page'],
    ['of nobody knows whom', { origin: 'null' }, 403, 'foreign-page'],
    ['of a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'not-json'],
    ['of plain text', { 'content-type': 'text/plain' }, 415, 'not-json'],
    ['of nobody who is signed in', { cookie: 'session=x' }, 401, 'signed-out'],
  ])('but none %s', async (_, headers, status, code) => {
    const answer = await post(headers);
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code]);
    expect(heard).toEqual([]);
  });

  it('but none that is too long', async () => {
    expect((await post({}, JSON.stringify({ text: 'x'.repeat(40_000) }))).statusCode).toBe(413);
    expect(heard).toEqual([]);
  });
});
