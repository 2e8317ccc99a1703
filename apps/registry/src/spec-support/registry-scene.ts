import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bus } from '#bus';
import type { Clock } from '#kernel';
import { keyFileName, silentLogger, type RunningApp } from '#platform';
import {
  generateSealingKey,
  generateSigningKey,
  jwkSigner,
  parseStatement,
  publicJwk,
  type PrivateJwk,
} from '#signing';
import {
  memberDocumentsOf,
  openApiOperations,
  parseInstanceDefinition,
  publishedKey,
  signMemberEntry,
} from '#snapshot';
import { createDatabase, testBus, TestIssuer, uniqueName, type MintChanges, type TestDatabase } from '#testing';
import { openDatabase } from '#postgres';
import { migrations } from '../migrations/index.js';
import { registryConfig } from '../registry.config.js';
import { createRegistry } from '../registry.module.js';
import { FakeLog, ownTopics } from './fake-log.js';

const REGISTRY = 'DEMO/registry1';
const OPENAPI = `openapi: 3.0.3
info: { title: Persons, version: '1' }
paths:
  /{pin}:
    get:
      parameters: [{ name: pin, in: path, required: true, schema: { type: string } }]
      responses: { '200': { description: ok } }
`;

/** Officers of the scene, by what they are. */
export const OFFICERS = {
  operator: 'OFF1',
  otherOperator: 'OFF2',
  security: 'OFF3',
  population: 'OFF4',
  provider: 'OFF5',
  auditor: 'OFF6',
} as const;

/** A registry with officers on a real database and broker; the log is one that can be told to be silent. */
export class RegistryScene {
  readonly log = new FakeLog();
  private readonly keys = new Map<string, { sign: PrivateJwk; seal: PrivateJwk }>();
  private constructor(
    private readonly dir: string,
    readonly database: TestDatabase,
    private readonly realBus: Bus,
    readonly bus: Bus,
    readonly issuer: TestIssuer,
    readonly stranger: TestIssuer,
    private readonly clock: Clock | undefined,
  ) {}

  app: RunningApp | undefined;

  static async create(clock?: Clock): Promise<RegistryScene> {
    const dir = await mkdtemp(join(tmpdir(), 'kerege-registry-'));
    const realBus = await testBus();
    const bus = ownTopics(realBus, uniqueName());
    const issuers = [await TestIssuer.create(), await TestIssuer.create('https://id.stranger.example')] as const;
    const scene = new RegistryScene(dir, await createDatabase(), realBus, bus, ...issuers, clock);
    const key = scene.keysOf(REGISTRY).sign;
    const registry = [{ ...publicJwk(key), kid: key.kid }];
    const trust = { v: 1, instance: 'DEMO', logs: [scene.log.vkey], registry, witnesses: null, timestampRoots: [] };
    await writeFile(join(dir, 'trust.json'), JSON.stringify(trust));
    await writeFile(join(dir, keyFileName(REGISTRY)), JSON.stringify({ keys: [key] }), { mode: 0o600 });
    await scene.start();
    await scene.log.start(bus);
    return scene;
  }

  async start(bus: Bus = this.bus): Promise<void> {
    const settings = {
      KEREGE_PORT: '0',
      KEREGE_KEYS_DIR: this.dir,
      KEREGE_TRUST_FILE: join(this.dir, 'trust.json'),
      DATABASE_URL: this.database.url,
    };
    const clock = this.clock === undefined ? {} : { clock: this.clock };
    this.app = await createRegistry(registryConfig.load(settings), { bus, logger: silentLogger(), ...clock });
  }

  async stop(): Promise<void> {
    await this.app?.close();
    this.app = undefined;
  }

  async end(): Promise<void> {
    await this.log.stop();
    await this.stop();
    await this.realBus.close();
    await this.database.drop();
    await rm(this.dir, { recursive: true });
  }

  keysOf(id: string): { sign: PrivateJwk; seal: PrivateJwk } {
    const known = this.keys.get(id) ?? { sign: generateSigningKey(), seal: generateSealingKey() };
    this.keys.set(id, known);
    return known;
  }

