import { describe, expect, it } from '@jest/globals';
import { createHmac, randomBytes } from 'node:crypto';
import { isOutlineOf, outlineOf } from './content-outline.js';
import { MOST_CONTENT_BYTES, readContent, type CorrectionContent } from './correction-content.js';
import { valueHash } from './value-hash.js';

const SALT = Buffer.alloc(32, 7);
const SECRETS = ['Winter Street 9', 'Summer Street 10', 'I moved last year', 'lease.pdf'];

function sample(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    v: 1,
    salt: SALT.toString('base64url'),
    subject: 'DEMO/PIN/TEST000007',
    exchangeId: '01a21e9a-e1ba-7167-b897-a569f6c5d52a',
    language: 'az',
    items: [
      {
        element: 'person.address',
        pointer: '/addresses/0/street~1no',
        doubted: { street: SECRETS[0], since: 2019 },
        proposed: { street: SECRETS[1] },
        asOf: '2026-02-28',
        explanation: SECRETS[2],
      },
    ],
    attachments: [
      { name: SECRETS[3], mediaType: 'application/pdf', bytes: Buffer.from('%PDF-1.7 …').toString('base64') },
    ],
    ...changes,
  };
}

const read = (value: unknown) => readContent(Buffer.from(JSON.stringify(value)));

/** The sample with this JSON as its doubted value. */
const contentWith = (json: string) => {
  const text = JSON.stringify(sample({ items: [{ pointer: '/a', doubted: 'here' }] }));
  return Buffer.from(text.replace('"here"', () => json));
};
/** Lists in each other. */
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

function contentOf(value: unknown): CorrectionContent {
  const outcome = read(value);
  if (!outcome.ok) throw new TypeError(JSON.stringify(outcome.reason));
  return outcome.value;
}

