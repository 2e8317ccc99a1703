import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { renderAnswer, type PartAnswer } from './answer.js';

const HEAD = { complete: true, parts: 1, answered: 1, deadlineMs: 1, tookMs: 1 };
const part = (body: Buffer | undefined, type?: string): PartAnswer => ({
  head: {
    name: 'a',
    outcome: 'answered',
    status: 200,
    tookMs: 1,
    headers: type === undefined ? [] : [{ name: 'content-type', value: type }],
  },
  body,
});
const rendered = (body: string | Buffer, type?: string, bodies?: 'json' | 'base64') =>
  renderAnswer(HEAD, [part(Buffer.from(body), type)], bodies).toString('utf8');
const parsed = (text: string) => (JSON.parse(text) as { parts: { body?: unknown; bodyEncoding?: string }[] }).parts[0];

describe('an answer', () => {
  test("holds a provider's JSON byte for byte", () => {
    const body = ' {"n":12345678901234567890.10, "b":1,"a":[],"a":"\\u00e4ä"}\n';
    const text = rendered(body, 'application/json; charset=utf-8');
    expect(text).toContain(`"bodyEncoding":"json","body":${body}}`);
    expect(parsed(text)?.body).toMatchObject({ a: 'ää' });
    expect(parsed(rendered('null', 'application/problem+json'))?.body).toBeNull();
  });

  test.each([
    ['what is not declared as JSON', '{}', 'text/plain'],
    ['what declares nothing', '{}', undefined],
    ['what is declared as JSON and is none', '{"a":1}}', 'application/json'],
    ['two JSON texts', '{} {}', 'application/json'],
    ['a byte order mark', '\ufeff{}', 'application/json'],
    ['other than UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'application/json'],
  ])('holds %s as base64', (_what, body, type) => {
    const bytes = Buffer.from(body);
    expect(parsed(rendered(bytes, type))).toMatchObject({ bodyEncoding: 'base64', body: bytes.toString('base64') });
  });

  test('holds everything as base64 if asked to, and no body where there is none', () => {
    expect(parsed(rendered('{}', 'application/json', 'base64'))?.body).toBe('e30=');
    for (const body of [undefined, Buffer.alloc(0)])
      expect(JSON.parse(renderAnswer(HEAD, [part(body, 'application/json')]).toString()).parts[0]).not.toHaveProperty(
        'body',
      );
  });

  test('stays one JSON text with one entry per part, whatever providers answer', () => {
    const bodies = fc.oneof(fc.string(), fc.json(), fc.uint8Array().map(Buffer.from));
    fc.assert(
      fc.property(fc.array(bodies, { maxLength: 5 }), (answers) => {
        const parts = answers.map((body) => part(Buffer.from(body), 'application/json'));
        const text = renderAnswer(HEAD, parts).toString('utf8');
        const whole = JSON.parse(text) as { composition: object; parts: { name: string; status: number }[] };
        expect(Object.keys(whole)).toEqual(['composition', 'parts']);
        expect(whole.parts.map(({ name, status }) => [name, status])).toEqual(answers.map(() => ['a', 200]));
      }),
    );
  });
});
