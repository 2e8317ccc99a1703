import fc from 'fast-check';
import { parseTarget } from './target.js';

const BASE = '/r1/DEMO/GOV/1001/population/persons';

describe('parseTarget', () => {
  it('splits a target and leaves path and query raw', () => {
    expect(parseTarget(`${BASE}/path%3B/x%20y/?a=%2F%00&b`)).toEqual({
      ok: true,
      value: {
        raw: `${BASE}/path%3B/x%20y/?a=%2F%00&b`,
        instance: 'DEMO',
        provider: 'DEMO/GOV/1001/population',
        service: 'DEMO/GOV/1001/population/persons',
        serviceCode: 'persons',
        path: '/path%3B/x%20y/',
        query: 'a=%2F%00&b',
      },
    });
  });

  it.each([
    [BASE, '', undefined],
    [`${BASE}/`, '/', undefined],
    [`${BASE}?`, '', ''],
    [`${BASE}?a//../b`, '', 'a//../b'],
    [`${BASE}/a?b?c`, '/a', 'b?c'],
    [`${BASE}/a.b/.well-known/x..y`, '/a.b/.well-known/x..y', undefined],
    [`${BASE}/%C9%99ks-%C9%99laq%C9%99`, '/%C9%99ks-%C9%99laq%C9%99', undefined],
    [`${BASE}/a;b=c/d`, '/a;b=c/d', undefined],
  ])('reads path and query of %s', (raw, path, query) => {
    expect(parseTarget(raw)).toMatchObject({ ok: true, value: { path, query } });
  });

  it('decodes each identifier segment once and by itself', () => {
    expect(parseTarget('/r1/%44EMO/G%C9%99V/1001/pop%20ulation/persons')).toMatchObject({
      ok: true,
      value: { service: 'DEMO/GəV/1001/pop ulation/persons', instance: 'DEMO' },
    });
  });

  it.each([
    '/r1/',
    '/r1/DEMO/GOV/1001/population',
    '/r1/DEMO/GOV/1001/population/',
    '/r1//GOV/1001/population/persons',
    '/r1/DEMO//1001/population/persons',
    '/r1/DEMO%2FGOV/1001/population/persons/x',
    '/r1/DEMO/GOV/1001/..%2Fpopulation/persons',
    '/r1/DEMO/GOV/../1001/population/persons',
    '/r1/DEMO/GOV/%2e%2e/population/persons',
    '/r1/DEMO/GOV/1001/./persons',
    '/r1/DEMO/GOV/100%251/population/persons',
    '/r1/DEMO/GOV/1001/popu:lation/persons',
    '/r1/DEMO/GOV/1001/popu;lation/persons',
    '/r1/DEMO/GOV/1001/popu%5Clation/persons',
    '/r1/DEMO/GOV/1001/population/per%00sons',
    '/r1/DEMO/GOV/1001/population/per%0Asons',
    '/r1/DEMO/GOV/1001/population/per%ZZsons',
    '/r1/DEMO/GOV/1001/population/per%C0%AFsons',
    '/r1/DEMO/GOV/1001/population/%E2%80%8Bpersons',
    `/r1/DEMO/GOV/1001/population/${'x'.repeat(256)}`,
  ])('refuses the identifiers of %s', (raw) => {
    expect(parseTarget(raw)).toEqual({ ok: false, reason: 'target-identifier' });
  });

  it.each([
    ['/r2/DEMO/GOV/1001/population/persons', 'protocol-version-unsupported'],
    ['/r0/', 'protocol-version-unsupported'],
    ['/r10/DEMO/GOV/1001/population/persons', 'target-malformed'],
    ['/R1/DEMO/GOV/1001/population/persons', 'target-malformed'],
    ['//r1/DEMO/GOV/1001/population/persons', 'target-malformed'],
    ['/%721/DEMO/GOV/1001/population/persons', 'target-malformed'],
    ['http://x/r1/DEMO/GOV/1001/population/persons', 'target-malformed'],
    ['*', 'target-malformed'],
    ['', 'target-malformed'],
  ])('refuses %s as %s', (raw, reason) => {
    expect(parseTarget(raw)).toEqual({ ok: false, reason });
  });

  it.each([
    ...[
      '/.',
      '/..',
      '/../x',
      '/a/./b',
      '/a/../b',
      '/a/..',
      '/...',
      '/%2e',
      '/%2E%2e/x',
      '/.%2e/x',
      '/..;/x',
      '/..;a=b/x',
    ],
    ...[
      '//',
      '/a//b',
      '//a',
      '/a//',
      '/a%2fb',
      '/a%2Fb',
      '/a%5cb',
      '/a%5Cb',
      '/a\\b',
      '/%2525',
      '/%252e%252e/',
      '/%25',
    ],
    ...[
      '/a%00',
      '/%00',
      '/%',
      '/%4',
      '/%zz',
      '/%u002e',
      '/%C0%AE',
      '/%C0%AF',
      '/%E0%80%AF',
      '/%F0%80%80%AF',
      '/%ED%A0%80',
    ],
    ...[
      '/%FF',
      '/%80',
      '/%C3',
      '/%EF%BC%8F',
      '/%EF%BC%8E%EF%BC%8E/x',
      '/%E2%80%A5/x',
      '/%EF%BC%BC',
      '/;x',
      '/%20',
      '/. ',
    ],
    ...['/a#b', '/a#?b', '/é', '/\u00c3\u00a9', '/a\u0000', '/a\tb'],
  ])('refuses the ambiguous path %j', (path) => {
    expect(parseTarget(BASE + path)).toEqual({ ok: false, reason: 'path-ambiguous' });
  });

  it('never throws, and never alters what it lets through', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '%2e',
      '%2F',
      ';',
      '%',
      '%25',
      'a',
      '%C3%A9',
      '%00',
      '\\',
      '?',
      '//',
      '#',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const raw = `${BASE}/${pieces.join('')}`;
        const result = parseTarget(raw);
        if (!result.ok) return;
        const { path, query } = result.value;
        expect(BASE + path + (query === undefined ? '' : `?${query}`)).toBe(raw);
        const seen = decodeURIComponent(path);
        expect(
          new URL(
            `http://x${seen.replaceAll('?', '%3F').replaceAll('#', '%23').replaceAll('%', '%25')}`,
          ).pathname.split('/'),
        ).toHaveLength(path.split('/').length);
      }),
      { numRuns: 2000 },
    );
  });
});
