import { sha256, toHex } from '#kernel';
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
