import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpReader } from './http-reader.js';

const MAX = 64 * 1024;
const chunk = Buffer.alloc(16 * 1024, 'x');

describe('HttpReader, asking a real server', () => {
  let server: Server;
  let url: string;
  let reader: HttpReader;
  let answer: (response: ServerResponse, request: IncomingMessage) => void;
  /** Answers whose connection has ended. */
  let ended: number;
  beforeAll(async () => {
    server = createServer((request, response) => {
      response.on('close', () => (ended += 1));
      answer(response, request);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/asked`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    ended = 0;
    reader = new HttpReader({ timeoutMs: 300 });
  });
  afterEach(() => reader.close());

  it('hands on what was answered, whatever it means', async () => {
    for (const status of [200, 404, 409, 500]) {
      answer = (response) => response.writeHead(status).end(`${status} of it`);
      expect(await reader.ask(url, { maxBytes: 10 })).toEqual({ status, body: Buffer.from(`${status} of it`) });
    }
  });

  it('asks as it is told', async () => {
    answer = (response, request) => {
      const heard = [request.method, request.url, request.headers.authorization];
      request.on('data', (data: Buffer) => heard.push(data.toString()));
      request.on('end', () => response.end(JSON.stringify(heard)));
    };
    const headers = { authorization: 'Bearer x' };
    const { body } = await reader.ask(url, { method: 'POST', headers, body: 'asked', maxBytes: MAX });
    expect(JSON.parse(body.toString())).toEqual(['POST', '/asked', 'Bearer x', 'asked']);
  });

  const trickle = (response: ServerResponse) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('x'), 50);
    response.on('close', () => clearInterval(timer));
  };
  it.each([
    ['says nothing', 'http-late', () => undefined],
    ['stops after its head', 'http-late', (response: ServerResponse) => void response.writeHead(200).write('x')],
    ['trickles for ever', 'http-late', trickle],
    ['cuts the connection', 'http-unreachable', (response: ServerResponse) => void response.destroy()],
    [
      'resets it within its answer',
      'http-unreachable',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '100' }).write('x');
        setTimeout(() => response.socket?.resetAndDestroy(), 20);
      },
    ],
    [
      'names another address',
      'http-redirected',
      (response: ServerResponse) => {
        response.writeHead(302, { location: url }).end();
      },
    ],
    [
      'answers with one byte too many',
      'http-too-large',
      (response: ServerResponse) => {
        response.end(Buffer.alloc(MAX + 1));
      },
    ],
  ])('says so where it %s', async (_what, code, how) => {
    answer = how;
    const sinceMs = performance.now();
    await expect(reader.ask(url, { maxBytes: MAX })).rejects.toMatchObject({ code });
    expect(performance.now() - sinceMs).toBeLessThan(2_000);
  });

  it('says so where nobody listens', async () => {
    await expect(reader.ask('http://127.0.0.1:1/', { maxBytes: MAX })).rejects.toMatchObject({
      code: 'http-unreachable',
    });
  });

  it('takes an answer of exactly what it may hold', async () => {
    answer = (response) => response.end(Buffer.alloc(MAX));
    expect((await reader.ask(url, { maxBytes: MAX })).body).toHaveLength(MAX);
  });

  it('hears no more of an answer without end than it may hold', async () => {
    let written = 0;
    answer = (response) => {
      response.writeHead(200);
      const write = (): void => {
        written += chunk.length;
        if (!response.destroyed) response.write(chunk, () => setImmediate(write));
      };
      write();
    };
    await expect(reader.ask(url, { maxBytes: MAX })).rejects.toMatchObject({ code: 'http-too-large' });
    while (ended === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  it('has more time for an answer of which that is said', async () => {
    answer = (response) => void setTimeout(() => response.end('late'), 500);
    expect((await reader.ask(url, { maxBytes: MAX, timeoutMs: 5_000 })).body.toString()).toBe('late');
  });

  it('ends what is under way when it is closed', async () => {
    answer = () => undefined;
    const asking = expect(reader.ask(url, { maxBytes: MAX, timeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'http-unreachable',
    });
    await reader.close();
    await asking;
  });
});
