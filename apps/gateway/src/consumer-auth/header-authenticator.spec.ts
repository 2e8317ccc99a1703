import type { InstanceId } from '#kernel';
import { HeaderAuthenticator } from './header-authenticator.js';

const authenticator = new HeaderAuthenticator({ current: () => undefined }, 'DEMO/gw1' as InstanceId);

describe('HeaderAuthenticator', () => {
  it.each(['127.0.0.1', '127.255.0.9', '::1', 'localhost'])('may be used on %s', (host) => {
    expect(authenticator.objectionTo(host)).toBeUndefined();
  });

  it.each([
    '0.0.0.0',
    '::',
    '',
    '10.0.0.1',
    '127.0.0.1.example.org',
    '1127.0.0.1',
    'localhost.example.org',
    '::ffff:10.0.0.1',
  ])('objects to %j', (host) => {
    expect(authenticator.objectionTo(host)).toBe('consumers-unprotected');
  });

  it('knows nobody while there is no registry', async () => {
    const headers = [{ name: 'X-Road-Client', value: 'DEMO/GOV/1000/mygov' }];
    await expect(authenticator.authenticate({ headers })).resolves.toEqual({ ok: false, reason: 'registry-expired' });
  });
});
