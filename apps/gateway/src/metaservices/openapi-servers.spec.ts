import { withoutServers } from './openapi-servers.js';

describe('withoutServers', () => {
  it('replaces servers of document, path and operation, and nothing else', () => {
    const at = (url: string) => ({ servers: [{ url, description: 'x' }] });
    const document = {
      openapi: '3.0.1',
      ...at('a'),
      paths: { '/x': { ...at('b'), get: { ...at('c'), summary: 'url' } } },
    };
    const hidden = JSON.parse(withoutServers(JSON.stringify(document)) ?? '');
    const url = 'http://example.org/xroad-endpoint';
    expect(hidden).toEqual({
      openapi: '3.0.1',
      ...at(url),
      paths: { '/x': { ...at(url), get: { ...at(url), summary: 'url' } } },
    });
  });

  it('leaves a document without servers as it is', () => {
    expect(withoutServers('{"openapi":"3.1.0","paths":{}}')).toBe('{"openapi":"3.1.0","paths":{}}');
    expect(withoutServers('openapi: 3.1.0\nservers:\n')).toBe('openapi: 3.1.0\nservers:\n');
  });

  it.each([
    '',
    'text',
    '[]',
    '{}',
    'swagger: "2.0"',
    '{"openapi":"2.9"}',
    '{"openapi":3}',
    'a: [',
    'openapi: 3.0.0\nx: &a [*a]',
  ])('knows that %j is no OpenAPI 3 document, or leaves it harmless', (text) => {
    expect(withoutServers(text) ?? '').not.toContain('servers');
  });

  it('keeps what says which data element stands where', () => {
    const schema = { properties: { date: { type: 'string', 'x-data-element': 'person.birth-date' } } };
    const document = { openapi: '3.1.0', servers: [{ url: 'a' }], paths: {}, components: { schemas: { schema } } };
    expect(JSON.parse(withoutServers(JSON.stringify(document)) ?? '')).toMatchObject({
      components: { schemas: { schema } },
    });
    const yaml = 'openapi: 3.1.0\nservers: [ { url: a } ]\ncomponents: { schemas: { D: { x-data-element: e } } }\n';
    expect(withoutServers(yaml)).toContain('x-data-element: e');
  });

  it('hides servers behind aliases', () => {
    const text = 'openapi: 3.0.0\nx-a: &a [ { url: http://10.0.0.1 } ]\nservers: *a\npaths: { /x: { servers: *a } }\n';
    expect(withoutServers(text)).not.toContain('10.0.0.1');
    const merged = 'openapi: 3.0.0\nx: &a { description: d }\nservers: [ { <<: *a, url: http://10.0.0.1 } ]\n';
    expect(withoutServers(merged)).not.toContain('10.0.0.1');
  });

  it('does not unfold a bomb of aliases', () => {
    const lines = ['openapi: 3.0.0', 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level += 1)
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
    expect(withoutServers(lines.join('\n'))).toBeUndefined();
  });
});
