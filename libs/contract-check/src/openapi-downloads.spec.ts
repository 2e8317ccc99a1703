import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sha256, toHex } from '#kernel';
import { OpenApiDownloads } from './openapi-downloads.service.js';

const TEXT = '{"openapi":"3.1.0"}';
const DIGEST = toHex(sha256(Buffer.from(TEXT)));
let asked = 0;
let answered = TEXT;
const registry = createServer((_request, response) => {
  asked += 1;
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(answered);
});
let downloads: OpenApiDownloads;

beforeAll(() => new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => registry.close(resolve)));
beforeEach(() => {
  asked = 0;
  answered = TEXT;
  downloads = new OpenApiDownloads(`http://127.0.0.1:${String((registry.address() as AddressInfo).port)}`, 2_000);
});

describe('downloads of OpenAPI documents', () => {
  it('are one for all who ask at once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => downloads.get(DIGEST)));
    expect(all.every((each) => each.ok && each.value.text === TEXT)).toBe(true);
    expect(asked).toBe(1);
  });

  it('are believed under their digest only, and asked for again after that', async () => {
    answered = '{"openapi":"3.1.1"}';
    expect(await downloads.get(DIGEST)).toMatchObject({ ok: false, reason: { code: 'openapi-altered' } });
    answered = TEXT;
    expect(await downloads.get(DIGEST)).toMatchObject({ ok: true });
  });

  it('end where there is too much, or nobody', async () => {
    answered = 'x'.repeat(5 * 1024 * 1024);
    expect(await downloads.get(DIGEST)).toMatchObject({ ok: false, reason: { code: 'openapi-unavailable' } });
    const nobody = new OpenApiDownloads('http://127.0.0.1:1', 500);
    expect(await nobody.get(DIGEST)).toMatchObject({ ok: false, reason: { code: 'openapi-unavailable' } });
  });
});