describe('the content of a correction', () => {
  it('is read as it was written', () => {
    expect(contentOf(sample())).toEqual(sample());
    expect(contentOf(sample({ attachments: undefined })).attachments).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['another version', { v: 2 }, '/v'],
    ['a short salt', { salt: Buffer.alloc(16).toString('base64url') }, '/salt'],
    ['no item', { items: [] }, '/items'],
    ['a pointer that is none', { items: [{ pointer: 'street' }] }, '/items/0/pointer'],
    ['a pointer with a bare tilde', { items: [{ pointer: '/a~2' }] }, '/items/0/pointer'],
    ['a day that there is not', { items: [{ pointer: '/a', asOf: '2026-02-30' }] }, '/items/0/asOf'],
    ['a text too long', { items: [{ pointer: '/a', explanation: 'x'.repeat(4_001) }] }, '/items/0/explanation'],
    ['a field that nobody knows', { owner: 'x' }, ''],
    ['a language without texts', { language: 'de' }, '/language'],
    [
      'a page that runs',
      { attachments: [{ name: 'a', mediaType: 'text/html', bytes: '' }] },
      '/attachments/0/mediaType',
    ],
    [
      'bytes that are no base64',
      { attachments: [{ name: 'a', mediaType: 'image/png', bytes: '%' }] },
      '/attachments/0/bytes',
    ],
  ])('is refused with %s, by its place', (_, changes, place) => {
    expect(read(sample(changes))).toEqual({ ok: false, reason: { reason: 'content-malformed', places: [place] } });
  });

  it.each<[string, Buffer]>([
    ['image/png', Buffer.from('%PDF-1.7')],
    ['application/pdf', Buffer.from('MZ\u0090')],
    ['image/jpeg', Buffer.from([0xff, 0xd8])],
    ['text/plain', Buffer.from([0x61, 0])],
    ['text/plain', Buffer.from([0xc3, 0x28])],
  ])('is refused with an attachment that only says that it is %s', (mediaType, bytes) => {
    const attachments = [{ name: 'a', mediaType, bytes: bytes.toString('base64') }];
    const places = ['/attachments/0'];
    expect(read(sample({ attachments }))).toEqual({ ok: false, reason: { reason: 'attachment-mislabelled', places } });
  });

  it.each<[string, string, boolean]>([
    ['a value that is as deep as it may be', '['.repeat(61) + ']'.repeat(61), true],
    ['a value that is deeper', '['.repeat(62) + ']'.repeat(62), false],
    ['as many brackets as fit', '['.repeat(200_000) + ']'.repeat(200_000), false],
    ['half of a pair', String.raw`"\ud800"`, false],
    ['a whole pair', String.raw`"\ud83d\ude00"`, true],
    ['half of a pair in a name', String.raw`{"\udc00":1}`, false],
    ['half of a pair deep in a list', String.raw`[[{"a":["b","\ud800x"]}]]`, false],
  ])('with %s can be hashed or is refused: %#', (_, doubted, isRead) => {
    const text = JSON.stringify(sample()).replace('{"street":"Winter Street 9","since":2019}', doubted);
    const outcome = readContent(Buffer.from(text));
    if (!isRead) expect(outcome).toEqual({ ok: false, reason: { reason: 'content-malformed', places: [''] } });
    else expect(outcome.ok && outlineOf(outcome.value).items[0]?.doubted).toMatch(/^h1:/);
  });

  it('is refused with half of a pair in a text of its own', () => {
    for (const changes of [{ subject: 'DEMO/PIN/\ud800' }, { items: [{ pointer: '/a', explanation: '\udfff' }] }])
      expect(read(sample(changes))).toMatchObject({ ok: false, reason: { reason: 'content-malformed' } });
  });

  it('is refused when it is too big, or no JSON', () => {
    const most = MOST_CONTENT_BYTES;
    expect(readContent(randomBytes(most + 1))).toEqual({ ok: false, reason: { reason: 'content-too-big', most } });
    for (const bytes of [Buffer.from('{'), Buffer.from([0xff]), Buffer.from('null')])
      expect(readContent(bytes)).toMatchObject({ ok: false, reason: { reason: 'content-malformed', places: [''] } });
  });

  it.each<[string, string]>([
    ['a value that is half a character', String.raw`"\ud800"`],
    ['a key that is half a character', String.raw`{"a":[{"\udc00":1}]}`],
    ['a number that is none', '1e999'],
    ['a value deeper than any form', nested(62)],
    ['a value as deep as the whole content can be', nested(200_000)],
  ])('is refused with %s, which has no digest', (_, value) => {
    const outcome = readContent(contentWith(value));
    expect(outcome).toMatchObject({ ok: false, reason: { reason: 'content-malformed' } });
  });

  it.each([nested(61), String.raw`"\ud83d\ude00"`, '{"":[]}'])(
    'whose values are any other JSON has a digest',
    (value) => {
      const outcome = readContent(contentWith(value));
      expect(outcome.ok && outlineOf(outcome.value).items[0]?.doubted).toMatch(/^h1:/);
    },
  );
});

describe('the outline of a content', () => {
  it('tells the bus places, days and digests, and none of the values and words', () => {
    const outline = outlineOf(contentOf(sample()));
    expect(outline.items).toMatchObject([
      { element: 'person.address', pointer: '/addresses/0/street~1no', asOf: '2026-02-28' },
    ]);
    expect(outline.evidence).toMatchObject([{ mediaType: 'application/pdf', size: 12 }]);
    for (const secret of SECRETS) expect(JSON.stringify(outline)).not.toContain(secret);
  });

  it('hashes a value by its RFC 8785 form under the salt, whatever the order it came in', () => {
    const canonical = '{"since":2019,"street":"Winter Street 9"}';
    const expected = `h1:${createHmac('sha256', SALT).update(canonical).digest('base64url')}`;
    expect(outlineOf(contentOf(sample())).items[0]?.doubted).toBe(expected);
    expect(valueHash(SALT, { since: 2019, street: 'Winter Street 9' })).toBe(expected);
    expect(valueHash(Buffer.alloc(32, 8), { since: 2019, street: 'Winter Street 9' })).not.toBe(expected);
  });

  it('fits its own content alone', () => {
    const outline = outlineOf(contentOf(sample()));
    expect(isOutlineOf(outline, contentOf(sample()))).toBe(true);
    for (const changes of [{ subject: 'DEMO/PIN/TEST000008' }, { language: 'en' }, { attachments: [] }])
      expect(isOutlineOf(outline, contentOf(sample(changes)))).toBe(false);
    expect(isOutlineOf({ ...outline, items: [] }, contentOf(sample()))).toBe(false);
  });

  it('hashes nothing that is no JSON', () => {
    expect(() => valueHash(SALT, undefined)).toThrow(TypeError);
  });
});
