import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { fixedTopics } from '#contracts';
import { newExchangeId } from '#kernel';
import { h1, parseStatement, type Statement } from '#signing';
import { uniqueName } from '#testing';
import { openNote, parseTlogProof, verifyInclusion } from '#tlog';
import { spellQuery } from '../../apps/audit/src/search/leaf-query.js';
import { AuditNetwork, CONSUMER, PROVIDER, SERVICE } from './audit-network.js';
import {
  AUDITOR,
  HELP_DESK,
  OTHER,
  READERS,
  ReaderClient,
  problem,
  startReader,
  waitForIndex,
  worldOfReaders,
} from './readers.js';

jest.setTimeout(90_000);

let network: AuditNetwork;
let client: ReaderClient;
let requested: Statement;
let answered: Statement;
let foreign: Statement;

const indexed = () => waitForIndex(network);

beforeAll(async () => {
  network = await AuditNetwork.create();
  const app = await network.start(READERS);
  client = new ReaderClient(network, app.url);
  await network.enact(await worldOfReaders(network));
  requested = await network.requested();
  answered = await network.answered(requested);
  foreign = await network.requested({ from: OTHER }, network.signerOf(OTHER));
  for (const statement of [requested, answered, foreign]) await network.stampAndWait(statement);
  await indexed();
});
afterAll(() => network.close());

describe('who reads', () => {
  const leaves = '/v1/leaves';
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  it('has to say who it is, and is told how', async () => {
    const answer = await client.send(leaves);
    expect([answer.status, answer.json.code, answer.headers.get('www-authenticate')]).toEqual([
      401,
      'reader-token-missing',
      'Bearer',
    ]);
    expect(await problem(client.send(leaves, { headers: { authorization: 'Basic eDp5' } }))).toEqual([
      401,
      'reader-token-missing',
    ]);
  });

  it('is believed once by each token', async () => {
    const token = await client.token(CONSUMER);
    expect((await client.send(leaves, bearer(token))).status).toBe(200);
    expect(await problem(client.send(leaves, bearer(token)))).toEqual([401, 'reader-token-used']);
  });

  it('is refused with a token for another log, of another time, or of a stranger', async () => {
    expect(await problem(client.send(leaves, bearer(await client.token(CONSUMER, 'https://other.example'))))).toEqual([
      401,
      'reader-token-invalid',
    ]);
    const old = await client.token(CONSUMER, undefined, Date.now() - 400_000);
    expect(await problem(client.send(leaves, bearer(old)))).toEqual([401, 'reader-token-expired']);
    const stranger = await client.token('TEST/GOV/7777/nobody');
    expect(await problem(client.send(leaves, bearer(stranger)))).toEqual([401, 'reader-token-invalid']);
  });

  it.each(['/v1/leaves', '/v1/exports?format=csv', '/v1/packages', '/v1/reports/faults', '/v1/proofs'])(
    'is asked who it is at %s before anything else',
    async (path) => {
      const method = path === '/v1/proofs' ? 'POST' : 'GET';
      expect((await client.send(path, { method })).status).toBe(401);
    },
  );
});

