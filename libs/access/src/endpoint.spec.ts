import fc from 'fast-check';
import { matchEndpoint } from './endpoint.js';
import { parseTarget } from './target.js';
import type { AccessService } from './view.js';

const BASE = '/r1/DEMO/GOV/1001/population/persons';
const own = { type: 'PIN', country: 'DEMO', from: { path: 'pin' } };
const shared = { type: 'PIN', country: 'DEMO', from: { query: 'owner' } };

function serviceOf(...endpoints: string[]): AccessService {
  return { personalData: true, endpoints: endpoints.map((endpoint) => ({ endpoint })), subject: shared };
}

const service = serviceOf(
  'GET /{pin}',
  'GET /admin',
  'GET /{pin}/address',
  'GET /admin/{thing}',
  'POST /match',
  'GET /',
  'GET /a/b/',
  'GET /caf\u00e9',
);

describe('matchEndpoint', () => {
  it.each([
    ['GET', '/TEST000001', 'GET /{pin}', { pin: 'TEST000001' }],
    ['GET', '/%54EST%3B1', 'GET /{pin}', { pin: 'TEST;1' }],
    ['GET', '/TEST000001/address', 'GET /{pin}/address', { pin: 'TEST000001' }],
    ['GET', '/admin', 'GET /admin', {}],
    ['GET', '/%61dmin', 'GET /admin', {}],
    ['GET', '/admin/address', 'GET /admin/{thing}', { thing: 'address' }],
    ['POST', '/match', 'POST /match', {}],
    ['GET', '', 'GET /', {}],
    ['GET', '/', 'GET /', {}],
    ['GET', '/a/b/', 'GET /a/b/', {}],
    ['GET', '/caf%C3%A9', 'GET /caf\u00e9', {}],
  ])('matches %s %s', (method, path, endpoint, params) => {
    const match = matchEndpoint(service, method, path);
    expect(match?.endpoint).toBe(endpoint);
    expect(Object.fromEntries(match?.params ?? [])).toEqual(params);
  });

  it.each([
    ['POST', '/TEST000001'],
    ['HEAD', '/TEST000001'],
    ['TRACE', '/'],
    ['get', '/admin'],
    ['GET', '/TEST000001/'],
    ['GET', '/TEST000001/address/'],
    ['GET', '/TEST000001/x'],
    ['GET', '/a/b'],
    ['GET', '/a/b/c'],
    ['POST', ''],
  ])('matches nothing for %s %s', (method, path) => {
    expect(matchEndpoint(service, method, path)).toBeUndefined();
  });

  it.each([
    ...['/admin;x', '/admin%3Bx', '/Admin', '/ADMIN', '/admin.', '/admin..', '/admin%20', '/admin%09', '/admin.;a=b'],
    ...['/%EF%BD%81dmin', '/adm%EF%BD%89n', '/%E2%93%90dmin', '/admin;x/address', '/Admin/address', '/TEST1/%41ddress'],
  ])('lets %s reach neither the literal endpoint nor the placeholder beside it', (path) => {
    expect(matchEndpoint(service, 'GET', path)).toBeUndefined();
  });

  it('takes the endpoint\u2019s own subject rule before the service\u2019s', () => {
    const mixed = { ...service, endpoints: [{ endpoint: 'GET /{pin}', subject: own }, { endpoint: 'GET /x/y' }] };
    expect(matchEndpoint(mixed, 'GET', '/1')?.subject).toBe(own);
    expect(matchEndpoint(mixed, 'GET', '/x/y')?.subject).toBe(shared);
  });

  it('prefers the literal whatever the order of registration, and lets literals differ by case', () => {
    const letters = serviceOf('GET /{x}', 'GET /a', 'GET /A');
    expect(matchEndpoint(letters, 'GET', '/a')?.endpoint).toBe('GET /a');
    expect(matchEndpoint(letters, 'GET', '/A')?.endpoint).toBe('GET /A');
  });

  it('never lets a hostile spelling of a forbidden literal through', () => {
    const noise = fc.constantFrom(
      '',
      ';',
      ';x=1',
      '.',
      '..',
      '%20',
      '%3b',
      '/',
      '//',
      '/.',
      '/..',
      '%2f',
      '%00',
      '%252f',
      '%c0%af',
    );
    const letter = fc.constantFrom('s', 'S', '%73', '%53', '%EF%BD%93', '%2573', '%C5%BF');
    const open = serviceOf('GET /{pin}', 'GET /secret', 'GET /{pin}/secret');
    fc.assert(
      fc.property(noise, letter, noise, noise, (before, s, after, end) => {
        const target = parseTarget(`${BASE}/${before}${s}ecret${after}${end}`);
        if (!target.ok) return;
        const match = matchEndpoint(open, 'GET', target.value.path);
        if (match?.endpoint !== 'GET /{pin}') return;
        // What remains can only be a value that no server strips down to the literal.
        expect(
          match.params
            .get('pin')
            ?.normalize('NFKC')
            .toLowerCase()
            .replace(/[;.\s].*$/, ''),
        ).not.toBe('secret');
      }),
      { numRuns: 2000 },
    );
  });
});
