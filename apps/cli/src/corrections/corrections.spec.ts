import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { actDoc, outlineOf, valueHash, wordsHash, type CorrectionContent, type OwnerAct } from '#corrections';
import { CASE_KINDS, openDelivery, readCaseWords, sealDelivery } from '#deliveries';
import { newExchangeId, toBase64Url, type SubsystemId } from '#kernel';
import {
  generateSealingKey,
  generateSigningKey,
  jwkSigner,
  parseStatement,
  publicJwk,
  signStatement,
  startSession,
  verifyStatement,
  type PrivateJwk,
  type StatementPayload,
} from '#signing';
import { publicDigest } from '#snapshot';
import { buildWorld, type World } from '#testing';
import type { ReadCase, Standing } from '#case-client';
import { runKerege } from '../kerege.command.js';
import { typedOptions } from '../terminal/command-line.js';
import { nextCommands } from './next-step.command.js';

const OWNER = 'DEMO/GOV/1001/population' as SubsystemId;
const NEXT = 'DEMO/GOV/1009/operator' as SubsystemId;
const PORTAL = 'DEMO/GOV/1000/mygov';
const SALT = Buffer.alloc(32, 7);
const NOTICE = '0f8fad5b-d9cb-869f-a165-70867728950e';
const [id, contentId] = [newExchangeId(), newExchangeId()];
const content: CorrectionContent = {
  ...{ v: 1, salt: toBase64Url(SALT), subject: 'DEMO/PIN/TEST000007', exchangeId: newExchangeId(), language: 'kk' },
  items: [
    {
      ...{ element: 'person.birth-date', pointer: '/birthDate', doubted: '1990-01-01', proposed: '1990-01-02' },
      explanation: 'Қате.\u001b]0;owned\u0007\nЕкінші жол.',
    },
  ],
  attachments: [{ name: 'a.txt', mediaType: 'text/plain', bytes: Buffer.from('scan').toString('base64') }],
};
const place = { service: 'DEMO/GOV/1001/population/persons', endpoint: 'GET /{pin}' };

interface Sent {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>> & { readonly statement?: string };
}