describe('a search', () => {
  it('shows a member its own exchanges and nobody else’s', async () => {
    const own = await client.get(CONSUMER, `/v1/leaves?exchange=${requested.payload.id}`);
    expect(own.status).toBe(200);
    expect(own.json.leaves).toMatchObject([
      { type: 'exchange.answered', status: 200, signer: PROVIDER, service: SERVICE },
      { type: 'exchange.requested', purpose: 'citizen-view', signer: CONSUMER, consumer: CONSUMER },
    ]);
    for (const query of [`exchange=${foreign.payload.id}`, `consumer=${OTHER}`, `party=TEST/COM/2001`])
      expect((await client.get(CONSUMER, `/v1/leaves?${query}`)).json.leaves).toEqual([]);
    const provider = await client.get(PROVIDER, `/v1/leaves?consumer=${OTHER}`);
    expect(provider.json.leaves).toMatchObject([{ exchange: foreign.payload.id }]);
  });

  it('stands in the log before it is answered, and says so to whoever has the salt', async () => {
    const { json } = await client.get(AUDITOR, `/v1/leaves?service=${SERVICE}&limit=2`);
    const leaf = (await network.leaves())[json.access.leaf];
    const parsed = parseStatement(leaf?.body.toString('latin1') ?? '');
    const query = spellQuery({ service: SERVICE, limit: 2 });
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        payload: {
          t: 'access.searched',
          id: json.access.id,
          from: AUDITOR,
          doc: h1(Buffer.from(json.access.salt, 'base64url'), Buffer.from(query)),
        },
      },
    });
    expect(leaf).toMatchObject({ slot: '-', signer: 'TEST/audit1' });
    const kept = await network.database.query(
      `SELECT reader, query FROM audit.access_query ORDER BY asked DESC LIMIT 1`,
    );
    expect(kept).toEqual([{ reader: AUDITOR, query }]);
  });

  it('is itself found by auditors, and by the reader that made it', async () => {
    const { json } = await client.get(CONSUMER, '/v1/leaves?limit=1');
    await indexed();
    for (const reader of [AUDITOR, CONSUMER])
      expect((await client.get(reader, `/v1/leaves?exchange=${json.access.id}`)).json.leaves).toMatchObject([
        { type: 'access.searched', index: json.access.leaf },
      ]);
    expect((await client.get(OTHER, `/v1/leaves?exchange=${json.access.id}`)).json.leaves).toEqual([]);
  });

  it('tells the help desk how an exchange ended, by its id only', async () => {
    const { json } = await client.get(HELP_DESK, `/v1/leaves?exchange=${requested.payload.id}`);
    expect(json.leaves).toHaveLength(2);
    expect(JSON.stringify(json.leaves)).not.toContain('TEST/GOV');
    expect(await problem(client.get(HELP_DESK, '/v1/leaves'))).toEqual([403, 'search-exchange-only']);
    expect(await problem(client.get(HELP_DESK, '/v1/exports?format=csv'))).toEqual([403, 'reading-not-yours']);
    expect(await problem(client.get(HELP_DESK, '/v1/packages'))).toEqual([403, 'reading-not-yours']);
    expect(await problem(client.post(HELP_DESK, '/v1/proofs', { indices: [1] }))).toEqual([403, 'reading-not-yours']);
    const days = 'from=2026-11-01T00:00:00Z&until=2026-11-02T00:00:00Z';
    expect(await problem(client.get(HELP_DESK, `/v1/reports/faults?${days}`))).toEqual([403, 'reading-not-yours']);
  });

  it('goes on with its own cursor and with no other', async () => {
    const first = await client.get(AUDITOR, '/v1/leaves?limit=2');
    expect(first.json.leaves).toHaveLength(2);
    const second = await client.get(AUDITOR, `/v1/leaves?limit=500&cursor=${first.json.next}`);
    expect(second.json.leaves.length).toBeGreaterThan(0);
    expect(second.json.next).toBeUndefined();
    expect(second.json.indexedTo).toBe(first.json.indexedTo);
    for (const [reader, query] of [
      [AUDITOR, `type=exchange.requested&cursor=${first.json.next}`],
      [CONSUMER, `cursor=${first.json.next}`],
      [AUDITOR, 'cursor=1.2.3.AAAA'],
    ] as const)
      expect(await problem(client.get(reader, `/v1/leaves?${query}`))).toEqual([400, 'cursor-invalid']);
  });

  it.each([
    ['limit=0', 'request-malformed'],
    ['limit=501', 'request-malformed'],
    ['limit=1e2', 'request-malformed'],
    ['limit=-1', 'request-malformed'],
    ['from=yesterday', 'request-malformed'],
    ['from=2026-02-30T00:00:00Z', 'request-malformed'],
    ['exchange=7', 'request-malformed'],
    ['party=%27%3B--', 'request-malformed'],
    ['service=a', 'request-malformed'],
    ['statusClass=9', 'request-malformed'],
    ['imagined=1', 'request-malformed'],
    ['from=2026-11-02T00:00:00Z&until=2026-11-01T00:00:00Z', 'range-invalid'],
    ['party=a&party=b', 'request-malformed'],
  ])('with %s is told what is wrong', async (query, code) => {
    expect(await problem(client.get(AUDITOR, `/v1/leaves?${query}`))).toEqual([400, code]);
  });

  it('takes an enormous range and answers a page', async () => {
    const range = 'from=1000-01-01T00:00:00Z&until=9999-12-31T23:59:59Z';
    expect((await client.get(AUDITOR, `/v1/leaves?${range}&limit=500`)).json.leaves.length).toBeGreaterThan(3);
  });
});

