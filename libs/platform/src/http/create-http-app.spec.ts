import { Body, Controller, Get, HttpCode, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { IsInt, IsString } from 'class-validator';
import { defineErrors } from '#kernel';
import { createLogger } from '../logging/logger.js';
import { createHttpApp } from './create-http-app.js';
import { serveOpenApi } from './open-api.js';
import { startHttpApp } from './start-http-app.js';

const errors = defineErrors('example', {
  'thing-refused': { kind: 'refused', message: 'Not this.', next: 'Ask.' },
});

class ThingBody {
  @IsString() name: string;
  @IsInt() size: number;
}

@Controller('things')
class ThingController {
  @Post()
  @HttpCode(200)
  take(@Body() body: ThingBody): { name: string } {
    return { name: body.name };
  }

  @Get('refused/:pin')
  refuse(): never {
    throw errors.error('thing-refused', { details: { inner: 'hidden' }, extensions: { exchangeId: 'e' } });
  }

  @Get('broken/:pin')
  breakDown(): never {
    throw new RangeError('TEST000007 is not in range');
  }
}

@Module({ controllers: [ThingController] })
class ThingModule {}

describe('createHttpApp', () => {
  let app: NestFastifyApplication;
  const lines: string[] = [];
  let missing: string | undefined;

  beforeAll(async () => {
    const logger = createLogger('example', { level: 'debug', destination: { write: (line) => void lines.push(line) } });
    const readiness = [
      { name: 'database', missing: () => missing },
      { name: 'always', missing: () => undefined },
    ];
    app = await createHttpApp(ThingModule, { name: 'example', logger, readiness, bodyLimitBytes: 1_000 });
    serveOpenApi(app, { title: 'Example', version: '1' });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });
  afterAll(() => app.close());
  beforeEach(() => void (missing = undefined));

  const get = (url: string) => app.inject({ method: 'GET', url });
  const post = (payload: string, type = 'application/json') =>
    app.inject({ method: 'POST', url: '/things', payload, headers: { 'content-type': type } });

  it('answers valid requests', async () => {
    expect((await post('{"name":"a","size":1}')).json()).toEqual({ name: 'a' });
  });

  it('turns our errors into problem documents and keeps details inside', async () => {
    const answer = await get('/things/refused/TEST000007');
    expect(answer.statusCode).toBe(403);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      type: 'urn:kerege:error:thing-refused',
      title: 'Forbidden',
      status: 403,
      code: 'thing-refused',
      next: 'Ask.',
      exchangeId: 'e',
    });
    expect(answer.body).not.toContain('hidden');
  });

  it('names the fields of an invalid body, also unknown ones', async () => {
    const answer = await post('{"name":5,"size":1,"more":"TEST000007"}');
    expect(answer.statusCode).toBe(400);
    expect(
      answer
        .json()
        .problems.map((problem: { field: string }) => problem.field)
        .sort(),
    ).toEqual(['more', 'name']);
    expect(answer.body).not.toContain('TEST000007');
  });

  it.each([
    ['broken JSON', () => post('{"name":'), 400, 'request-malformed'],
    ['a large body', () => post(`{"name":"${'x'.repeat(2_000)}"}`), 413, 'request-too-large'],
    ['an unknown media type', () => post('<a/>', 'application/xml'), 415, 'media-type-unknown'],
    ['an unknown path', () => get('/nothing/TEST000007'), 404, 'path-unknown'],
    ['a bad escape', () => get('/things/refused/%zz'), 400, 'request-malformed'],
    ['a surprise', () => get('/things/broken/TEST000007'), 500, 'internal'],
  ])('answers %s without echoing it', async (_what, send, status, code) => {
    const answer = await send();
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(answer.body).not.toContain('TEST000007');
  });

  it('never logs a URL, a body or the message of a surprise', async () => {
    await get('/things/broken/TEST000007?pin=TEST000007');
    expect(lines.join('')).toContain('/things/broken/:pin');
    expect(lines.join('')).not.toContain('TEST000007');
  });

  it('is live, is ready, and names what is missing', async () => {
    expect((await get('/live')).statusCode).toBe(200);
    expect((await get('/ready')).statusCode).toBe(200);
    missing = 'no connection';
    const answer = await get('/ready');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ code: 'not-ready', missing: { database: 'no connection' } });
  });

  it('serves metrics and OpenAPI 3.1', async () => {
    await get('/live');
    expect((await get('/metrics')).body).toContain('kerege_http_request_duration_seconds_bucket');
    const document = (await get('/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).not.toContain('/live');
  });
});

describe('startHttpApp', () => {
  it('listens, closes once, and says when the port is taken', async () => {
    const create = () =>
      createHttpApp(ThingModule, { name: 'example', logger: createLogger('x', { level: 'silent' }) });
    let closed = 0;
    const onClose = () => Promise.resolve(void (closed += 1));
    const running = await startHttpApp(await create(), { host: '127.0.0.1', port: 0, onClose });
    try {
      expect((await fetch(`${running.url}/live`)).status).toBe(200);
      const taken = { host: '127.0.0.1', port: Number(new URL(running.url).port) };
      await expect(startHttpApp(await create(), taken)).rejects.toMatchObject({ code: 'port-taken' });
    } finally {
      await Promise.all([running.close(), running.close()]);
    }
    expect(closed).toBe(1);
  });
});
