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