describe('proofs', () => {
  it('come for many exchanges against one checkpoint, and hold', async () => {
    const exchanges = [requested.payload.id, foreign.payload.id, newExchangeId()];
    const { status, json } = await client.post(AUDITOR, '/v1/proofs', { exchanges, indices: [0, 1_000_000] });
    expect(status).toBe(200);
    expect(json.proofs.map((proof: { type: string }) => proof.type)).toEqual([
      'registry.manifest',
      'exchange.requested',
      'exchange.answered',
      'exchange.requested',
    ]);
    for (const { leaf, proof, index } of json.proofs) {
      const parsed = parseTlogProof(proof);
      const { leafHash } = (parseStatement(leaf) as { value: Statement }).value;
      if (!parsed.ok) throw new TypeError('no proof');
      const note = openNote(parsed.value.checkpoint, [network.noteKey]);
      if (!note.ok) throw new TypeError('no note');
      expect(parsed.value.checkpoint).toBe(json.checkpoint);
      expect(verifyInclusion(leafHash, index, note.value.size, parsed.value.path, note.value.root)).toBe(true);
    }
    expect(json.missing).toEqual({ exchanges: exchanges.slice(2), indices: [1_000_000] });
  });

  it('of others are missing, like those that are not there', async () => {
    const { json } = await client.post(CONSUMER, '/v1/proofs', { exchanges: [foreign.payload.id], indices: [0] });
    expect(json).toMatchObject({ proofs: [], missing: { exchanges: [foreign.payload.id], indices: [0] } });
  });

  it.each([
    [{}, 'proofs-number'],
    [{ exchanges: [], indices: [] }, 'proofs-number'],
    [{ indices: Array.from({ length: 101 }, (_, at) => at) }, 'request-malformed'],
    [{ indices: [1], exchanges: Array.from({ length: 100 }, () => newExchangeId()) }, 'proofs-number'],
    [{ indices: [-1] }, 'request-malformed'],
    [{ indices: [1.5] }, 'request-malformed'],
    [{ indices: [1e300] }, 'request-malformed'],
    [{ indices: '1' }, 'request-malformed'],
    [{ exchanges: ['7'] }, 'request-malformed'],
    [{ more: 1 }, 'request-malformed'],
  ])('are refused for %j', async (body, code) => {
    expect(await problem(client.post(AUDITOR, '/v1/proofs', body))).toEqual([400, code]);
  });
});

describe('an export', () => {
  it('brings a member’s leaves as JSON Lines with their bytes', async () => {
    const answer = await client.get(CONSUMER, `/v1/exports?format=jsonl&exchange=${requested.payload.id}`);
    expect(answer.headers.get('content-type')).toContain('application/jsonl');
    const lines = answer.body.toString().trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { type: 'exchange.answered', leaf: answered.jws },
      { type: 'exchange.requested', leaf: requested.jws },
      { end: { leaves: 2 } },
    ]);
  });

  it('brings them as CSV, and nothing of others', async () => {
    const answer = await client.get(CONSUMER, '/v1/exports?format=csv');
    const lines = answer.body.toString().trimEnd().split('\r\n');
    expect(lines[0]).toMatch(/^index,type,exchange,/);
    expect(lines.at(-1)).toBe(`end,${lines.length - 2},`);
    expect(answer.body.toString()).not.toContain(foreign.payload.id);
    expect(await problem(client.get(CONSUMER, '/v1/exports?format=xml'))).toEqual([400, 'request-malformed']);
  });

  it('that is longer than one may be is continued where it ended', async () => {
    const app = await startReader(network, { maxExportLeaves: 2, accessPatienceMs: 20_000 }, network.bus);
    const short = new ReaderClient(network, app.url);
    const lines = async (more = '') =>
      (await short.get(CONSUMER, `/v1/exports?format=jsonl${more}`)).body
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    const first = await lines();
    expect(first).toHaveLength(3);
    const rest = await lines(`&cursor=${first[2].end.next}`);
    expect(rest[0].index).not.toBe(first[0].index);
    expect(await problem(short.get(PROVIDER, `/v1/exports?format=jsonl&cursor=${first[2].end.next}`))).toEqual([
      400,
      'cursor-invalid',
    ]);
    await app.close();
  });
});

