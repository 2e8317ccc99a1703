import { describe, expect, it } from '@jest/globals';
import { isBodyAsDeclared } from './declared-body.js';

const bytes = (text: string) => Buffer.from(text);
const typed = (...types: string[]) => types.map((value) => ({ name: 'Content-Type', value }));
const isGood = (body: Buffer, headers = typed('application/json'), method = 'POST') =>
  isBodyAsDeclared({ method, headers, body });

describe('a body declared as JSON', () => {
  it.each(['{}', '[]', 'null', ' {"a": 1}\n', '"\u00e9"'])('is %j', (text) => {
    expect(isGood(bytes(text))).toBe(true);
  });

  it.each([
    ['half an object', bytes('{"pin":')],
    ['two documents', bytes('{}{}')],
    ['form fields', bytes('pin=1')],
    ['JSON in latin1', Buffer.from('"\u00e9"', 'latin1')],
    ['only white space', bytes(' ')],
  ])('is not %s', (_, body) => {
    expect(isGood(body)).toBe(false);
  });

  it.each(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/problem+json', ' application/json '])(
    'is declared by %j',
    (type) => {
      expect(isGood(bytes('{'), typed(type))).toBe(false);
    },
  );

  it('is declared by any of several types, whatever the spelling of the name', () => {
    expect(isGood(bytes('{'), typed('text/plain', 'application/json'))).toBe(false);
    expect(isGood(bytes('{'), typed('application/json', 'text/plain'))).toBe(false);
    expect(isGood(bytes('{'), [{ name: 'CONTENT-TYPE', value: 'application/json' }])).toBe(false);
  });

  it('may be missing only where the method has none', () => {
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'])
      expect(isGood(bytes(''), typed('application/json'), method)).toBe(true);
    for (const method of ['POST', 'PUT', 'PATCH'])
      expect(isGood(bytes(''), typed('application/json'), method)).toBe(false);
  });
});

it.each(['text/plain', 'application/xml', 'application/jsonp', 'text/json', ''])(
  'anything may stand in a body declared as %j',
  (type) => {
    expect(isGood(bytes('{'), typed(type))).toBe(true);
    expect(isGood(bytes(''), typed(type))).toBe(true);
    expect(isGood(bytes('{'), [])).toBe(true);
  },
);