  /** `portal`: name of a member; `more`: further lines of the definition. */
  definition({ portal = 'Portal', register = 'Register', officers = true, more = '' } = {}): string {
    const { issuer } = this.issuer.entry;
    const line = (code: string, role: string, of?: string) =>
      `  - { person: TEST/OFFICIAL/${code}, issuer: '${issuer}', role: ${role}${of === undefined ? '' : `, of: ${of}`} }\n`;
    const listed = [
      line(OFFICERS.operator, 'operator'),
      line(OFFICERS.otherOperator, 'operator'),
      line(OFFICERS.security, 'security-officer'),
      line(OFFICERS.population, 'member-administrator', 'GOV/1001'),
      line(OFFICERS.provider, 'provider', 'GOV/1001/population'),
      line(OFFICERS.auditor, 'auditor'),
    ].join('');
    return `instance: DEMO
legalBases: [{ code: LB, title: { en: Law }, reference: Act }]
purposes: [{ code: view, title: { en: View }, legalBasis: LB }]
${TestIssuer.definitionOf(this.issuer)}${officers ? `officers:\n${listed}` : ''}${more}
members:
  - { id: GOV/1000, name: { en: ${portal} }, subsystems: [{ code: mygov }] }
  - id: GOV/1001
    name: { en: ${register} }
    subsystems:
      - code: population
        services: [{ code: persons, openapi: persons.yaml, timeoutMs: 5000 }]
        agreements:
          - { consumer: GOV/1000/mygov, service: persons, endpoints: ['GET /{pin}'], purposes: [view], until: 2036-12-31 }
instances:
  - { id: registry1, kind: registry, runBy: GOV/1000 }
`;
  }

  /** Everything that an operator sends for a definition, signed by all members. */
  async signed(text: string) {
    const parsed = parseInstanceDefinition(text);
    if (!parsed.ok) return { definition: text, documents: [], openapi: [] };
    const read = openApiOperations(OPENAPI);
    const documents = memberDocumentsOf(parsed.value, {
      keysOf: (id) => this.publishedOf(id),
      openapi: () => (read.ok ? read.value : undefined),
    });
    const entries = await Promise.all(
      (documents.ok ? documents.value : []).map((document) => {
        const { sign } = this.keysOf(document.member);
        return signMemberEntry(document, { signer: jwkSigner(sign), jwk: sign });
      }),
    );
    const signed = entries.map(({ id, document, keyChain }) => ({ member: id, document, keyChain }));
    const openapi = [{ path: 'persons.yaml', mediaType: 'application/yaml', text: OPENAPI }];
    return { definition: text, documents: signed, openapi };
  }

  private publishedOf(id: string) {
    const { sign, seal } = this.keysOf(id);
    const all = id.split('/').length === 2 ? [sign] : [sign, seal];
    return all.map((key) =>
      publishedKey.parse({
        kid: key.kid,
        use: key.use === 'sig' ? 'sign' : 'seal',
        jwk: publicJwk(key),
        from: '2026-01-01T00:00:00Z',
        until: '2036-01-01T00:00:00Z',
      }),
    );
  }

  /** Of somebody who has signed in for this registry. */
  token(code: string, changes: MintChanges = {}, audience: string | string[] = REGISTRY): Promise<string> {
    const nowS = Math.floor((this.clock?.now() ?? Date.now()) / 1000);
    const claims = { kind: 'official', iat: nowS, exp: nowS + 300, ...changes.claims };
    return this.issuer.mint(code, audience, { ...changes, claims });
  }

  async ask(method: string, path: string, by: string | undefined, body?: object) {
    return this.askWith(method, path, by === undefined ? undefined : await this.token(by), body);
  }

  async askWith(method: string, path: string, token: string | undefined, body?: object) {
    const headers = {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(`${this.app?.url ?? ''}${path}`, init);
    return { status: answer.status, body: JSON.parse(await answer.text()) };
  }

  /** As the owner of the tables, who may do anything that the tables allow. */
  async rewrite(sql: string): Promise<void> {
    const owner = await openDatabase({ url: this.database.url, schema: 'registry', migrations, poolSize: 1 });
    try {
      await owner.query(sql);
    } finally {
      await owner.close();
    }
  }

  async version(): Promise<number> {
    return (await this.ask('GET', '/v1/definition', OFFICERS.operator)).body.version as number;
  }

  /** Asks for a whole definition, from what stands now. */
  async request(text: string, more: object = {}, by: string = OFFICERS.operator) {
    const { definition, documents, openapi } = await this.signed(text);
    const body = { base: await this.version(), definition, documents, openapi, reason: 'as agreed', ...more };
    return this.ask('POST', '/v1/changes', by, body);
  }

  approve(id: string, by: string = OFFICERS.security) {
    return this.ask('POST', `/v1/changes/${id}/approval`, by);
  }

  /** Leaves of changes, in the order of the log. */
  changeLeaves() {
    return this.log.leaves.flatMap((jws) => {
      const parsed = parseStatement(jws);
      const payload = parsed.ok ? parsed.value.payload : undefined;
      return payload?.t === 'registry.changed' || payload?.t === 'registry.suspended' ? [payload] : [];
    });
  }
}
