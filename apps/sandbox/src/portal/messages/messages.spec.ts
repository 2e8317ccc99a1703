import { createServer, type Server } from 'node:http';
import { createServer as createTcp, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { createTransport } from 'nodemailer';
import { makeReaderToken } from '#reader-auth';
import { generateSigningKey } from '#signing';
import { createPortalServer } from '../portal.controller.js';
import type { SignIn } from '../sign-in.service.js';
import { MailSink } from './mail-sink.service.js';
import { contactOf, handleOf } from './sample-contacts.js';

const HOST = 'portal.example';
const SUBJECT = 'DEMO/PIN/TEST000007';
const session = { assertion: 'an.assertion.of-theirs', subjects: [SUBJECT], untilMs: Infinity };
const ID = '019ac1a4-7a3c-7000-8000-000000000001';
const LISTED = {
  notifications: [
    {
      ...{ id: ID, text: 'Your request is registered: DE-2026-000001-1', at: '2026-11-27T10:00:00Z' },
      deliveries: { email: 'SENT', sms: 'SUPPRESSED' },
    },
  ],
};

describe('what a person of the sandbox is told', () => {
  const secret = Buffer.alloc(32, 7);
  const feedbackKey = generateSigningKey();
  const mails = new MailSink();
  let mailPort: number;
  let feedback: Server;
  let portal: FastifyInstance;
  let cookie: string;
  let heard: { readonly what: string; readonly body: unknown }[];

  beforeAll(async () => {
    feedback = createServer((request, response) => {
      void text(request).then((body) => {
        if (request.method !== 'GET') heard.push({ what: `${request.method} ${request.url}`, body: JSON.parse(body) });
        const isWished = request.url?.endsWith('/preferences') === true;
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(isWished ? {} : LISTED));
      });
    });
    await new Promise<void>((resolve) => feedback.listen(0, '127.0.0.1', resolve));
    mailPort = await freePort();
    await mails.listen('127.0.0.1', mailPort);
    const attempt = { verifier: '', state: '', untilMs: Infinity };
    const signIn = {
      begin: () => Promise.resolve({ url: new URL('http://idp'), attempt }),
      end: () => Promise.resolve(session),
    } as unknown as SignIn;
    portal = createPortalServer({
      ...{ subsystem: 'DEMO/GOV/1000/mygov', key: generateSigningKey(), signIn, nowMs: () => Date.now() },
      ...{ mails, handleSecret: secret, contactUrl: 'http://portal.example/contact' },
      ...{ feedbackId: 'DEMO/feedback1', feedbackKey, gatewayUrl: 'http://127.0.0.1:9' },
      feedbackUrl: `http://127.0.0.1:${(feedback.address() as AddressInfo).port}`,
      ...{ vkeys: () => Promise.resolve([]), script: Buffer.from('') },
    });
    const begun = await portal.inject({ url: '/sign-in', headers: { host: HOST } });
    cookie = cookieIn(await portal.inject({ url: '/callback', headers: { host: HOST, cookie: cookieIn(begun) } }));
  });
  afterAll(async () => {
    await Promise.all([portal.close(), mails.close()]);
    feedback.close();
  });
  beforeEach(() => {
    heard = [];
  });

  const cookieIn = ({ headers }: { headers: { 'set-cookie'?: unknown } }) =>
    String(headers['set-cookie']).split(';')[0] ?? '';
  const press = (url: string, headers: Record<string, string> = {}) =>
    portal.inject({ method: 'POST', url, headers: { host: HOST, cookie, origin: `http://${HOST}`, ...headers } });

  it('stands in the inbox, and in mails to them and to nobody else', async () => {
    const transport = createTransport({ host: '127.0.0.1', port: mailPort, ignoreTLS: true });
    const mail = { from: 'no-reply@kerege.demo.example', subject: 'Request <1>', text: 'It is registered.' };
    await transport.sendMail({ ...mail, to: contactOf(SUBJECT).email });
    await transport.sendMail({ ...mail, to: contactOf('DEMO/PIN/TEST000008').email, text: 'Of another.' });
    await expect(
      transport.sendMail({ ...mail, to: contactOf(SUBJECT).email, text: 'x'.repeat(100_000) }),
    ).rejects.toMatchObject({ responseCode: 552 });
    transport.close();
    const { body } = await portal.inject({ url: '/messages', headers: { host: HOST, cookie } });
    expect(body).toContain('<strong>Your request is registered: DE-2026-000001-1</strong>');
    expect(body).toContain('email: sent · sms: suppressed');
    expect(body).toContain('Request &lt;1&gt;');
    expect(body).toContain('It is registered.');
    expect(body).not.toContain('Of another.');
  });

  it('comes the way they choose, under a name that tells nobody who they are', async () => {
    await press('/messages/mail');
    await press(`/messages/${ID}/read`);
    const handle = handleOf(secret, SUBJECT);
    expect(heard).toMatchObject([
      {
        what: 'PUT /v1/notifications/preferences',
        body: { subject: SUBJECT, handle, channels: { decision: ['push', 'email'] } },
      },
      { what: `POST /v1/notifications/${ID}/read`, body: {} },
    ]);
    expect(handle).not.toContain('TEST');
  });

  it('is theirs alone to change', async () => {
    await press('/messages/mail', { origin: 'http://evil.example' });
    await press('/messages/mail', { cookie: '' });
    await press('/messages/..%2Fpreferences/read');
    expect(heard).toEqual([]);
    expect((await portal.inject({ url: '/messages', headers: { host: HOST } })).headers.location).toBe('/');
  });

  it('goes to an address that feedback alone is told, by a token of its own for this very place, once', async () => {
    const ask = async (authorization: string, handle = handleOf(secret, SUBJECT), channel = 'email') => {
      const headers = { host: HOST, authorization, 'content-type': 'application/json' };
      const answer = await portal.inject({ method: 'POST', url: '/contact', headers, payload: { handle, channel } });
      return answer.statusCode === 200 ? answer.json<{ address: string | null }>().address : answer.statusCode;
    };
    const token = async (changes: object = {}) =>
      `Bearer ${await makeReaderToken({
        ...{ subsystem: 'DEMO/feedback1', audience: 'http://portal.example/contact', key: feedbackKey },
        ...{ nowMs: Date.now(), ...changes },
      })}`;
    const once = await token();
    expect([await ask(once), await ask(once)]).toEqual(['test000007@mail.demo.example', 401]);
    expect(await ask(await token(), undefined, 'sms')).toBe('+994000000070');
    expect(await ask(await token(), 'nobody')).toBeNull();
    expect(await ask(await token(), undefined, 'fax')).toBe(400);
    for (const changes of [
      { subsystem: 'DEMO/gw1' },
      { audience: 'http://portal.example' },
      { key: generateSigningKey() },
      { nowMs: Date.now() - 600_000 },
    ])
      expect(await ask(await token(changes))).toBe(401);
    expect(await ask('')).toBe(401);
  });
});

async function freePort(): Promise<number> {
  const server = createTcp();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
