import { All, Body, Controller, Get, Module, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { setTimeout as pause } from 'node:timers/promises';
import { rawTalk } from '#testing';
import { silentLogger } from '../logging/logger.js';
import { createHttpApp } from './create-http-app.js';
import { startHttpApp, type RunningApp } from './start-http-app.js';
import { WIRE_DEFAULTS } from './wire-limits.js';

const seen: string[] = [];

@Controller()
class EchoController {
  @Post('take')
  take(@Body() body: object): object {
    seen.push('take');
    return body;
  }

  @Get('slow')
  async slow(): Promise<string> {
    seen.push('slow');
    await pause(100);
    return 'slow';
  }

  @All('stolen')
  stolen(): string {
    seen.push('stolen');
    return 'stolen';
  }

  @Get('echo')
  echo(@Req() request: FastifyRequest): object {
    seen.push('echo');
    return { host: request.headers.host };
  }
}

@Module({ controllers: [EchoController] })
class EchoModule {}

let app: RunningApp;
const limits = {
  ...WIRE_DEFAULTS,
  httpMaxHeaders: 20,
  httpMaxUrlBytes: 1_024,
  httpHeadersTimeoutMs: 300,
  httpRequestTimeoutMs: 900,
  httpBodyIdleMs: 300,
  httpKeepAliveMs: 200,
};
beforeAll(async () => {
  const http = await createHttpApp(EchoModule, { name: 'echo', logger: silentLogger(), limits, maxHeaderBytes: 4_096 });
  app = await startHttpApp(http, { host: '127.0.0.1', port: 0 });
});
afterAll(() => app.close());
beforeEach(() => void (seen.length = 0));

const HEAD = 'Host: localhost\r\n';
const GOOD = `GET /echo HTTP/1.1\r\n${HEAD}\r\n`;
const STOLEN = `GET /stolen HTTP/1.1\r\n${HEAD}\r\n`;
const JSON_TYPE = 'Content-Type: application/json\r\n';
const chunked = `POST /take HTTP/1.1\r\n${HEAD}${JSON_TYPE}Transfer-Encoding: chunked\r\n`;

describe('requests that two readers may read differently', () => {
  it.each([
    [
      'length and coding',
      `POST /take HTTP/1.1\r\n${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'coding and length',
      `POST /take HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
    ],
    ['two lengths', `POST /take HTTP/1.1\r\n${HEAD}Content-Length: 2\r\nContent-Length: 0\r\n\r\n{}`],
    ['twice the same length', `POST /take HTTP/1.1\r\n${HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`],
    ['a list of lengths', `POST /take HTTP/1.1\r\n${HEAD}Content-Length: 2, 2\r\n\r\n{}`],
    ['a signed length', `POST /take HTTP/1.1\r\n${HEAD}Content-Length: +2\r\n\r\n{}`],
    ['a length in hexadecimal', `POST /take HTTP/1.1\r\n${HEAD}Content-Length: 0x2\r\n\r\n{}`],
    ['an empty length', `POST /take HTTP/1.1\r\n${HEAD}Content-Length: \r\n\r\n{}`],
    [
      'two codings',
      `POST /take HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['an unknown coding', `POST /take HTTP/1.1\r\n${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    [
      'a coding that is not the last',
      `POST /take HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    ],
    ['a coding with a strange sign', `POST /take HTTP/1.1\r\n${HEAD}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
    ['a coding in HTTP/1.0', `POST /take HTTP/1.0\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a folded line', `GET /echo HTTP/1.1\r\n${HEAD}X-A: b\r\n c\r\n\r\n`],
    ['a folded coding', `POST /take HTTP/1.1\r\n${HEAD}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
    ['a space before the colon', `POST /take HTTP/1.1\r\n${HEAD}Content-Length : 2\r\n\r\n{}`],
    ['a space before the name', `GET /echo HTTP/1.1\r\n Host: localhost\r\n\r\n`],
    ['lines that end in LF', `GET /echo HTTP/1.1\nHost: localhost\n\n`],
    ['one line that ends in LF', `GET /echo HTTP/1.1\r\nHost: localhost\nX-A: b\r\n\r\n`],
    ['a lone CR', `GET /echo HTTP/1.1\r\n${HEAD}X-A: b\rX-B: c\r\n\r\n`],
    ['a NUL', `GET /echo HTTP/1.1\r\n${HEAD}X-A: b\0c\r\n\r\n`],
    ['a name that is no token', `GET /echo HTTP/1.1\r\n${HEAD}X(A): b\r\n\r\n`],
    ['a line without a colon', `GET /echo HTTP/1.1\r\n${HEAD}X-A\r\n\r\n`],
    ['no host', 'GET /echo HTTP/1.1\r\n\r\n'],
    ['an empty host', 'GET /echo HTTP/1.1\r\nHost:\r\n\r\n'],
    ['two hosts', `GET /echo HTTP/1.1\r\n${HEAD}Host: elsewhere\r\n\r\n`],
    ['a host with a user', 'GET /echo HTTP/1.1\r\nHost: me@localhost\r\n\r\n'],
    ['a host with a path', 'GET /echo HTTP/1.1\r\nHost: localhost/x\r\n\r\n'],
    ['a list of hosts', 'GET /echo HTTP/1.1\r\nHost: localhost, elsewhere\r\n\r\n'],
    ['two authorizations', `GET /echo HTTP/1.1\r\n${HEAD}Authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n`],
    ['two media types', `POST /take HTTP/1.1\r\n${HEAD}${JSON_TYPE}${JSON_TYPE}Content-Length: 2\r\n\r\n{}`],
    ['an absolute target', `GET http://elsewhere/echo HTTP/1.1\r\n${HEAD}\r\n`],
    ['an asterisk', `OPTIONS * HTTP/1.1\r\n${HEAD}\r\n`],
    ['HTTP/0.9', 'GET /echo\r\n\r\n'],
    ['HTTP/1.2', `GET /echo HTTP/1.2\r\n${HEAD}\r\n`],
    ['HTTP/2.0', `GET /echo HTTP/2.0\r\n${HEAD}\r\n`],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a length among the trailers', `${chunked}\r\n2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n`],
    ['a chunk length with a sign', `${chunked}\r\n+2\r\n{}\r\n0\r\n\r\n`],
    ['a chunk longer than it says', `${chunked}\r\n2\r\n{}{}\r\n0\r\n\r\n`],
    ['a chunk that ends in LF', `${chunked}\r\n2\n{}\n0\n\n`],
    ['a chunk length that overflows', `${chunked}\r\n10000000000000002\r\n{}\r\n0\r\n\r\n`],
  ])('refuses %s, closes, and takes nothing behind it for a request', async (_what, bytes) => {
    const talk = await rawTalk(app.url, bytes + STOLEN);
    expect(talk).toMatchObject({ statuses: [400], isClosed: true });
    expect(talk.text).toMatch(/"code":"wire-malformed"/);
    expect(talk.text).toMatch(/\r\nConnection: close\r\n/i);
    expect(seen).not.toContain('stolen');
    expect(seen).not.toContain('echo');
  });

  it.each([
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a tab behind the method', `GET\t/echo\tHTTP/1.1\r\n${HEAD}\r\n`],
    ['a method that there is not', `BREW /echo HTTP/1.1\r\n${HEAD}\r\n`],
  ])('refuses %s as a method', async (_what, bytes) => {
    expect(await rawTalk(app.url, bytes + STOLEN)).toMatchObject({ statuses: [405], isClosed: true });
    expect(seen).toEqual([]);
  });

  it('answers what came before first, and in its order', async () => {
    const talk = await rawTalk(app.url, `GET /slow HTTP/1.1\r\n${HEAD}\r\nGET /echo HTTP/1.1\nHost: x\n\n${STOLEN}`);
    expect(talk).toMatchObject({ statuses: [200], isClosed: true });
    const other = await rawTalk(app.url, `GET /slow HTTP/1.1\r\n${HEAD}\r\nGET /echo HTTP/1.1\r\n\r\n${STOLEN}`);
    expect(other).toMatchObject({ statuses: [200, 400], isClosed: true });
    expect(seen).toEqual(['slow', 'slow']);
  });

  it('carries out no more of a packet than a connection may be owed', async () => {
    const talk = await rawTalk(app.url, `GET /slow HTTP/1.1\r\n${HEAD}\r\n`.repeat(40));
    expect(talk.isClosed).toBe(true);
    expect(talk.statuses).toEqual(Array.from({ length: 16 }, () => 200));
    expect(seen).toHaveLength(16);
  });
});

describe('what stays allowed', () => {
  it('keeps a connection, and pipelines', async () => {
    const talk = await rawTalk(app.url, GOOD + GOOD + GOOD, { answers: 3 });
    expect(talk).toMatchObject({ statuses: [200, 200, 200], isClosed: false });
  });

  it('reads chunks, with extensions and trailers that nobody asked for', async () => {
    const bytes = `${chunked}Trailer: X-Late\r\n\r\n2;name=value\r\n{}\r\n0\r\nX-Late: 1\r\n\r\n${GOOD}`;
    const talk = await rawTalk(app.url, bytes, { answers: 2 });
    expect(talk.statuses).toEqual([201, 200]);
  });

  it.each([
    'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
    'Upgrade: websocket\r\nConnection: Upgrade\r\n',
  ])('changes to no other protocol', async (headers) => {
    const talk = await rawTalk(
      app.url,
      `POST /take HTTP/1.1\r\n${HEAD}${JSON_TYPE}${headers}Content-Length: 2\r\n\r\n{}${STOLEN}`,
    );
    expect(talk).toMatchObject({ statuses: [201], isClosed: true });
    const bare = await rawTalk(app.url, `GET /echo HTTP/1.1\r\n${HEAD}${headers}\r\n${STOLEN}`);
    expect(bare).toMatchObject({ statuses: [200], isClosed: true });
  });

  it('answers HTTP/1.0 once, and closes', async () => {
    const talk = await rawTalk(app.url, `GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${STOLEN}`);
    expect(talk.statuses[0]).toBe(200);
    expect(talk).toMatchObject({ statuses: [200], isClosed: true });
  });

  it('invites a body that is waited for, and fulfils no other expectation', async () => {
    const post = (expect: string, more = '') =>
      `POST /take HTTP/1.1\r\n${HEAD}${JSON_TYPE}Content-Length: 2\r\nExpect: ${expect}\r\n${more}\r\n`;
    const good = await rawTalk(app.url, [post('100-continue'), '{}'], { answers: 2, pauseMs: 50 });
    expect(good.statuses).toEqual([100, 201]);
    const bad = await rawTalk(app.url, post('200-ok') + STOLEN);
    expect(bad).toMatchObject({ statuses: [417], isClosed: true });
    const ambiguous = await rawTalk(app.url, post('100-continue', 'Host: b\r\n') + STOLEN);
    expect(ambiguous).toMatchObject({ statuses: [400], isClosed: true });
  });

  it('opens no tunnel', async () => {
    const talk = await rawTalk(app.url, `CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n${STOLEN}`);
    expect(talk).toMatchObject({ statuses: [405], isClosed: true });
    expect(seen).toEqual([]);
  });
});

describe('bounds', () => {
  it.each([
    ['a long URL', `GET /echo?${'x'.repeat(1_024)} HTTP/1.1\r\n${HEAD}\r\n`, 414, 'url-too-long'],
    ['many headers', `GET /echo HTTP/1.1\r\n${HEAD}${'X-A: b\r\n'.repeat(20)}\r\n`, 431, 'head-too-large'],
    ['thousands of headers', `GET /echo HTTP/1.1\r\n${HEAD}${'A:\r\n'.repeat(900)}\r\n`, 431, 'head-too-large'],
    ['large headers', `GET /echo HTTP/1.1\r\n${HEAD}X-A: ${'b'.repeat(5_000)}\r\n\r\n`, 431, 'head-too-large'],
    ['long chunk extensions', `${chunked}\r\n2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`, 413, 'request-too-large'],
    ['large trailers', `${chunked}\r\n2\r\n{}\r\n0\r\nX-A: ${'b'.repeat(5_000)}\r\n\r\n`, 431, 'head-too-large'],
  ])('refuses %s', async (_what, bytes, status, code) => {
    const talk = await rawTalk(app.url, bytes + STOLEN);
    expect(talk).toMatchObject({ statuses: [status], isClosed: true });
    expect(talk.text).toContain(`"code":"${code}"`);
    expect(seen).not.toContain('stolen');
  });

  it.each([
    ['a silent connection', [''], 1_000],
    [
      'a slow head',
      ['GET /echo HTTP/1.1\r\nHost: localhost\r\n', ...Array.from({ length: 40 }, () => 'X: y\r\n')],
      1_500,
    ],
    ['a body that does not come', [`POST /take HTTP/1.1\r\n${HEAD}${JSON_TYPE}Content-Length: 9\r\n\r\n{`], 1_500],
    [
      'a body that comes forever',
      [
        `POST /take HTTP/1.1\r\n${HEAD}${JSON_TYPE}Content-Length: 900\r\n\r\n`,
        ...Array.from({ length: 60 }, () => ' '),
      ],
      2_500,
    ],
  ])('cuts %s', async (_what, pieces, mostMs) => {
    const talk = await rawTalk(app.url, pieces, { waitMs: 5_000, pauseMs: 50 });
    expect(talk).toMatchObject({ isClosed: true, statuses: [408] });
    expect(talk.tookMs).toBeLessThan(mostMs + 2_000);
    expect(seen).toEqual([]);
  });

  it('ends a connection that is not used', async () => {
    const talk = await rawTalk(app.url, GOOD, { waitMs: 5_000 });
    expect(talk).toMatchObject({ statuses: [200], isClosed: true });
  });

  it('takes no more connections than it may', async () => {
    const few = await createHttpApp(EchoModule, {
      name: 'few',
      logger: silentLogger(),
      limits: { ...WIRE_DEFAULTS, httpMaxConnections: 2 },
    });
    const running = await startHttpApp(few, { host: '127.0.0.1', port: 0 });
    const held = [rawTalk(running.url, 'GET', { waitMs: 1_500 }), rawTalk(running.url, 'GET', { waitMs: 1_500 })];
    await pause(200);
    const third = await rawTalk(running.url, GOOD, { waitMs: 1_000 });
    expect(third).toMatchObject({ statuses: [], isClosed: true });
    await Promise.all(held);
    await pause(200);
    expect(await rawTalk(running.url, GOOD, { answers: 1 })).toMatchObject({ statuses: [200] });
    await running.close();
  });
});

describe('what browsers see', () => {
  it('lets no other origin read, and no page frame or guess', async () => {
    const answer = await fetch(`${app.url}/echo`, { headers: { Origin: 'https://elsewhere.example' } });
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    expect(answer.headers.get('server') ?? answer.headers.get('x-powered-by')).toBeNull();
    const preflight = await fetch(`${app.url}/take`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://elsewhere.example', 'Access-Control-Request-Method': 'POST' },
    });
    expect(preflight.status).toBe(404);
    expect([...preflight.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});
