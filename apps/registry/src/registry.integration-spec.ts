import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Bus, Subscription } from '#bus';
import { decode, fixedTopics, ManifestSchema } from '#contracts';
import { sha256, toHex } from '#kernel';
import { keyFileName, silentLogger, type RunningApp } from '#platform';
import { generateSealingKey, generateSigningKey, jwkSigner, parseStatement, publicJwk } from '#signing';
import {
  memberDocumentsOf,
  openApiOperations,
  parseInstanceDefinition,
  publishedKey,
  signMemberEntry,
  snapshotDigestOf,
} from '#snapshot';
import { createDatabase, eventually, testBus, uniqueName, type TestDatabase } from '#testing';
import { registryConfig } from './registry.config.js';
import { createRegistry } from './registry.module.js';
import { FakeLog, ORIGIN, ownTopics } from './spec-support/fake-log.js';

const OPENAPI = `openapi: 3.0.3
info: { title: Persons, version: '1' }
paths:
  /{pin}:
    get:
      parameters: [{ name: pin, in: path, required: true, schema: { type: string } }]
      responses: { '200': { description: ok } }
`;
/** The same service whose answers say which data element stands where. */
const MARKED = OPENAPI.replace(
  '{ description: ok }',
  `{ description: ok, content: { application/json: { schema: { properties: { born: { type: string, x-data-element: birth } } } } } }`,
);
const DEFINITION = `instance: DEMO
legalBases: [{ code: LB, title: { en: Law }, reference: Act }]
purposes: [{ code: view, title: { en: View }, legalBasis: LB }]
members:
  - id: GOV/1000
    name: { en: Portal }
    subsystems: [{ code: mygov }]
  - id: GOV/1001
    name: { en: Register }
    subsystems:
      - code: population
        services: [{ code: persons, openapi: persons.yaml, timeoutMs: 5000 }]
        agreements:
          - { consumer: GOV/1000/mygov, service: persons, endpoints: ['GET /{pin}'], purposes: [view], endUser: { 'GET /{pin}': subject }, subjectKinds: [DEMO/PIN], hours: { days: [1], from: '09:00', until: '18:00', timeZone: Asia/Baku }, context: [issue], quota: { day: 1000, month: 20000, timeZone: Asia/Baku }, rate: { perSecond: 2.5, burst: 10 }, sweep: { subjectsPerHour: 300, brake: true }, stopped: under investigation, until: 2036-12-31 }
instances:
  - { id: gw1, kind: gateway, runBy: GOV/1000, serves: [GOV/1000/mygov] }
  - { id: registry1, kind: registry, runBy: GOV/1000 }
`;

