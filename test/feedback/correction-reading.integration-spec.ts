import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sha256, toBase64Url, type SubsystemId } from '#kernel';
import { opens, parseStatement, parseTypedSubject, verifyStatement, type Statement } from '#signing';
import { makeVkey, openNote, parseTlogProof, parseVkey, verifyInclusion, type NoteKey } from '#tlog';
import { valueHash } from '#corrections';
import type { CaseEvidence, EvidenceStep } from '../../apps/feedback/src/corrections/evidence/evidences.service.js';
import { CaseWalk, CODE } from './case-walk.js';
import { Filing, OTHER_OWNER, OWNER, PORTAL } from './filing.js';

jest.setTimeout(240_000);

interface PulledEvents {
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly next: string;
}

/** What the leaf's bytes say; they are what the leaf hash is of. */
function stated({ statement, leaf }: EvidenceStep): Statement {
  const read = parseStatement(statement);
  if (!read.ok) throw new TypeError(read.reason);
  expect(toBase64Url(sha256(`\0${statement}`))).toBe(leaf);
  return read.value;
}

/** Under a checkpoint of that log which one of these keys has signed. */
function isInLog({ proof, log, index }: EvidenceStep, leafHash: Buffer, keys: readonly NoteKey[]): boolean {
  const parsed = parseTlogProof(proof);
  const note = parsed.ok ? openNote(parsed.value.checkpoint, keys) : parsed;
  if (!parsed.ok || !note.ok || note.value.origin !== log || parsed.value.index !== index) return false;
  return verifyInclusion(leafHash, index, note.value.size, parsed.value.path, note.value.root);
}

describe('what is read of a case that was rejected', () => {
  let filing: Filing;
  let walk: CaseWalk;

  beforeAll(async () => {
    filing = await Filing.create();
    await filing.start();
    walk = await CaseWalk.filed(filing);
    await walk.reviewed();
    await walk.rejected();
  });
  afterAll(() => filing.close());

  const pull = async (as: SubsystemId, query: string) =>
    (await filing.member(as, `/v1/portal/corrections/events${query}`)).body as unknown as PulledEvents;

  it('is pulled by the portal that filed, page by page, and by no other', async () => {
    const first = await pull(PORTAL, '?limit=3');
    const rest = await pull(PORTAL, `?after=${first.next}`);
    const events = [...first.events, ...rest.events];
    expect(events.map(({ what }) => what)).toEqual(
      ['submitted', 'routed', 'received', 'review-started', 'decided'].map((what) => `correction.${what}`),
    );
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(events.at(-1)).toMatchObject({
      correctionId: walk.id,
      was: 'IN_REVIEW',
      now: 'REJECTED',
      why: 'data-correct',
    });
    expect(events.at(-1)?.['dueAt']).toMatch(/Z$/u);
    expect(await pull(PORTAL, `?after=${rest.next}`)).toEqual({ events: [], next: rest.next });
    expect((await pull(OTHER_OWNER, '')).events).toEqual([]);
    expect(JSON.stringify(events)).not.toContain(CODE);
    expect((await filing.member(PORTAL, '/v1/portal/corrections/events?after=x')).status).toBe(400);
  });

  it('is a letter in the language that is asked for, else in that of the filing', async () => {
    const { body } = await filing.portal(CODE, `/v1/corrections/${walk.id}/letter?lang=kk`);
    expect(body['language']).toBe('kk');
    expect(body['paragraphs']).toContain('Шешім: өтінішіңіз қабылданбады. Дерек дұрыс.');
    const standing = await filing.portal(CODE, `/v1/corrections/${walk.id}`);
    expect(standing.body).toMatchObject({ state: 'REJECTED', title: 'Rejected' });
    expect(standing.body['whatNext']).toMatch(/^If you do not agree, you may appeal in the portal\. Last day/u);
    const other = await filing.portal('TEST000002', `/v1/corrections/${walk.id}/letter`);
    expect(other.status).toBe(404);
    expect((await filing.portal(CODE, `/v1/corrections/${walk.id}/letter?lang=de`)).status).toBe(400);
  });

  it('is a page to print, for who asks for one', async () => {
    const page = await filing.raw(CODE, `/v1/corrections/${walk.id}/letter?lang=ru`, {
      headers: { accept: 'text/html' },
    });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const text = await page.text();
    expect(text).toContain('<html lang="ru">');
    expect(text).toContain('Решение: в вашем запросе отказано. Данные верны.');
  });

  it('is proven by what is handed out, without believing feedback', async () => {
    const { body } = await filing.portal(CODE, `/v1/corrections/${walk.id}/evidence`);
    const { steps, opening } = body as unknown as CaseEvidence;
    expect(steps).toHaveLength(5);
    const { audit } = filing.network;
    const keys = audit.noteKeys.flatMap(({ name, publicKey }) => {
      const key = parseVkey(makeVkey(name, publicKey));
      return key.ok ? [key.value] : [];
    });
    const { view } = audit.world;
    // Submitted by the portal, routed by feedback, the rest by the owner.
    const signers = steps.map((_step, at) => [PORTAL, 'TEST/feedback1'][at] ?? OWNER);
    const chain = steps.map((step, at) => {
      const statement = stated(step);
      const jwk = view.keyOf(signers[at] as SubsystemId, statement.kid)?.jwk;
      expect(jwk !== undefined && verifyStatement(statement, jwk)).toBe(true);
      expect(isInLog(step, statement.leafHash, keys)).toBe(true);
      expect(statement.payload).toMatchObject({ id: walk.id, seq: at + 1 });
      return statement.payload;
    });
    expect(chain.map(({ prev }) => prev)).toEqual([undefined, ...steps.slice(0, -1).map(({ leaf }) => leaf)]);
    const opened = steps.flatMap(({ act }, at) => (act !== undefined && 'salt' in act ? [{ act, at }] : []));
    for (const { act, at } of opened) {
      const { salt, ...words } = act;
      expect(chain[at]?.doc).toBe(valueHash(Buffer.from(salt, 'base64url'), words));
    }
    expect(steps.at(-1)?.act).toMatchObject({ act: 'decide', outcome: 'REJECTED' });
    const submitted = parseStatement(steps[0]?.statement ?? '');
    const [commitment] = submitted.ok ? (submitted.value.payload.subj ?? []) : [];
    const subject = parseTypedSubject(opening.subject);
    if (subject === undefined) throw new TypeError('no subject');
    const r = Buffer.from(opening.r, 'base64url');
    expect(opening.subject).toBe(`TEST/PIN/${CODE}`);
    expect(opens('subject', String(commitment), { ...subject, r })).toBe(true);
  });

  it('keeps the person from being erased until it has ended', async () => {
    const erase = () => filing.raw(CODE, '/v1/subjects/me', { method: 'DELETE' });
    const refused = await erase();
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ code: 'erasure-case-open', open: 1 });
    const second = await CaseWalk.filed(filing, 'TEST000003');
    const said = await filing.portalStep('TEST000003', `/v1/corrections/${second.id}/steps`, { act: 'withdraw' });
    expect(said.status).toBe(200);
    await second.until('WITHDRAWN');
    expect((await filing.raw('TEST000003', '/v1/subjects/me', { method: 'DELETE' })).status).toBe(200);
    const gone = await filing.portal('TEST000003', `/v1/corrections/${second.id}`);
    expect(gone.status).toBe(404);
  });
});
