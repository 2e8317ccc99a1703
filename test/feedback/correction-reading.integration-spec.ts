import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { SubsystemId } from '#kernel';
import { eventually } from '#testing';
import { makeVkey, parseVkey } from '#tlog';
import { explainFlaw, proveCorrection, type ProvenCorrection } from '../../apps/cli/src/corrections/case-evidence.js';
import type { CaseEvidence, EvidenceStep } from '../../apps/feedback/src/corrections/evidence/evidences.service.js';
import { CaseWalk, CODE } from './case-walk.js';
import { Correcting } from './correcting.js';
import { Filing, OTHER_OWNER, OWNER, PORTAL, RECIPIENT } from './filing.js';

jest.setTimeout(240_000);

interface PulledEvents {
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly next: string;
}

/** By what the command believes: keys of the log, and what the registry publishes. */
function judge({ network }: Filing, evidence: unknown): ProvenCorrection {
  const { audit } = network;
  const logs = audit.noteKeys.flatMap(({ name, publicKey }) => {
    const key = parseVkey(makeVkey(name, publicKey));
    return key.ok ? [key.value] : [];
  });
  const verdict = proveCorrection(evidence, { logs, view: audit.world.view });
  if (!verdict.ok) throw new TypeError(explainFlaw(verdict.reason));
  return verdict.value;
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
    const { steps, subject, recipients } = judge(filing, body);
    // Submitted by the portal, routed by feedback, the rest by the owner.
    expect(steps.map(({ signer }) => signer)).toEqual([PORTAL, 'TEST/feedback1', OWNER, OWNER, OWNER]);
    expect([subject, recipients]).toEqual([`TEST/PIN/${CODE}`, undefined]);
    const { steps: said } = body as unknown as CaseEvidence;
    expect(said.at(-1)?.act).toMatchObject({ act: 'decide', outcome: 'REJECTED' });
    const forged = { ...body, steps: said.with(-1, { ...(said.at(-1) as EvidenceStep), proof: said[0]?.proof ?? '' }) };
    expect(() => judge(filing, forged)).toThrow('step-place at steps[4]');
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

  it('stays proven by what the person took home once feedback has shredded who it was about and who was told', async () => {
    const code = 'TEST000004';
    const correcting = new Correcting(filing);
    await correcting.indexed(await filing.seen(code, RECIPIENT));
    const exchangeId = await filing.seen(code);
    const made = await filing.routed({ code, exchangeId });
    await correcting.correct(code, made);
    for (const member of [PORTAL, RECIPIENT]) {
      const [notice] = await correcting.notices(member, 1);
      const acknowledged = () => correcting.acknowledge(member, notice?.noticeId ?? '');
      await eventually(async () => (await acknowledged()).status === 200, { timeoutMs: 30_000, intervalMs: 200 });
    }
    await filing.until(code, made.id, ({ state }) => state === 'CLOSED');
    const taken = await eventually(async () => {
      const { status, body } = await filing.portal(code, `/v1/corrections/${made.id}/evidence`);
      return status === 200 ? body : undefined;
    });
    const before = judge(filing, taken);
    expect(before.recipients?.map(({ subsystem }) => subsystem).sort()).toEqual([PORTAL, RECIPIENT]);

    const { feedback } = await filing.network.databases();
    const kept = () =>
      feedback.query(
        'SELECT FROM correction_case WHERE id = $1 AND subject_enc IS NOT NULL AND recipients_enc IS NOT NULL',
        [made.id],
      );
    const sealed = await feedback.query<{ subject: string; list: string }>(
      `SELECT encode(subject_enc, 'hex') AS subject, encode(recipients_enc, 'hex') AS list FROM correction_case WHERE id = $1`,
      [made.id],
    );
    expect((await kept()).length).toBe(1);
    expect((await filing.raw(code, '/v1/subjects/me', { method: 'DELETE' })).status).toBe(200);
    await eventually(async () => (await kept()).length === 0, { timeoutMs: 30_000 });
    // Nor do they stand in another table, and without the person's key they would open nothing.
    const tables = await feedback.query<{ name: string }>(
      `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = current_schema()`,
    );
    const words = sealed.flatMap(({ subject, list }) => [subject, list]);
    expect(words.length).toBe(2);
    for (const { name } of tables) {
      const found = await feedback.query(
        `SELECT FROM ${name} AS row, unnest($1::text[]) AS word WHERE strpos(row::text, word) > 0`,
        [words],
      );
      expect({ table: name, found: found.length }).toEqual({ table: name, found: 0 });
    }
    expect((await filing.portal(code, `/v1/corrections/${made.id}/evidence`)).status).toBe(404);
    // The log is as it was: each step still stands where it stood, under a checkpoint of now too.
    expect(judge(filing, taken)).toEqual(before);
    const leaves = await filing.network.audit.leaves();
    for (const { leaf, index } of (taken as unknown as CaseEvidence).steps)
      expect(leaves.find(({ idx }) => idx === index)?.leaf_hash.toString('base64url')).toBe(leaf);
  });
});