describe('registry', () => {
  const log = new FakeLog();
  const registryKey = generateSigningKey();
  const keys = new Map<
    string,
    { sign: ReturnType<typeof generateSigningKey>; seal: ReturnType<typeof generateSealingKey> }
  >();
  const published: { key: string; value: Buffer }[] = [];
  let dir: string;
  let database: TestDatabase;
  let realBus: Bus;
  let bus: Bus;
  let app: RunningApp;
  let reader: Subscription;

  const start = async () =>
    createRegistry(
      registryConfig.load({
        KEREGE_PORT: '0',
        KEREGE_KEYS_DIR: join(dir),
        KEREGE_TRUST_FILE: join(dir, 'trust.json'),
        DATABASE_URL: database.url,
        KEREGE_REGISTRY_RENEW_EVERY_MS: '60000',
      }),
      { bus, logger: silentLogger() },
    );

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kerege-registry-'));
    const registry = [{ ...publicJwk(registryKey), kid: registryKey.kid }];
    const trust = { v: 1, instance: 'DEMO', logs: [log.vkey], registry, witnesses: null, timestampRoots: [] };
    await writeFile(join(dir, 'trust.json'), JSON.stringify(trust));
    const file = join(dir, keyFileName('DEMO/registry1'));
    await writeFile(file, JSON.stringify({ keys: [registryKey] }), { mode: 0o600 });
    database = await createDatabase();
    realBus = await testBus();
    bus = ownTopics(realBus, uniqueName());
    app = await start();
    reader = await bus.subscribe({
      topics: [fixedTopics.snapshot.name],
      group: uniqueName(),
      startAt: { kind: 'earliest' },
      maxInFlight: 10,
      onError: () => undefined,
      each: ({ key, value }) => void published.push({ key: key?.toString() ?? '', value }),
    });
    await log.start(bus);
  }, 60_000);

  afterAll(async () => {
    await reader.stop();
    await log.stop();
    await app.close();
    await realBus.close();
    await database.drop();
    await rm(dir, { recursive: true });
  }, 30_000);

  const keysOf = (id: string) => {
    const known = keys.get(id) ?? {
      sign: id === 'DEMO/registry1' ? registryKey : generateSigningKey(),
      seal: generateSealingKey(),
    };
    keys.set(id, known);
    return known;
  };

  async function request(text = DEFINITION, more: object = {}, openapiText = OPENAPI) {
    const parsed = parseInstanceDefinition(text);
    if (!parsed.ok) return { definition: text, documents: [], openapi: [] };
    const read = openApiOperations(openapiText);
    const documents = memberDocumentsOf(parsed.value, {
      keysOf: (id) =>
        [keysOf(id).sign, keysOf(id).seal].slice(0, id.split('/').length === 2 ? 1 : 2).map((key) =>
          publishedKey.parse({
            kid: key.kid,
            use: key.use === 'sig' ? 'sign' : 'seal',
            jwk: publicJwk(key),
            from: '2026-01-01T00:00:00Z',
            until: '2036-01-01T00:00:00Z',
          }),
        ),
      openapi: () => (read.ok ? read.value : undefined),
    });
    const entries = await Promise.all(
      (documents.ok ? documents.value : []).map((document) => {
        const { sign } = keysOf(document.member);
        return signMemberEntry(document, { signer: jwkSigner(sign), jwk: sign });
      }),
    );
    const openapi = [{ path: 'persons.yaml', mediaType: 'application/yaml', text: openapiText }];
    const signed = entries.map(({ id, document, keyChain }) => ({ member: id, document, keyChain }));
    return { definition: text, documents: signed, openapi, ...more };
  }

  async function apply(body: object) {
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(`${app.url}/v1/apply`, init);
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  }
  const get = (path: string) => fetch(app.url + path);
  const manifests = () =>
    published.filter(({ key }) => key === 'manifest').map(({ value }) => decode(ManifestSchema, value));
  const numberOf = (statement: string) => {
    const parsed = parseStatement(statement);
    return parsed.ok ? parsed.value.payload.n : undefined;
  };

  it('publishes snapshot 1 by itself, stamped before its manifest', async () => {
    const [manifest] = await eventually(() => (manifests().length > 0 ? manifests() : undefined));
    expect(published[0]?.key).toBe('snapshot.1');
    const bytes = gunzipSync(published[0]?.value ?? '');
    expect(snapshotDigestOf(manifest?.digests ?? '')).toBe(toHex(sha256(bytes)));
    expect(JSON.parse(bytes.toString())).toMatchObject({ number: 1, members: [], logs: [{ origin: ORIGIN }] });
    expect(log.leaves).toContain(manifest?.statement);
    await eventually(async () => (await get('/ready')).status === 200);
    const announced = (await (await get('/v1/announcement')).json()) as { digests: string; snapshot: string };
    expect(announced).toEqual({
      ...{ statement: expect.any(String), digests: manifest?.digests, snapshot: bytes.toString() },
    });
  }, 30_000);

  it('shows a dry run, applies, and finds nothing to do the second time', async () => {
    const dry = await apply(await request(DEFINITION, { dryRun: true }));
    expect(dry).toMatchObject({ status: 200, body: { applied: false, number: 1 } });
    const first = await apply(await request());
    expect(first).toMatchObject({ status: 200, body: { applied: true, number: 2, inForce: true } });
    expect(first.body.changes).toEqual(dry.body.changes);
    expect(first.body.changes).toContainEqual({ op: 'add', kind: 'service', id: 'DEMO/GOV/1001/population/persons' });
    const again = await apply(await request());
    expect(again.body).toMatchObject({ changes: [], applied: false, number: 2 });
    expect(numberOf(manifests().at(-1)?.statement ?? '')).toBe(2);
  }, 30_000);

  it('chains manifests by prev', () => {
    const [first, second] = log.leaves.slice(-2).map((jws) => parseStatement(jws));
    expect(second?.ok === true && second.value.payload.prev).toBe(
      first?.ok === true && first.value.leafHash.toString('base64url'),
    );
  });

  it('serves the catalogue, the OpenAPI document by digest, and its own OpenAPI 3.1', async () => {
    const catalogue = JSON.parse(await (await get('/v1/catalogue')).text());
    expect(catalogue.members[1].subsystems[0].services[0]).toMatchObject({ endpoints: [{ endpoint: 'GET /{pin}' }] });
    const service = await get('/v1/services/DEMO/GOV/1001/population/persons');
    expect(JSON.parse(await service.text()).agreements[0]).toMatchObject({
      consumer: 'DEMO/GOV/1000/mygov',
      endUser: { 'GET /{pin}': 'subject' },
      subjectKinds: ['DEMO/PIN'],
      hours: { days: [1], from: '09:00', until: '18:00', timeZone: 'Asia/Baku' },
      context: ['issue'],
      quota: { day: 1000, month: 20_000, timeZone: 'Asia/Baku' },
      rate: { perSecond: 2.5, burst: 10 },
      sweep: { subjectsPerHour: 300, brake: true },
      stopped: 'under investigation',
    });
    const document = await get(`/v1/openapi/${toHex(sha256(OPENAPI))}`);
    expect(await document.text()).toBe(OPENAPI);
    expect(JSON.parse(await (await get('/openapi.json')).text()).openapi).toBe('3.1.0');
    expect((await get('/v1/services/DEMO/GOV/1001/population/none')).status).toBe(404);
  });

  it.each([
    [
      'definition-dangling',
      DEFINITION.replace('purposes: [view]', 'purposes: [other]'),
      14,
      'agreements[0].purposes[0]',
    ],
    ['registry-missing', DEFINITION.replace('id: registry1', 'id: registry9'), 1, ''],
    ['endpoint-unknown', DEFINITION.replaceAll('GET /{pin}', 'GET /other'), 12, 'services[0].code'],
  ])('refuses with place: %s', async (code, definition, line, path) => {
    const answer = await apply({ ...(await request()), definition });
    expect(answer).toMatchObject({ status: 422, body: { code: 'definition-refused' } });
    expect(answer.body.problems).toMatchObject([{ code, line }]);
    expect(answer.body.problems[0].path).toContain(path);
  });

  it('refuses documents that say something else, and keys that do not continue the chain', async () => {
    const honest = await request();
    const other = await request(DEFINITION.replace('{ en: Register }', '{ en: Another }'));
    const swapped = { ...other, documents: honest.documents };
    expect((await apply(swapped)).body.problems).toMatchObject([{ code: 'document-disagrees' }]);
    const standing = keysOf('DEMO/GOV/1001');
    keys.set('DEMO/GOV/1001', { ...standing, sign: generateSigningKey() });
    expect((await apply(await request())).body.problems).toMatchObject([{ code: 'key-chain-rewritten' }]);
    keys.set('DEMO/GOV/1001', standing);
  });

  it('refuses a key that two owners publish, for whatever use', async () => {
    const consumer = keysOf('DEMO/GOV/1000/mygov');
    const provider = keysOf('DEMO/GOV/1001/population');
    const answers = [];
    for (const borrowed of [
      { ...provider, sign: consumer.sign },
      { ...provider, seal: consumer.seal },
    ]) {
      keys.set('DEMO/GOV/1001/population', borrowed);
      answers.push(await apply(await request()));
    }
    keys.set('DEMO/GOV/1001/population', provider);
    const refused = { status: 422, body: { problems: [{ code: 'key-shared', line: 11 }] } };
    expect(answers).toMatchObject([refused, refused]);
  });

  it('refuses OpenAPI documents that are none or that refer elsewhere', async () => {
    const body = await request();
    const outer = OPENAPI.replace('{ description: ok }', "{ $ref: 'http://127.0.0.1:1/x' }");
    for (const text of ['nothing', outer]) {
      const answer = await apply({ ...body, openapi: [{ path: 'persons.yaml', mediaType: 'application/yaml', text }] });
      expect(answer.body.problems).toMatchObject([{ code: 'openapi-invalid', path: 'persons.yaml' }]);
    }
  });

  it('puts the snapshot again when the log wants it, and stamps again', async () => {
    log.mode = 'want-snapshot';
    const before = published.filter(({ key }) => key === 'snapshot.1').length;
    const text = DEFINITION.replace('{ en: Portal }', '{ en: State Portal }');
    expect((await apply(await request(text))).body).toMatchObject({ number: 3, inForce: true });
    expect(published.filter(({ key }) => key === 'snapshot.1').length).toBeGreaterThan(before + 1);
  }, 20_000);

  it('registers data elements and where they stand, or nothing at all', async () => {
    const elements = (id: string, places: string) =>
      DEFINITION.replace('{ en: Portal }', '{ en: State Portal }').replace(
        'instances:',
        `elements: [{ id: ${id}, owner: GOV/1001/population, title: { en: Birth } }]\nelementPlaces: [${places}]\ninstances:`,
      );
    const place = (endpoint: string, pointer: string) =>
      `{ service: GOV/1001/population/persons, endpoint: '${endpoint}', pointer: ${pointer}, element: birth }`;
    const good = await request(elements('birth', ''), {}, MARKED);
    for (const [code, definition, path] of [
      ['element-unknown', elements('death', ''), 'members[1].subsystems[0].services[0].code'],
      ['endpoint-unknown', elements('birth', place('GET /', '/born')), 'elementPlaces[0].endpoint'],
      ['element-pointer-unknown', elements('birth', place('GET /{pin}', '/died')), 'elementPlaces[0].pointer'],
    ] as const) {
      const answer = await apply({ ...good, definition });
      expect(answer).toMatchObject({ status: 422, body: { problems: [{ code, path }] } });
    }
    expect((await apply({ ...good, dryRun: true })).body).toMatchObject({ applied: false, number: 3 });
    expect((await apply(good)).body).toMatchObject({
      number: 4,
      inForce: true,
      changes: [
        { op: 'add', kind: 'element', id: 'birth' },
        { op: 'change', kind: 'service', detail: 'openapi, endpoints' },
      ],
    });
    const element = { id: 'birth', owner: 'DEMO/GOV/1001/population', title: { en: 'Birth' }, selfDeclared: false };
    const snapshot = await (await get('/v1/snapshot')).text();
    expect(JSON.parse(snapshot)).toMatchObject({ number: 4, elements: [element] });
    expect(JSON.parse(await (await get('/v1/catalogue')).text())).toMatchObject({ elements: [element] });
    const manifest = await eventually(() => manifests().find(({ statement }) => numberOf(statement) === 4));
    expect(snapshotDigestOf(manifest.digests)).toBe(toHex(sha256(snapshot)));
    expect(await (await get(`/v1/openapi/${toHex(sha256(MARKED))}`)).text()).toBe(MARKED);
  }, 20_000);

  it('ends what a stop in the middle of stamping left, without a fork in the chain', async () => {
    log.mode = 'silent';
    const stamped = log.stamps;
    const applied = apply(await request());
    await eventually(() => log.stamps > stamped);
    await app.close();
    await applied.catch(() => undefined);
    log.mode = 'answer';
    app = await start();
    await eventually(() => numberOf(manifests().at(-1)?.statement ?? '') === 5, { timeoutMs: 15_000 });
    const chain = log.leaves.map((jws) => parseStatement(jws)).flatMap((parsed) => (parsed.ok ? [parsed.value] : []));
    for (const [index, statement] of chain.entries())
      expect(statement.payload.prev).toBe(chain[index - 1]?.leafHash.toString('base64url'));
  }, 40_000);

  it('serves its administration to programs of this machine only', async () => {
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: 'http://evil.example' },
      body: '{}',
    };
    expect((await fetch(`${app.url}/v1/apply`, init)).status).toBe(403);
    const elsewhere = { ...registryConfig.load({ DATABASE_URL: database.url }), host: '0.0.0.0' };
    await expect(createRegistry(elsewhere, { bus })).rejects.toMatchObject({ code: 'admin-not-loopback' });
  });
});
