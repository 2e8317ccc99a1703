import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { massSubject, outlineOf, type ContentOutline, type CorrectionContent } from '#corrections';
import { CASE_KINDS, openDelivery, readCaseRequest } from '#deliveries';
import { fromBase64Url, newExchangeId, type SubsystemId } from '#kernel';
import {
  commit,
  generateSigningKey,
  jwkSigner,
  opens,
  parseStatement,
  publicJwk,
  signStatement,
  type StatementPayload,
} from '#signing';
import { publicDigest } from '#snapshot';
import { buildWorld, type World } from '#testing';
import { runKerege } from '../kerege.command.js';

const OWNER = 'DEMO/GOV/1001/population' as SubsystemId;
const PLACE = { service: `${OWNER}/persons`, endpoint: 'GET /{pin}' };
const [CASE, MASS] = [newExchangeId(), newExchangeId()];
const BECAUSE = 'Two digits were swapped.';

interface Opening {
  readonly correctionId: string;
  readonly r: string;
  readonly outline: ContentOutline;
  readonly contentId: string;
  readonly massId?: string;
  readonly statement?: string;
  readonly content?: { readonly id: string; readonly sealed: string };
}

/** Feedback and registry as far as a case worker meets them here; what they do is judged by the integration spec. */
describe('kerege correction, for a batch', () => {
  const registryKey = generateSigningKey();
  let world: World;
  let dir: string;
  let server: Server;
  let url: string;
  let sent: Opening[];
  let told: string;
  /** Laid over what feedback proposes. */
  let changes: Record<string, unknown>;

  const standing = (id: string) => ({
    ...{ id, publicNumber: 'DE-2026-000001-0', kind: 'ERROR', state: 'DRAFT', profile: 'default' },
    ...{ portal: OWNER, owner: OWNER, ...PLACE, isDisputed: false, isExtended: false, isEscalated: false, items: [] },
    ...{ seq: 0, isMoving: true, filedAt: '2026-11-02T09:00:00.000Z', deadlines: [], parts: [], duplicates: [] },
  });
  async function announcement(): Promise<object> {
    const { bytes, digests } = world;
    const fields = { v: 1, t: 'registry.manifest', id: newExchangeId(), ts: Date.now(), n: 1 } as const;
    const payload = { ...fields, until: Date.now() + 600_000, doc: publicDigest(digests) } as StatementPayload;
    const { jws } = await signStatement(payload, jwkSigner(registryKey));
    return { statement: jws, digests, snapshot: bytes.toString() };
  }
  function proposalFor(path: string, body: Opening): object {
    const of = { v: 1, ts: Date.now(), to: OWNER };
    if (path !== '/v1/owner/corrections')
      return { ...of, t: 'correction.joined', id: CASE, from: OWNER, seq: 4, was: 'RECEIVED', prev: 'A'.repeat(43) };
    const subject = massSubject(OWNER, body.correctionId);
    const { commitment } = commit('subject', subject, fromBase64Url(body.r) ?? Buffer.alloc(0));
    return {
      ...of,
      ...{ t: 'correction.submitted', id: body.correctionId, from: OWNER, seq: 1, was: 'DRAFT', now: 'SUBMITTED' },
      ...{ subj: [commitment], doc: body.outline.digest, ...changes },
    };
  }
  async function answerTo(path: string, body: Opening | undefined): Promise<object> {
    if (path === '/v1/announcement' || body === undefined) return announcement();
    sent.push(body);
    return body.statement === undefined
      ? { payload: proposalFor(path, body) }
      : { standing: standing(body.correctionId) };
  }
  function run(...args: string[]): Promise<number> {
    told = '';
    const desk = ['--as', OWNER, '--keys', dir, '--feedback', url];
    return runKerege(['correction', ...args, ...desk], {
      out: () => undefined,
      tell: (line) => void (told += `${line}\n`),
      paint: (_colour, shown) => shown,
    });
  }
  const opening = (...more: string[]) => {
    const where = ['--service', PLACE.service, '--endpoint', PLACE.endpoint, '--registry', url];
    return run('open-mass', ...where, '--trust', join(dir, 'trust.json'), ...more);
  };

  beforeAll(async () => {
    world = await buildWorld({ definition: (given) => given.replace('instance: TEST', 'instance: DEMO') });
    dir = await mkdtemp(join(tmpdir(), 'kerege-mass-'));
    const { sign, seal } = world.keysOf(OWNER);
    await writeFile(join(dir, 'DEMO.GOV.1001.population.jwk'), JSON.stringify({ keys: [sign, seal] }));
    const registry = [{ ...publicJwk(registryKey), kid: registryKey.kid }];
    const trust = { v: 1, instance: 'DEMO', logs: ['unused'], registry, witnesses: null, timestampRoots: [] };
    await writeFile(join(dir, 'trust.json'), JSON.stringify(trust));
    server = createServer((request, response) => {
      void text(request)
        .then((given) => answerTo(request.url ?? '', given === '' ? undefined : (JSON.parse(given) as Opening)))
        .then((answer) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await rm(dir, { recursive: true });
  });
  beforeEach(() => {
    [sent, changes] = [[], {}];
  });

  it('opens one, about nobody, sealed for the owner itself', async () => {
    const code = await opening('--item', '/birthDate=person.birth-date', '--because', BECAUSE);
    expect([code, told]).toEqual([0, expect.stringContaining('Signed and taken')]);
    const { correctionId, outline, contentId, content, statement = '', r } = sent.at(-1) as Opening;
    const head = { id: contentId, kind: CASE_KINDS.request, to: OWNER };
    const box = Buffer.from(content?.sealed ?? '', 'base64url');
    const opened = await openDelivery(head, box, () => world.keysOf(OWNER).seal);
    const request = readCaseRequest(opened.ok ? opened.value : undefined);
    const said = request?.content as CorrectionContent;
    expect(said.items).toEqual([{ pointer: '/birthDate', element: 'person.birth-date', explanation: BECAUSE }]);
    expect(outline).toEqual(outlineOf(said));
    expect(outline.exchangeId).toBe(correctionId);
    expect(JSON.stringify(sent)).not.toContain('swapped');
    const read = parseStatement(statement);
    const [subj = ''] = (read.ok ? (read.value.payload as { subj?: string[] }).subj : undefined) ?? [];
    const subject = massSubject(OWNER, correctionId);
    expect(subject).toEqual({ country: 'DEMO', type: 'MASS', code: correctionId.toUpperCase() });
    expect(opens('subject', subj, { ...subject, r: fromBase64Url(r) ?? Buffer.alloc(0) })).toBe(true);
    const places = `--feedback ${url} --keys ${dir} --registry ${url} --trust ${join(dir, 'trust.json')}`;
    expect(told).toContain(
      `npx kerege correction join <id> --mass ${correctionId} --law <article> --as ${OWNER} ${places}\n`,
    );
  });

  it.each([
    ['subj', { subj: [commit('subject', { country: 'DEMO', type: 'PIN', code: 'TEST000007' }).commitment] }],
    ['from', { from: 'DEMO/GOV/1000/mygov' }],
    ['doc', { doc: `h1:${'A'.repeat(43)}` }],
  ])('signs nothing where another %s is proposed', async (field, other) => {
    changes = other;
    expect([await opening('--item', '/birthDate=person.birth-date'), told]).toEqual([
      3,
      expect.stringContaining(`field: ${field}`),
    ]);
    expect(sent.filter(({ statement }) => statement !== undefined)).toEqual([]);
  });

  it('needs to be told what is wrong', async () => {
    expect(await opening()).toBe(2);
    expect(await opening('--item', 'birthDate')).toBe(2);
    expect(sent).toEqual([]);
  });

  it('joins a case to it, and signs nothing that names another one', async () => {
    expect(await run('join', CASE, '--mass', MASS)).toBe(2);
    // What is proposed here names none.
    expect(await run('join', CASE, '--mass', MASS, '--law', 'art. 12')).toBe(3);
    expect(sent).toMatchObject([{ act: 'join', massId: MASS, legalRef: 'art. 12' }]);
  });
});
