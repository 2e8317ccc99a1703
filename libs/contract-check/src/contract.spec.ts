import { describe, expect, it } from '@jest/globals';
import { Contract } from './contract.js';

const json = [{ name: 'Content-Type', value: 'application/json' }];

function contractOf(schema: unknown, version = '3.1.0', components: unknown = {}) {
  const content = { 'application/json': { schema } };
  const responses = { '200': { content } };
  const paths = { '/claims': { post: { requestBody: { required: true, content }, responses } } };
  return Contract.read(JSON.stringify({ openapi: version, paths, components }));
}

function check(schema: unknown, value: unknown, version?: string, components?: unknown) {
  const read = contractOf(schema, version, components);
  if (!read.ok) return read.reason;
  const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const checked = read.value.checkRequest('POST /claims', { headers: json, body });
  return checked.ok ? 'good' : checked.reason;
}

const pin = { type: 'object', required: ['pin'], properties: { pin: { type: 'string', pattern: '^[A-Z0-9]{5,12}$' } } };

describe('a contract', () => {
  it('says where and by which rule, and no value', () => {
    expect(check(pin, { pin: 'TEST000001' })).toBe('good');
    const reason = check(pin, { pin: 'secret person' });
    expect(reason).toEqual([{ pointer: '/body/pin', message: 'does not meet "pattern"' }]);
    expect(JSON.stringify(reason)).not.toContain('secret');
    expect(check(pin, {})).toEqual([{ pointer: '/body', message: 'does not meet "required" "pin"' }]);
    expect(check(pin, '{')).toEqual([{ pointer: '/body', message: 'is no JSON' }]);
  });

  it('shows no key that only the sender chose', () => {
    const map = { type: 'object', additionalProperties: { type: 'number' } };
    expect(check(map, { AZ12345: 'x' })).toEqual([{ pointer: '/body/*', message: 'does not meet "type"' }]);
  });

  it.each([
    ['nullable', { type: 'string', nullable: true, example: 'x' }, 'null', 'good'],
    ['what is not nullable', { type: 'string' }, 'null', 'type'],
    ['a boolean exclusiveMinimum', { type: 'number', minimum: 3, exclusiveMinimum: true }, '3', 'exclusiveMinimum'],
    ['one that is false', { type: 'number', minimum: 3, exclusiveMinimum: false }, '3', 'good'],
  ])('of OpenAPI 3.0 reads %s', (_, schema, text, wanted) => {
    expect(JSON.stringify(check(schema, text, '3.0.3'))).toContain(wanted);
  });

  it('of OpenAPI 3.1 reads lists of types and numbers as limits', () => {
    expect(check({ type: ['string', 'null'] }, 'null')).toBe('good');
    expect(JSON.stringify(check({ type: 'number', exclusiveMinimum: 3 }, '3'))).toContain('exclusiveMinimum');
  });

  it('follows references within the document, also those to themselves', () => {
    const schemas = { Tree: { type: 'object', properties: { next: { $ref: '#/components/schemas/Tree' } } } };
    const tree = { $ref: '#/components/schemas/Tree' };
    expect(check(tree, { next: { next: {} } }, '3.1.0', { schemas })).toBe('good');
    expect(check(tree, { next: { next: 1 } }, '3.1.0', { schemas })).toMatchObject([{ pointer: '/body/next/next' }]);
  });

  it.each([
    ['refers to the network', { $ref: 'http://127.0.0.1:1/x.json' }],
    ['refers to a file', { $ref: './x.json' }],
    ['refers to nothing', { $ref: '#/components/schemas/None' }],
    ['has an identity of its own', { $id: 'http://x/', type: 'object' }],
    ['has a pattern that nobody can read', { type: 'string', pattern: '(' }],
    ['is too large', { enum: Array.from({ length: 30_000 }, (_, index) => index) }],
  ])('that %s cannot be used', (_, schema) => {
    expect(check(schema, {})).toBe('contract-unusable');
  });

  it('does not hang on a pattern', () => {
    const value = JSON.stringify(`${'a'.repeat(50_000)}!`);
    expect(check({ type: 'string', pattern: '^(a+)+$' }, value)).toMatchObject([{ pointer: '/body' }]);
  });

  it('compares many items in time that grows with them', () => {
    const many = Array.from({ length: 60_000 }, (_, index) => ({ index }));
    const unique = { type: 'array', uniqueItems: true };
    expect(check(unique, many)).toBe('good');
    expect(check(unique, [...many, { index: 7 }])).toMatchObject([{ message: 'does not meet "uniqueItems"' }]);
  });

  it('takes no key twice: agencies read the first, or the last', () => {
    expect(check(pin, '{"pin":"TEST000001","pin":"TEST000002"}')).toEqual([
      { pointer: '/body', message: 'names a key twice' },
    ]);
  });

  it('reads patterns with escapes of letters', () => {
    const cyrillic = { type: 'string', pattern: '^[\\u0410-\\u044F]+$' };
    expect([check(cyrillic, '"Данные"'), check(cyrillic, '"data"')]).toMatchObject(['good', [{ pointer: '/body' }]]);
  });

  it('finds a media type that is declared with parameters', () => {
    const content = { 'application/json; charset=utf-8': { schema: pin } };
    const paths = { '/claims': { post: { requestBody: { content }, responses: {} } } };
    const read = Contract.read(JSON.stringify({ openapi: '3.1.0', paths }));
    const body = Buffer.from('{"pin":1}');
    expect(read.ok && read.value.checkRequest('POST /claims', { headers: json, body })).toMatchObject({
      reason: [{ pointer: '/body/pin' }],
    });
  });

  it.each([
    ['a body that is nowhere', { requestBody: { $ref: '#/components/requestBodies/None' }, responses: {} }],
    ['an answer that is nowhere', { responses: { 200: { $ref: '#/components/responses/None' } } }],
    [
      'an answer whose schema is nowhere',
      { responses: { 200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/None' } } } } } },
    ],
  ])('that refers to %s passes nothing', (_, post) => {
    const read = Contract.read(JSON.stringify({ openapi: '3.1.0', paths: { '/claims': { post } } }));
    if (!read.ok) throw new TypeError(read.reason);
    const parts = { headers: json, body: Buffer.from('{}') };
    const usable = [
      read.value.checkRequest('POST /claims', parts).ok,
      read.value.checkAnswer('POST /claims', { ...parts, status: 200 }).ok,
      read.value.canCheckAnswers('POST /claims'),
    ];
    expect(usable).toContain(false);
    expect(usable[2]).toBe('requestBody' in post);
  });

  it('judges answers by their status', () => {
    const read = contractOf(pin);
    if (!read.ok) throw new TypeError('a good document is refused');
    const answer = (status: number, text: string) =>
      read.value.checkAnswer('POST /claims', { status, headers: json, body: Buffer.from(text) });
    expect(answer(200, '{"pin":"TEST000001"}').ok).toBe(true);
    expect(answer(200, '{}')).toMatchObject({ ok: false, reason: [{ pointer: '/body' }] });
    expect(answer(418, '{}')).toMatchObject({ ok: false, reason: [{ pointer: '/status' }] });
  });
});
