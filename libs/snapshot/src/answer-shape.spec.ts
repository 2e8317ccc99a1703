import { describe, expect, it } from '@jest/globals';
import { AnswerShape } from './answer-shape.js';

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const answering = (schema: unknown, schemas: object = {}) => ({
  paths: { '/{pin}': { get: { responses: { 200: { content: { 'application/json': { schema } } } } } } },
  components: { schemas },
});

describe('a place', () => {
  const list = { type: 'array', items: ref('Person'), prefixItems: [{ properties: { head: {} } }] };
  const person = { properties: { name: {}, children: { items: ref('Person') }, free: { additionalProperties: true } } };
  const shape = new AnswerShape(
    answering({ allOf: [{ properties: { list } }], additionalProperties: false }, { Person: person }),
  );

  it.each(['', '/list', '/list/*', '/list/*/name', '/list/7/name', '/list/0/head', '/list/*/free/x', '/list/*/free/*'])(
    'is described: %j',
    (pointer) => expect(shape.describes('GET /{pin}', pointer)).toBe(true),
  );

  it('is described in a schema that holds itself, however deep', () => {
    expect(shape.describes('GET /{pin}', `/list${'/*/children'.repeat(60)}`)).toBe(true);
  });

  it.each([
    '/lists',
    '/list/name',
    '/list/-/name',
    '/list/01/name',
    '/list/*/head',
    '/*',
    '/list/*/name/x',
    'list',
    '/list/*/free/x/y',
  ])('is not: %j', (pointer) => expect(shape.describes('GET /{pin}', pointer)).toBe(false));

  it('is not a key named like the wildcard: it would stand for its neighbours', () => {
    expect(new AnswerShape(answering({ properties: { '*': {}, a: {} } })).describes('GET /{pin}', '/*')).toBe(false);
  });

  it('is none of another endpoint', () => {
    expect(shape.describes('POST /{pin}', '')).toBe(false);
  });
});

describe('what a wildcard covers though the schema names it', () => {
  it.each<[string, object, readonly string[], readonly string[]]>([
    ['a key', { properties: { pin: {} }, additionalProperties: {} }, ['*'], ['pin']],
    [
      'a key in another part',
      { allOf: [{ properties: { pin: {} } }, { patternProperties: { '^a': {} } }] },
      ['*'],
      ['pin'],
    ],
    ['an item of a tuple', { prefixItems: [{}], items: {} }, ['*'], ['0']],
    [
      'a key further in',
      { properties: { pin: { properties: { x: {} } }, no: {} }, additionalProperties: { properties: { x: {} } } },
      ['*', 'x'],
      ['pin/x'],
    ],
    [
      'keys in keys',
      { properties: { a: { properties: { b: {} } } }, additionalProperties: { additionalProperties: {} } },
      ['*', '*'],
      ['a/b'],
    ],
    ['a key that is called like it', { properties: { '*': {} }, additionalProperties: {} }, ['*'], ['*']],
    ['nothing beside it', { items: { properties: { d: {} } } }, ['*', 'd'], []],
    ['nothing in it', { properties: { pin: {} }, additionalProperties: {} }, ['pin'], []],
  ])('%s', (_, schema, pattern, named) => {
    const shape = new AnswerShape(answering(schema));
    expect(shape.namedUnder('GET /{pin}', pattern).map((tokens) => tokens.join('/'))).toEqual(named);
  });
});

describe('questions about places', () => {
  it('are answered so far, and no further', () => {
    const properties = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`k${n}`, ref('A')]));
    const shape = new AnswerShape(answering(ref('A'), { A: { properties, additionalProperties: ref('A') } }));
    expect(shape.describes('GET /{pin}', '/k1'.repeat(300))).toBe(true);
    expect(shape.isExhausted).toBe(false);
    // A hundred keys in each of a hundred keys …
    expect(
      shape.namedUnder(
        'GET /{pin}',
        Array.from({ length: 60 }, () => '*'),
      ),
    ).toEqual([]);
    expect(shape.isExhausted).toBe(true);
    expect(shape.describes('GET /{pin}', '/k1')).toBe(false);
  });
});
