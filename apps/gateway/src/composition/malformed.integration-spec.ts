import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '#postgres';
import { createDatabase, type TestDatabase } from '#testing';
import { gatewayMigrations } from '../migrations/index.js';
import {
  MAX_BODY_BYTES,
  person,
  persons,
  startCompositions,
  type Compositions,
} from './spec-support/composition-fixture.js';

let place: TestDatabase;
let database: Database;
let compositions: Compositions;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(async () => void (compositions = await startCompositions(database)));
afterEach(() => compositions.close());

describe('what is no composition', () => {
  const one = person('a');
  test.each([
    ['too many parts', { parts: persons(21) }, '#/parts'],
    ['far too many parts', { parts: persons(65) }, '#'],
    ['no parts', { parts: [] }, '#/parts'],
    ['nothing', {}, '#/parts'],
    ['parts that are no list', { parts: { a: one } }, '#/parts'],
    ['a part that is null', { parts: [null] }, '#/parts/0'],
    ['a name twice', { parts: [one, one] }, '#/parts/1/name'],
    ['a name that is none', { parts: [person('TEST 1')] }, '#/parts/0/name'],
    ['an unknown field', { parts: [person('a', { retries: 3 })] }, '#/parts/0/retries'],
    ['an unknown field at the top', { parts: [one], 'a/b~': 1 }, '#/a~1b~0'],
    ['null for what may be left out', { parts: [person('a', { body: null })] }, '#/parts/0/body'],
    ['an unknown method', { parts: [person('a', { method: 'CONNECT' })] }, '#/parts/0/method'],
    ['a deadline that is none', { deadlineMs: 0, parts: [one] }, '#/deadlineMs'],
    ['wrong base64', { parts: [person('a', { body: 'x', bodyEncoding: 'base64' })] }, '#/parts/0/body'],
    [
      'another client',
      { parts: [person('a', { headers: [{ name: 'X-Road-Client', value: 'x' }] })] },
      '#/parts/0/headers/0/name',
    ],
    [
      'context as a header',
      { parts: [person('a', { headers: [{ name: 'kerege-purpose', value: 'x' }] })] },
      '#/parts/0/headers/0/name',
    ],
    [
      'a header of two lines',
      { parts: [person('a', { headers: [{ name: 'Accept', value: 'x\r\nb: c' }] })] },
      '#/parts/0/headers/0/value',
    ],
    ['no JSON', '{"parts":', '#'],
    ['deep JSON', `{"parts":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, '#'],
  ])('%s is refused whole, with a pointer', async (_what, body, pointer) => {
    const answer = await compositions.post(body);
    const problem = (await answer.json()) as { code: string; problems: { pointer: string }[] };
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, expect.stringContaining('problem+json')]);
    expect(problem.code).toBe('composition-malformed');
    expect(problem.problems.map((each) => each.pointer)).toContain(pointer);
    expect(compositions.gateway.provider.seen).toHaveLength(0);
  });

  test.each([
    ['an unknown client', { 'X-Road-Client': 'TEST/GOV/9/x' }, 401, 'client-unknown'],
    ['another media type', { 'Content-Type': 'text/plain' }, 415, 'media-type-unknown'],
    ['a key for the whole', { 'Idempotency-Key': 'k' }, 400, 'composition-context-in-headers'],
    ['context in headers', { 'Kerege-Purpose': 'citizen-view' }, 400, 'composition-context-in-headers'],
  ])('%s is refused', async (_what, headers, status, code) => {
    const answer = await compositions.post({ parts: [one] }, headers);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code]);
  });

  test('too large a body is refused, and its connection not used again', async () => {
    const answer = await compositions.post(
      JSON.stringify({ parts: [person('a', { body: 'x'.repeat(MAX_BODY_BYTES) })] }),
    );
    expect([answer.status, answer.headers.get('connection')]).toEqual([413, expect.any(String)]);
    expect(await compositions.compose({ parts: [one] })).toMatchObject({ composition: { complete: true } });
  });
});
