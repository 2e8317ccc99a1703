import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { QUESTION_KIND, sealDelivery } from '#deliveries';
import { newExchangeId, toBase64Url, type SubsystemId } from '#kernel';
import {
  generateSealingKey,
  generateSigningKey,
  jwkSigner,
  parseStatement,
  questionAnswerDigest,
  signStatement,
  startSession,
  verifyStatement,
  type PrivateJwk,
  type Statement,
} from '#signing';
import { runKerege } from '../kerege.command.js';

const ASKED = 'DEMO/GOV/1003/benefits' as SubsystemId;
const DUE_MS = Date.parse('2026-12-12T09:00:00.000Z');
const id = newExchangeId();

describe('kerege questions', () => {
  const sign = generateSigningKey();
  const seal = generateSealingKey();
  let dir: string;
  let server: Server;
  let url: string;
  let asked: Statement;
  let question: Record<string, unknown>;
  let sent: { path: string | undefined; token: unknown; body: string }[];
  let said: { status: number; body: object };
  let out: string;
  let told: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kerege-questions-'));
    await writeFile(join(dir, 'DEMO.GOV.1003.benefits.jwk'), JSON.stringify({ keys: [sign, seal] }));
    server = createServer((request, response) => {
      void text(request).then((body) => {
        sent.push({ path: request.url, token: request.headers.authorization, body });
        const isList = request.url?.includes('?') === true;
        const answer =
          request.method === 'POST' ? said : { status: 200, body: isList ? { questions: [question] } : question };
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    asked = await signStatement(
      {
        ...{ v: 1, t: 'question.asked', id, ts: 1, from: 'DEMO/GOV/1000/mygov', to: ASKED },
        ...{ prev: 'A'.repeat(43), until: DUE_MS },
      },
      jwkSigner(generateSigningKey()),
    );
  });
  afterAll(async () => {
    server.close();
    await rm(dir, { recursive: true });
  });
  beforeEach(async () => {
    sent = [];
    said = { status: 200, body: standing('answered') };
    question = { ...standing('asked'), portal: 'DEMO/GOV/1000/mygov', sealed: await sealed(seal) };
  });

  const standing = (state: string) => ({ id, state, askedAt: new Date(1), dueAt: new Date(DUE_MS).toISOString() });
  async function sealed(key: PrivateJwk): Promise<string> {
    const content = {
      ...{ questionId: id, exchangeId: newExchangeId(), request: 'A'.repeat(43), subject: 'DEMO/PIN/TEST000007' },
      ...{ role: 'subject', code: 'OTHER', text: 'Неге?', language: 'kk', statement: asked.jws },
      dueAt: new Date(DUE_MS).toISOString(),
    };
    const session = await startSession({ recipient: ASKED, kid: key.kid, publicJwk: key });
    return toBase64Url(sealDelivery({ id, kind: QUESTION_KIND, to: ASKED, dueMs: DUE_MS }, content, session));
  }
  function run(...args: string[]): Promise<number> {
    out = '';
    told = '';
    return runKerege(['questions', ...args, '--subsystem', ASKED, '--keys', dir, '--feedback', url], {
      out: (more) => void (out += more),
      tell: (line) => void (told += `${line}\n`),
      paint: (_colour, shown) => shown,
    });
  }

  it('lists what is asked, opened with the key of the subsystem', async () => {
    expect(await run('list')).toBe(0);
    expect(out).toContain(`${id}  due 2026-12-12T09:00:00.000Z\n  OTHER about DEMO/PIN/TEST000007 (subject)`);
    expect(out).toContain('  | Неге?\n');
    expect(told).toBe('1 to be answered.\n');
    expect(sent).toMatchObject([
      { path: '/v1/questions?state=open&limit=100', token: expect.stringMatching(/^Bearer /u) },
    ]);
  });

  it('lists for a program too', async () => {
    expect(await run('list', '--json')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ id, state: 'asked', code: 'OTHER', text: 'Неге?' });
  });

  it('answers with a statement that the key of the subsystem signed', async () => {
    expect(await run('answer', id, '--code', 'LEGAL_DUTY', '--text', 'Заң.')).toBe(0);
    const body = JSON.parse(sent.at(-1)?.body ?? '') as { statement: string; answer: { code: string }; salt: string };
    expect(body.answer).toEqual({ code: 'LEGAL_DUTY', text: 'Заң.' });
    const read = parseStatement(body.statement);
    if (!read.ok) throw new TypeError(read.reason);
    expect(verifyStatement(read.value, sign)).toBe(true);
    const doc = questionAnswerDigest(Buffer.from(body.salt, 'base64url'), body.answer);
    const prev = toBase64Url(asked.leafHash);
    expect(read.value.payload).toMatchObject({ t: 'question.answered', id, from: 'DEMO/GOV/1000/mygov', prev, doc });
  });

  it('knows no other codes than feedback', async () => {
    expect(await run('answer', id, '--code', 'BECAUSE')).toBe(2);
    expect(sent).toEqual([]);
  });

  it('does not answer what it cannot read', async () => {
    question = { ...question, sealed: await sealed(generateSealingKey()) };
    expect(await run('list')).toBe(0);
    expect(out).toContain('sealed for a key that is not in the key file');
    expect(await run('answer', id, '--code', 'OTHER')).toBe(1);
    expect(told).toContain('question-unreadable');
    expect(sent.filter(({ body }) => body !== '')).toEqual([]);
  });

  it('says what feedback says, and of an answered one that it is', async () => {
    said = { status: 409, body: { code: 'question-answered', next: 'Leave it.' } };
    expect(await run('answer', id, '--code', 'OTHER')).toBe(1);
    expect(told).toContain('question-answered');
    question = standing('answered');
    expect(await run('answer', id, '--code', 'OTHER')).toBe(1);
    expect(told).toContain('question-closed');
    question = { strange: true };
    expect(await run('list')).toBe(3);
    expect(told).toContain('answer-strange');
  });
});