describe('kerege correction', () => {
  const sign = generateSigningKey();
  const seal = generateSealingKey();
  const registryKey = generateSigningKey();
  let world: World;
  let announced: Record<string, unknown>;
  let dir: string;
  let server: Server;
  let url: string;
  let sent: Sent[];
  let found: Record<string, unknown>;
  /** What feedback proposes beside what belongs to every statement of the act. */
  let proposal: Record<string, unknown>;
  let refused: { status: number; body: object } | undefined;
  let out: string;
  let told: string;

  const standing = (state: string) => ({
    ...{ id, publicNumber: 'AZ-2026-000123-7', kind: 'ERROR', state, profile: 'default', portal: PORTAL, owner: OWNER },
    ...{ ...place, requestDoc: outlineOf(content).digest, isDisputed: false, isExtended: false, isEscalated: false },
    items: outlineOf(content).items.map(({ element, pointer, doubted }) => ({
      ...{ elementId: element, jsonPointer: pointer, doubtedHash: doubted },
    })),
    ...{ seq: 2, leaf: 'A'.repeat(43), isMoving: false, filedAt: '2026-11-02T09:00:00.000Z' },
    deadlines: [
      {
        ...{ clock: 'decide', startedAt: '2026-11-02T09:00:00.000Z', dueAt: '2026-12-12T09:00:00.000Z' },
        ...{ pausedMs: 0, isExtended: true, citation: 'art. 1' },
      },
    ],
    ...{ parts: [], duplicates: [] },
  });
  async function sealed(key: PrivateJwk): Promise<string> {
    const session = await startSession({ recipient: OWNER, kid: key.kid, publicJwk: key });
    const request = { correctionId: id, kind: 'ERROR', ...place, content };
    return toBase64Url(sealDelivery({ id: contentId, kind: CASE_KINDS.request, to: OWNER }, request, session));
  }
  function answerTo(path: string, body: Sent['body'] | undefined): object {
    if (path === '/v1/announcement') return announced;
    if (body === undefined) return path.includes('?') ? { cases: [standing('ROUTED')] } : found;
    if (body.statement !== undefined) return { standing: standing('IN_REVIEW') };
    if ('action' in body) return { payload: acknowledged(body) };
    const fields = { v: 1, id, ts: Date.now(), from: PORTAL, to: OWNER, seq: 3, was: 'ROUTED', prev: 'A'.repeat(43) };
    return { payload: { ...fields, ...proposal } };
  }
  function acknowledged({ action, reason, salt }: Sent['body']): object {
    const doc = valueHash(Buffer.from(String(salt), 'base64url'), { action, reason });
    const fields = {
      v: 1,
      t: 'correction.recipient-acked',
      id: newExchangeId(),
      ts: Date.now(),
      from: OWNER,
      to: PORTAL,
    };
    return { ...fields, now: action, why: reason, doc };
  }
  function run(...args: string[]): Promise<number> {
    out = '';
    told = '';
    return runKerege(['correction', ...args, '--as', OWNER, '--keys', dir, '--feedback', url], {
      out: (more) => void (out += more),
      tell: (line) => void (told += `${line}\n`),
      paint: (_colour, shown) => shown,
    });
  }
  /** What was proposed for, and the statement that was signed then. */
  function signed(): { act: OwnerAct; payload: Readonly<Record<string, unknown>> } {
    const { statement = '', ...given } = sent.at(-1)?.body ?? {};
    const act = Object.fromEntries(Object.entries(given).filter(([name]) => name !== 'content'));
    const read = parseStatement(statement);
    if (!read.ok) throw new TypeError(read.reason);
    expect(verifyStatement(read.value, sign)).toBe(true);
    return { act: act as unknown as OwnerAct, payload: { ...read.value.payload } };
  }

  beforeAll(async () => {
    world = await buildWorld({ definition: (text) => text.replace('instance: TEST', 'instance: DEMO') });
    dir = await mkdtemp(join(tmpdir(), 'kerege-corrections-'));
    await writeFile(join(dir, 'DEMO.GOV.1001.population.jwk'), JSON.stringify({ keys: [sign, seal] }));
    const trust = {
      v: 1,
      instance: 'DEMO',
      logs: ['unused'],
      registry: [{ ...publicJwk(registryKey), kid: registryKey.kid }],
      witnesses: null,
      timestampRoots: [],
    };
    await writeFile(join(dir, 'trust.json'), JSON.stringify(trust));
    server = createServer((request, response) => {
      void text(request).then((given) => {
        const body = given === '' ? undefined : (JSON.parse(given) as Sent['body']);
        if (body?.statement === undefined && body !== undefined && 'salt' in body)
          proposal = { ...proposal, ...('act' in body ? { doc: actDoc(body as unknown as OwnerAct) } : {}) };
        sent.push({ path: request.url ?? '', body: body ?? {} });
        const answer = refused ?? { status: 200, body: answerTo(request.url ?? '', body) };
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await rm(dir, { recursive: true });
  });
  /** As the registry announces it: signed with this key, in force until then. */
  async function announcement(key: PrivateJwk, until = Date.now() + 600_000): Promise<Record<string, unknown>> {
    const { bytes, digests } = world;
    const fields = { v: 1, t: 'registry.manifest', id: newExchangeId(), ts: Date.now(), n: 1, until } as const;
    const payload = { ...fields, doc: publicDigest(digests) } as StatementPayload;
    const { jws } = await signStatement(payload, jwkSigner(key));
    return { statement: jws, digests, snapshot: bytes.toString() };
  }
  beforeEach(async () => {
    announced = await announcement(registryKey);
    sent = [];
    refused = undefined;
    found = { ...standing('IN_REVIEW'), contentId, sealed: await sealed(seal) };
  });

  it('lists what is open, with the ends of terms', async () => {
    expect(await run('list')).toBe(0);
    expect(out).toBe(`${id}  AZ-2026-000123-7  ROUTED  decide until 2026-12-12T09:00:00.000Z\n`);
    expect(sent).toMatchObject([{ path: '/v1/owner/corrections?state=open&limit=100' }]);
  });

  it('shows a request opened, its terms and what is next, and lets it do nothing to the terminal', async () => {
    expect(await run('show', id)).toBe(0);
    expect(out).toContain('about DEMO/PIN/TEST000007');
    expect(out).toContain('shown:    "1990-01-01"\n    proposed: "1990-01-02"');
    expect(out).toContain('    | Екінші жол.');
    expect(out).toContain('attached: a.txt (text/plain, 4 bytes)');
    expect(out).toContain('term to decide: 2026-11-02T09:00:00.000Z to 2026-12-12T09:00:00.000Z, extended');
    expect(out).toContain('next: decide, request-info, extend, transfer, join');
    expect(out).not.toMatch(/[\u0007\u001b]/u);
  });

  it.each<[string, readonly string[]]>([
    ['ROUTED', ['receive ID']],
    [
      'RECEIVED',
      [
        ...['start ID', 'transfer ID --to <subsystem> --reason not-our-element'],
        'join ID --mass <mass> --law <article>',
      ],
    ],
    ['ACCEPTED', [`correct ID --value '0="1990-01-02"' --effective-from TODAY`]],
    ['CLOSED', []],
  ])('prints whole what can be typed next where a case is %s', async (state, commands) => {
    found = { ...standing(state), contentId, sealed: await sealed(seal) };
    const registry = ['--registry', url, '--trust', join(dir, 'trust.json')];
    expect(await run('show', id, ...registry)).toBe(0);
    const printed = [...out.matchAll(/^ {4}npx kerege correction (.*)$/gm)].map(([, said = '']) => said);
    const today = new Date().toISOString().slice(0, 10);
    const typed = ` --as ${OWNER} --feedback ${url} --keys ${dir} ${registry.join(' ')}`;
    expect(printed.map((line) => line.replace(id, 'ID').replace(today, 'TODAY').replace(typed, ''))).toEqual(commands);
    for (const line of printed) expect(line.endsWith(typed)).toBe(true);
  });

  it('prints no value that a terminal would show as another, and says what nobody but a person can say', async () => {
    expect(await run('show', id)).toBe(0);
    expect(out).toContain(
      [
        `decide ${id} --outcome ACCEPTED --reason error-confirmed --accept 0 --law <article>`,
        `--prepared-by <official> --approved-by <other-official> --as ${OWNER} `,
      ].join(' '),
    );
    expect(out).toContain('where one person may decide alone, --prepared-by can be left out');
    const items = [{ ...content.items[0], pointer: '/birthDate', proposed: "it's \u202eodd" }];
    const one = { kind: 'ERROR', contentId, opened: { content: { ...content, items } } } as unknown as ReadCase;
    const [line] = nextCommands({ ...one, standing: standing('ACCEPTED') as unknown as Standing }, '', '2026-01-31');
    expect(line).toContain('--value <item=new-value-as-JSON> --effective-from');
    expect(typedOptions({ as: OWNER, keys: "a'b" }, {})).toBe(`--as ${OWNER} --keys 'a'\\''b'`);
  });

  it('receives over the digest of what it opened', async () => {
    proposal = { t: 'correction.received', now: 'RECEIVED', doc: outlineOf(content).digest };
    expect(await run('receive', id)).toBe(0);
    expect(signed()).toMatchObject({
      act: { act: 'receive' },
      payload: { id, to: OWNER, doc: outlineOf(content).digest },
    });
  });

  it('decides, over a digest of all that it says', async () => {
    proposal = { t: 'correction.decided', now: 'ACCEPTED', why: 'error-confirmed' };
    const words = ['--reason', 'error-confirmed', '--law', 'art. 12', '--accept', '0', '--approved-by', 'worker-1'];
    expect(await run('decide', id, '--outcome', 'ACCEPTED', ...words)).toBe(0);
    const { act, payload } = signed();
    expect(act).toMatchObject({ legalRef: 'art. 12', accepted: [0], remedies: [], approvedBy: 'worker-1' });
    expect(payload['doc']).toBe(actDoc(act));
  });

  it('says own words sealed for the portal, bound by the digest of the act, and sends them to nobody else', async () => {
    const text = 'Kitaba baxdıq.\nTarix düzgündür.';
    proposal = { t: 'correction.info-requested', now: 'NEEDS_INFO', why: 'value-unclear' };
    const given = ['--question', 'value-unclear', '--registry', url, '--trust', join(dir, 'trust.json')];
    expect([await run('ask', id, ...given, '--words', text), told]).toEqual([0, expect.stringContaining('Signed')]);
    const { content: box } = sent.at(-1)?.body as unknown as { content: { id: string; sealed: string } };
    const head = { id: box.id, kind: CASE_KINDS.words, to: PORTAL as SubsystemId };
    const opened = await openDelivery(head, Buffer.from(box.sealed, 'base64url'), () => world.keysOf(PORTAL).seal);
    const said = readCaseWords(opened.ok ? opened.value : undefined);
    expect(said).toMatchObject({ correctionId: id, text });
    const { act, payload } = signed();
    expect(act).toMatchObject({ words: wordsHash(Buffer.from(said?.salt ?? '', 'base64url'), text) });
    expect([payload['doc'], payload['from']]).toEqual([actDoc(act), PORTAL]);
    expect(JSON.stringify(sent)).not.toContain('Kitaba');
    expect(await run('ask', id, ...given, '--words', 'a\u001bb')).toBe(1);
    expect(told).toContain('case-words-unplain');
    // Feedback names another portal than the one that the case is of.
    proposal = { ...proposal, from: 'DEMO/GOV/1009/operator' };
    expect([await run('ask', id, ...given, '--words', text), told]).toEqual([
      3,
      expect.stringContaining('field: from'),
    ]);
  });

  it('corrects by digests under the salt of the case, and sends no value', async () => {
    proposal = { t: 'correction.corrected', now: 'CORRECTED', until: Date.parse('2026-01-31') };
    expect(await run('correct', id, '--value', '0="1990-01-02"', '--effective-from', '2026-01-31')).toBe(0);
    const values = [{ item: 0, newValueHash: valueHash(SALT, '1990-01-02') }];
    expect(signed().act).toMatchObject({ values, effectiveFrom: '2026-01-31' });
    expect(JSON.stringify(sent)).not.toContain('1990-01-02');
  });

  it('hands a case on, sealed for the key that the registry publishes, and nobody else reads it', async () => {
    proposal = { t: 'correction.transferred', now: 'TRANSFERRED', why: 'not-our-element' };
    const given = ['--to', NEXT, '--reason', 'not-our-element', '--registry', url, '--trust', join(dir, 'trust.json')];
    expect([await run('transfer', id, ...given), told]).toEqual([0, expect.stringContaining('Signed and taken')]);
    expect(signed().act).toMatchObject({ act: 'transfer', target: NEXT, reason: 'not-our-element' });
    const { content: sealedAnew } = sent.at(-1)?.body as unknown as { content: { id: string; sealed: string } };
    const head = { id: sealedAnew.id, kind: CASE_KINDS.request, to: NEXT };
    const opened = await openDelivery(head, Buffer.from(sealedAnew.sealed, 'base64url'), () => world.keysOf(NEXT).seal);
    expect(opened).toMatchObject({ ok: true, value: { correctionId: id, ...place, content } });
    expect(JSON.stringify(sent)).not.toContain('1990-01-02');
    expect(await run('transfer', id, ...given.with(1, 'DEMO/GOV/1000/nobody'))).toBe(1);
    expect(told).toContain('case-target-unknown');
    expect(await run('transfer', id, ...given.with(3, 'of-no-list'))).toBe(2);
  });

  it.each<[string, () => Promise<void> | void]>([
    ['manifest-signature', async () => void (announced = await announcement(generateSigningKey()))],
    ['manifest-expired', async () => void (announced = await announcement(registryKey, Date.now() - 1))],
    ['manifest-digests', () => void (announced = { ...announced, digests: `${String(announced['digests'])}x` })],
    ['snapshot-digest', () => void (announced = { ...announced, snapshot: '{}' })],
  ])('hands nothing on where the registry cannot be believed: %s', async (problem, spoil) => {
    await spoil();
    const given = ['--to', NEXT, '--reason', 'not-our-element', '--registry', url, '--trust', join(dir, 'trust.json')];
    expect([await run('transfer', id, ...given), told]).toEqual([1, expect.stringContaining(problem)]);
    expect(sent.filter(({ body }) => 'act' in body)).toEqual([]);
  });

  it('acknowledges as a recipient, over what it says, under an id that does not tell of which notice', async () => {
    const code = await run('acknowledge', NOTICE, '--action', 'REFUSED', '--reason', 'record-frozen');
    expect([code, told]).toEqual([0, expect.stringContaining('Acknowledged')]);
    expect(sent.at(-1)?.path).toBe(`/v1/recipient/corrections/${NOTICE}/acknowledgement`);
    const { payload } = signed();
    expect(payload).toMatchObject({ from: OWNER, now: 'REFUSED', why: 'record-frozen' });
    expect(payload['id']).not.toBe(NOTICE);
  });

  it.each<[string, Record<string, unknown>]>([
    ['t', { t: 'correction.decided', now: 'IN_REVIEW' }],
    ['now', { now: 'REJECTED' }],
    ['to', { to: 'DEMO/GOV/1002/cadastre' }],
    ['id', { id: newExchangeId() }],
    ['why', { why: 'copy-stale' }],
    ['doc', { doc: outlineOf(content).digest }],
    ['ts', { ts: Date.now() - 3_600_000 }],
  ])('signs nothing where another %s is proposed', async (field, changes) => {
    proposal = { t: 'correction.review-started', now: 'IN_REVIEW', ...changes };
    expect(await run('start', id)).toBe(3);
    expect(told).toContain(`field: ${field}`);
    expect(sent.filter(({ body }) => body.statement !== undefined)).toEqual([]);
  });

  it('acts on nothing that it cannot open, or that is not what was filed', async () => {
    found = { ...found, sealed: await sealed(generateSealingKey()) };
    expect(await run('receive', id)).toBe(1);
    expect(told).toContain('case-request-unopenable');
    found = { ...found, sealed: await sealed(seal), requestDoc: valueHash(SALT, 'another') };
    expect(await run('receive', id)).toBe(1);
    expect(told).toContain('case-request-foreign');
    expect(await run('show', id)).toBe(0);
    expect(out).toContain('not opened: digest');
  });

  it('says what feedback says, with the refusal and what to do', async () => {
    refused = { status: 409, body: { code: 'case-refused', refusal: 'too-late', hint: 'Ask for the state.' } };
    expect(await run('start', id)).toBe(1);
    expect(told).toContain('refusal: too-late');
    expect(told).toContain('hint: Ask for the state.');
  });

  it('knows what it was not given rightly', async () => {
    expect(await run('correct', id, '--value', '0=1990-', '--effective-from', '2026-01-31')).toBe(2);
    expect(await run('decide', id, '--outcome', 'MAYBE', '--reason', 'data-correct', '--approved-by', 'a')).toBe(2);
    expect(
      await run('decide', id, '--outcome', 'REJECTED', '--reason', 'data-correct', '--law', '1', '--approved-by', 'a'),
    ).toBe(1);
    expect(told).toContain('legalRef');
    expect(sent).toEqual([]);
  });
});
