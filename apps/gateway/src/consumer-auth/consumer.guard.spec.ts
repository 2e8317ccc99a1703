import type { ExecutionContext } from '@nestjs/common';
import { expect, test } from '@jest/globals';
import { ok, type SubsystemId } from '#kernel';
import { ConsumerAuthenticator } from './consumer-authenticator.js';
import { ConsumerGuard } from './consumer.guard.js';

class Believing extends ConsumerAuthenticator {
  constructor(readonly trustsLoopback: boolean) {
    super();
  }

  authenticate() {
    return Promise.resolve(ok('TEST/GOV/1/x' as SubsystemId));
  }

  objectionTo() {
    return undefined;
  }
}

function ask(headers: Record<string, string>, trustsLoopback = true): Promise<boolean> {
  const http = {
    getRequest: () => ({
      routeOptions: { url: '/r1' },
      raw: { headers, rawHeaders: Object.entries(headers).flat(), socket: {} },
    }),
  };
  return new ConsumerGuard(new Believing(trustsLoopback)).canActivate({
    switchToHttp: () => http,
  } as unknown as ExecutionContext);
}

test.each(['127.0.0.1:8080', 'localhost:8080', '[::1]:8080', 'localhost'])('lets in by %s', async (host) => {
  expect(await ask({ host })).toBe(true);
});

test.each<Record<string, string>>([
  { host: 'evil.example:8080' },
  { host: '127.0.0.1.evil.example' },
  {},
  { host: '127.0.0.1:8080', origin: 'https://evil.example' },
  { host: '127.0.0.1:8080', origin: 'null' },
])('keeps web pages out: %j', async (headers) => {
  await expect(ask(headers)).rejects.toMatchObject({ code: 'web-page-refused' });
});

test('asks this of nobody who is authenticated by more than where the gateway listens', async () => {
  expect(await ask({ host: 'gateway.example', origin: 'https://portal.example' }, false)).toBe(true);
});