describe('the record of a query', () => {
  /** A bus that fails to send stamps, before or after it has sent them. */
  const failingBus = (sendsFirst: boolean) =>
    new Proxy(network.bus, {
      get(bus, name) {
        if (name !== 'publish') {
          const value: unknown = Reflect.get(bus, name);
          return typeof value === 'function' ? (value.bind(bus) as unknown) : value;
        }
        return async (records: Parameters<typeof bus.publish>[0]) => {
          if (sendsFirst || records[0]?.topic !== fixedTopics.stamp.name) await bus.publish(records);
          if (records[0]?.topic === fixedTopics.stamp.name) throw new TypeError('the broker did not answer');
        };
      },
    });

  it('is what a query waits for: without it nothing is answered', async () => {
    const app = await startReader(network, { accessPatienceMs: 300 }, failingBus(false));
    const lost = new ReaderClient(network, app.url);
    expect(await problem(lost.get(AUDITOR, '/v1/leaves'))).toEqual([503, 'access-unrecorded']);
    await app.close();
  });

  it('counts when it stands, though its sender was told that it failed', async () => {
    const app = await startReader(network, { accessPatienceMs: 20_000 }, failingBus(true));
    const lost = new ReaderClient(network, app.url);
    const { status, json } = await lost.get(AUDITOR, '/v1/leaves?limit=1');
    expect(status).toBe(200);
    expect((await network.leaves())[json.access.leaf]?.body.toString()).toContain('.');
    await app.close();
  });
});

describe('the index of leaves', () => {
  it('is made anew from the log, the same', async () => {
    const rows = () => network.database.query('SELECT * FROM audit.leaf_index ORDER BY idx');
    await indexed();
    const before = await rows();
    await network.database.query('TRUNCATE audit.leaf_index');
    await network.database.query('UPDATE audit.leaf_index_cursor SET idx = 0');
    await indexed();
    expect((await rows()).slice(0, before.length)).toEqual(before);
  });
});

describe('the OpenAPI document', () => {
  it('is 3.1 and describes every operation of readers with answers, problems and examples', async () => {
    const { json } = await client.send('/openapi.json');
    expect(json.openapi).toBe('3.1.0');
    const paths = ['/v1/leaves', '/v1/proofs', '/v1/exports', '/v1/reports/{report}', '/v1/packages'];
    for (const path of paths) {
      const operation = json.paths[path]?.get ?? json.paths[path]?.post;
      expect([path, Object.keys(operation.responses).sort()]).toEqual([
        path,
        expect.arrayContaining(['200', '400', '401', '403', '503']),
      ]);
      expect(operation.security).toEqual([{ bearer: [] }]);
      expect(operation.responses['400'].content['application/problem+json'].schema.$ref).toContain('ProblemDto');
    }
    expect(json.components.schemas.ProblemDto.properties.code.example).toBe('cursor-invalid');
    expect(
      json.paths['/v1/leaves'].get.parameters.find(({ name }: { name: string }) => name === 'party'),
    ).toMatchObject({ schema: { example: 'DEMO/GOV/1001' } });
    expect(json.components.securitySchemes.bearer).toMatchObject({ scheme: 'bearer' });
  });
});

describe('malformed paths of the log', () => {
  it.each([
    'tile/0/x001',
    'tile/64/000',
    'tile/0/000.p/256',
    'tile/0/000.p/0',
    'tile/entries/-1',
    'tile/0/../checkpoint',
    'tile/0/999999999999999999999999',
    'tile/0/x999/x999/x999/x999/x999/999',
    'tile/00/000',
    `tile/0/${uniqueName('x')}`,
  ])('answers %s with 404', async (path) => {
    expect((await client.send(`/log/0/2026h2/${path}`)).status).toBe(404);
  });

  it.each([
    ['/proof/inclusion?index=5&size=5', 400],
    ['/proof/inclusion?index=0&size=9007199254740991', 404],
    ['/proof/inclusion?index=-1&size=5', 400],
    ['/proof/consistency?from=1&to=9999999999999999', 404],
    ['/v1/manifests/governing?index=9999999999999999', 404],
    ['/v1/snapshots/zz', 400],
  ])('answers %s with %i', async (path, status) => {
    expect((await client.send(path)).status).toBe(status);
  });
});
