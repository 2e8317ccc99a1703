import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { checkReaderToken } from '#reader-auth';
import { generateSigningKey, jwkSigner, signingErrors } from '#signing';
import { fakeClock } from '#testing';
import { LinkTicketsService, noLinks } from './link-tickets.service.js';

const QUESTION = {
  consumer: 'TEST/GOV/1000/mygov',
  subject: 'TEST/PIN/TEST000001',
  service: 'TEST/GOV/1001/population/persons',
  purpose: 'citizen-view',
};
const key = generateSigningKey();
const signer = jwkSigner(key);
const clock = fakeClock(Date.now());
const failures: string[] = [];
let server: Server;
let url = '';
let answer: { readonly status: number; readonly body: string } | 'silence';
let asked: { readonly token: string; readonly body: unknown }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const token = (request.headers.authorization ?? '').replace('Bearer ', '');
      asked.push({ token, body: JSON.parse(Buffer.concat(parts).toString()) });
      if (answer !== 'silence') response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  failures.length = 0;
  answer = { status: 200, body: '{"ticket":"t"}' };
});

const links = (feedbackUrl = url) =>
  new LinkTicketsService({ feedbackUrl, timeoutMs: 500, clock, failed: (what) => failures.push(what) });

describe('whether a person allows a call', () => {
  it('is asked in the consumer’s name, and kept for three seconds', async () => {
    const own = links();
    expect(await own.ticket(QUESTION, signer)).toEqual({ ok: true, value: 't' });
    const { consumer, ...body } = QUESTION;
    expect(asked.map((one) => one.body)).toEqual([body]);
    const check = { audience: url, nowMs: clock.now(), keyOf: () => key };
    expect(await checkReaderToken(asked[0]?.token ?? '', check)).toMatchObject({
      ok: true,
      value: { reader: consumer },
    });
    clock.advance(2_999);
    await own.ticket(QUESTION, signer);
    expect(asked).toHaveLength(1);
    await own.ticket({ ...QUESTION, purpose: 'other' }, signer);
    expect(asked).toHaveLength(2);
    clock.advance(1);
    await own.ticket(QUESTION, signer);
    expect(asked).toHaveLength(3);
  });

  it('is no when feedback says no, each time anew', async () => {
    answer = { status: 404, body: '{"code":"link-none"}' };
    const own = links();
    expect(await own.ticket(QUESTION, signer)).toEqual({ ok: false, reason: 'link-missing' });
    answer = { status: 200, body: '{"ticket":"t"}' };
    expect(await own.ticket(QUESTION, signer)).toEqual({ ok: true, value: 't' });
    expect(failures).toEqual([]);
  });

  it.each<[string, typeof answer]>([
    ['says nothing in time', 'silence'],
    ['is ill', { status: 503, body: '{}' }],
    ['refuses us', { status: 403, body: '{}' }],
    ['says something else', { status: 200, body: '{"ticket":1}' }],
    ['says no JSON', { status: 200, body: 'x' }],
    ['says too much', { status: 200, body: JSON.stringify({ ticket: 'x'.repeat(10_000) }) }],
  ])('is unknown, and told, when feedback %s', async (_, said) => {
    answer = said;
    expect(await links().ticket(QUESTION, signer)).toEqual({ ok: false, reason: 'links-unavailable' });
    expect(failures).toEqual(['link-ticket']);
  });

  it('is not asked while the consumer’s token does not sign, and that is what is told', async () => {
    const away = { ...signer, sign: () => Promise.reject(signingErrors.error('signer-unavailable')) };
    expect(await links().ticket(QUESTION, away)).toEqual({ ok: false, reason: 'signer-unavailable' });
    expect([asked, failures]).toEqual([[], []]);
  });

  it('is unknown where nobody answers or nobody is set', async () => {
    expect(await links('http://127.0.0.1:1').ticket(QUESTION, signer)).toEqual({
      ok: false,
      reason: 'links-unavailable',
    });
    expect(await noLinks.ticket(QUESTION, signer)).toEqual({ ok: false, reason: 'links-unavailable' });
  });
});
