import { sha256, toHex } from '#kernel';
import { instanceDefinition } from './definition-schema.js';
import { locateInDefinition } from './locate-in-definition.js';
import { openApiOperations } from './openapi-operations.js';

const text =
  'openapi: 3.1.0\ninfo: {title: x, version: "1"}\npaths:\n  /{pin}:\n    get: {}\n    parameters: []\n  /match:\n    post: {}\n';

describe('openApiOperations', () => {
  it('lists operations in the order of the document, with the digest of its bytes', () => {
    expect(openApiOperations(text)).toMatchObject({
      ok: true,
      value: { digest: toHex(sha256(text)), endpoints: ['GET /{pin}', 'POST /match'] },
    });
  });

  it.each([
    ['openapi-unreadable', 'a: [', 'openapi: 3.0.0\npaths: []', 'x', ''],
    ['openapi-version', text.replace('3.1.0', '2.0.0')],
    ['openapi-without-paths', 'openapi: 3.1.0\npaths: {}'],
  ])('refuses as %s', (reason, ...texts) => {
    for (const wrong of texts) expect(openApiOperations(wrong)).toEqual({ ok: false, reason });
  });
});

describe('locateInDefinition', () => {
  const yaml =
    'instance: D\nmembers:\n  - id: GOV/1\n    name: { en: One }\n    subsystems:\n      - code: s\n        services:\n          - code: v\n';
  const definition = instanceDefinition.parse({
    instance: 'D',
    members: [{ id: 'GOV/1', name: { en: 'One' }, subsystems: [{ code: 's', services: [{ code: 'v' }] }] }],
  });

  it.each([
    ['D/GOV/1', 3, 9, 'members[0].id'],
    ['D/GOV/1/s', 6, 15, 'members[0].subsystems[0].code'],
    ['D/GOV/1/s/v', 8, 19, 'members[0].subsystems[0].services[0].code'],
    ['D/GOV/9', 1, 1, ''],
  ])('finds %s', (identifier, line, column, path) => {
    expect(locateInDefinition(yaml, definition, identifier)).toEqual({ line, column, path });
  });
});
