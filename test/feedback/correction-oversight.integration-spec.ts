import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newExchangeId, type SubsystemId } from '#kernel';
import { keyFileName, signDocument, verifyDocument } from '#signing';
import { runKerege } from '../../apps/cli/src/kerege.command.js';
import type { CaseOrder } from '../../apps/feedback/src/corrections/supervisor/case-order.js';
import { A, B, layPeriod, SERVICE } from '../../apps/feedback/src/corrections/audit/spec-support/period-cases.js';
import { CaseWalk, CODE } from './case-walk.js';
import { BIRTH, Filing, OTHER_OWNER, OWNER, PORTAL, PROPERTY, RECIPIENT } from './filing.js';

jest.setTimeout(240_000);

/** Any subsystem of the registry may be named. */
const SUPERVISOR = OTHER_OWNER;
const AUDITOR = RECIPIENT;

const ELEMENTS = [BIRTH, PROPERTY].map((element) => ({ element, cases: 1 }));

describe('who watches over cases', () => {
  let filing: Filing;
  let walk: CaseWalk;
  let flagged = '';

  beforeAll(async () => {
    filing = await Filing.create();
    await filing.start({ supervisors: [SUPERVISOR], operators: [SUPERVISOR], auditors: [AUDITOR] });
    walk = await CaseWalk.filed(filing);
    await walk.reviewed();
    flagged = await filing.seen(CODE, RECIPIENT);
    await walk.rejected();
  });
  afterAll(() => filing.close());

  const ask = async (question: string, query = `case=${walk.id}`) =>
    (await filing.member(AUDITOR, `/v1/audit/corrections/${question}?${query}`)).body;
  const ordered = (body: object) => filing.member(SUPERVISOR, `/v1/supervisor/corrections/${walk.id}/reopen`, body);
  const signer = (of: SubsystemId) => filing.network.audit.signerOf(of);

  it('sees cases without anything of the person, and only if named', async () => {
    const { body } = await filing.member(SUPERVISOR, '/v1/supervisor/corrections?state=REJECTED');
    expect(body['cases']).toMatchObject([{ id: walk.id, owner: OWNER, outcome: 'REJECTED', reason: 'data-correct' }]);
    const text = JSON.stringify(body);
    for (const hidden of [CODE, walk.made.content.exchangeId, '/birth', 'h1:']) expect(text).not.toContain(hidden);
    const none = await filing.member(SUPERVISOR, '/v1/supervisor/corrections?overdue=true&escalated=true');
    expect(none.body['cases']).toEqual([]);
    const stranger = await filing.member(PORTAL, '/v1/supervisor/corrections');
    expect(stranger).toMatchObject({ status: 403, body: { code: 'caller-not-supervisor' } });
  });

  it('is told why the operator may not assign a case whose owners have not used their transfers', async () => {
    await walk.until('REJECTED');
    const body = { reason: 'operator-assigned', target: OTHER_OWNER };
    const said = await filing.member(SUPERVISOR, `/v1/operator/corrections/${walk.id}/transfer`, body);
    expect(said).toMatchObject({ status: 409, body: { code: 'case-refused' } });
    const stranger = await filing.member(PORTAL, `/v1/operator/corrections/${walk.id}/transfer`, body);
    expect(stranger.body['code']).toBe('caller-not-operator');
  });

  it('assigns a case that owners have handed on as often as they may', async () => {
    const item = { element: PROPERTY, pointer: '/property', doubted: 'A street', proposed: 'B street' } as const;
    const handed = await CaseWalk.filed(filing, 'TEST000005', { items: [item] });
    await handed.received(OTHER_OWNER);
    const { feedback } = await filing.network.databases();
    // As if two owners had had it before; there is no third one here to whom the registry allows it.
    await feedback.query(`UPDATE correction_case SET record = jsonb_set(record, '{hops}', $2) WHERE id = $1`, [
      handed.id,
      JSON.stringify([PORTAL, RECIPIENT]),
    ]);
    const path = `/v1/operator/corrections/${handed.id}/transfer`;
    const body = { reason: 'operator-assigned', target: OWNER };
    const { order } = (await filing.member(SUPERVISOR, path, body)).body;
    const statement = await signDocument('kerege-case-order+jwt', order as CaseOrder, signer(SUPERVISOR));
    const unsealed = await filing.member(SUPERVISOR, path, { ...body, statement });
    expect(unsealed.body).toMatchObject({ code: 'case-outline', problem: 'sealed' });
    const id = newExchangeId();
    const content = { id, sealed: await filing.sealed(OWNER, id, { correctionId: handed.id }) };
    expect((await filing.member(SUPERVISOR, path, { ...body, statement, content })).status).toBe(200);
    expect(await handed.until('ROUTED')).toMatchObject({ owner: OWNER });
    expect((await filing.member(OWNER, `/v1/owner/corrections/${handed.id}`)).body).toMatchObject({ contentId: id });
  });

  it('has a case decided anew by an order that is signed over it as it stands', async () => {
    const proposed = (await ordered({ reason: 'supervisor-order' })).body['order'] as CaseOrder;
    expect(proposed).toMatchObject({ act: 'reopen', by: SUPERVISOR, correctionId: walk.id });
    const forged = await signDocument('kerege-case-order+jwt', proposed, signer(OWNER));
    expect((await ordered({ reason: 'supervisor-order', statement: forged })).body).toMatchObject({
      ...{ code: 'order-not-this', problem: 'signature' },
    });
    const other = await signDocument(
      'kerege-case-order+jwt',
      { ...proposed, leaf: 'A'.repeat(43) },
      signer(SUPERVISOR),
    );
    expect((await ordered({ reason: 'supervisor-order', statement: other })).body['problem']).toBe('payload');
    const statement = await signDocument('kerege-case-order+jwt', proposed, signer(SUPERVISOR));
    const taken = await ordered({ reason: 'supervisor-order', statement });
    expect(taken.status).toBe(200);
    expect((await walk.until('REOPENED')).isEscalated).toBe(true);
    // The same order again changes nothing.
    expect((await ordered({ reason: 'supervisor-order', statement })).body['standing']).toMatchObject({ seq: 6 });
    const { feedback } = await filing.network.databases();
    const [kept] = await feedback.query<{ statement: string; by: string }>(
      `SELECT correction_order.statement, by FROM correction_order JOIN correction_step USING (leaf_hash) WHERE seq = 6 AND correction_step.case_id = $1`,
      [walk.id],
    );
    expect(kept?.by).toBe(SUPERVISOR);
    const key = filing.network.audit.world.keysOf(SUPERVISOR).sign;
    expect(verifyDocument('kerege-case-order+jwt', kept?.statement ?? '', key)).toMatchObject({ ok: true });
  });

  it('1: who received it, when, and by whose signature', async () => {
    const { receipts } = (await ask('receipt')) as { receipts: object[] };
    expect(receipts).toMatchObject([{ by: OWNER, signature: 'signed' }]);
    const byNumber = await ask('receipt', `case=${String((await ask('receipt'))['publicNumber'])}`);
    expect(byNumber['receipts']).toEqual(receipts);
  });

  it('4: an answer with the doubted datum under the flag, and that it had no header', async () => {
    const answer = await ask('disputed-answers');
    expect(answer).toMatchObject({ unflagged: 1, exchanges: [{ exchangeId: flagged, isHeaderPresent: false }] });
  });

  it('5: that it is decided anew by a later transition, on an unbroken chain', async () => {
    await walk.act({ act: 'start' }, 'IN_REVIEW');
    await walk.accepted();
    expect(await ask('decisions')).toMatchObject({
      ...{ isChainWhole: true, wasDecidedAgain: true, reopenings: [{ reason: 'supervisor-order' }] },
      decisions: [{ outcome: 'REJECTED' }, { outcome: 'ACCEPTED' }],
    });
  });

  it('3: who got the wrong value, when it was told, and who has not confirmed; 11: none of them is concealed', async () => {
    await walk.corrected();
    const { recipients, outstanding } = (await ask('recipients')) as {
      recipients: { subsystem: string; toldAt: string }[];
      outstanding: string[];
    };
    expect(recipients.map(({ subsystem }) => subsystem).sort()).toEqual([PORTAL, RECIPIENT].sort());
    expect(recipients.every(({ toldAt }) => Date.parse(toldAt) > 0)).toBe(true);
    expect(outstanding).toHaveLength(2);
    expect(await ask('concealed-recipients')).toMatchObject({ concealed: 0, orders: [] });
    // As if the benefits office had asked under an order.
    const { feedback } = await filing.network.databases();
    const doc = 'h1:order';
    await feedback.query(
      `INSERT INTO concealment_order VALUES ('\\x01', 1, 0, gen_random_uuid(), 0, $1, $1, 4102444800000, $2, NULL)`,
      [SUPERVISOR, doc],
    );
    await feedback.query(
      `INSERT INTO concealed_access SELECT log_id, idx, kind, position, '\\x01', 4102444800000 FROM commitment
        WHERE exchange_id = $1 AND kind = 0`,
      [flagged],
    );
    expect(await ask('concealed-recipients')).toMatchObject({
      ...{ concealed: 1, orders: [{ authority: SUPERVISOR, doc, recipients: 1, until: '2100-01-01T00:00:00.000Z' }] },
    });
  });

  it('7: which elements attract corrections; 10: who watched, themselves included', async () => {
    expect(await ask('elements', '')).toEqual({ elements: ELEMENTS });
    const { accesses } = (await ask('accesses')) as { accesses: { by: string; role: string; what: string }[] };
    const seen = new Set(accesses.map(({ by, role, what }) => [by, role, what].join(' ')));
    for (const one of ['list', 'reopen-proposed', 'reopen']) expect(seen).toContain(`${SUPERVISOR} supervisor ${one}`);
    expect(seen).toContain(`${SUPERVISOR} operator transfer-proposed`);
    expect(seen).toContain(`${AUDITOR} auditor accesses`);
  });

  it('is asked from the command line as well', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kerege-audit-'));
    const file = join(directory, keyFileName(AUDITOR));
    writeFileSync(file, JSON.stringify({ keys: [filing.network.audit.world.keysOf(AUDITOR).sign] }), { mode: 0o600 });
    const said = { out: '', told: '' };
    const terminal = {
      out: (text: string) => void (said.out += text),
      tell: (text: string) => void (said.told += text),
      paint: (_colour: string, text: string) => text,
    };
    const at = ['--feedback', String(filing.app?.url), '--keys', directory];
    const asked = (...args: string[]) => runKerege(['audit', 'corrections', ...args, ...at], terminal);
    expect(await asked('elements', '--as', AUDITOR)).toBe(0);
    expect(JSON.parse(said.out)).toEqual({ elements: ELEMENTS });
    expect(await asked('receipt', '--as', AUDITOR, '--case', 'none')).toBe(1);
    expect(said.told).toContain('case-unknown');
    expect(await asked('everything', '--as', AUDITOR)).toBe(2);
  });

  it('is nobody else: not even the owner asks as an auditor', async () => {
    const said = await filing.member(OWNER, `/v1/audit/corrections/receipt?case=${walk.id}`);
    expect(said).toMatchObject({ status: 403, body: { code: 'caller-not-auditor' } });
    expect((await filing.member(AUDITOR, '/v1/audit/corrections/receipt?case=none')).status).toBe(404);
    expect((await filing.member(AUDITOR, '/v1/audit/corrections/everything')).status).toBe(400);
    for (const question of ['overdue', 'rejections', 'extensions', 'transfers', 'reopened-by-verification'])
      expect((await filing.member(AUDITOR, `/v1/audit/corrections/${question}`)).status).toBe(200);
    const open = await fetch(`${filing.app?.url}/v1/statistics/corrections`);
    expect(open.headers.get('cache-control')).toBe('public, max-age=300');
    expect(await open.json()).toEqual({ groups: [] });
  });

  it('2, 6, 8, 9, 12: is told of all cases of a time what is known of them, each by its leaf in the log', async () => {
    const { feedback } = await filing.network.databases();
    const { rejected, late, ring } = await layPeriod(feedback);
    const of = (question: string, more = '') =>
      ask(question, `from=1970-01-01T00:00:00.000Z&until=1970-01-01T00:00:01.000Z${more}`);
    const at = (ms: number) => new Date(ms).toISOString();
    const [ringId, rejectedId] = [{ correctionId: ring.id }, { correctionId: rejected.id }];

    const overdue = await of('overdue', `&at=${at(35)}`);
    expect(overdue['overdue']).toEqual([
      { correctionId: late.id, owner: A, service: SERVICE, state: 'ROUTED', dueAt: at(30), ...late.steps[1] },
    ]);
    expect(overdue['counts']).toEqual([{ owner: A, service: SERVICE, overdue: 1 }]);
    const { times } = await of('overdue', `&at=${at(200)}`);
    const review = { owner: A, service: SERVICE, state: 'IN_REVIEW' };
    expect(times).toContainEqual({ ...review, cases: 3, medianMs: 40, p95Ms: 94 });
    expect(await of('rejections')).toEqual({
      decided: 2,
      reasons: [
        { reason: 'data-correct', decided: 1, rejected: 1, rate: 0.5 },
        { reason: 'error-confirmed', decided: 1, rejected: 0, rate: 0 },
      ],
      decisions: [
        { ...ringId, outcome: 'ACCEPTED', reason: 'error-confirmed', ...ring.steps[12] },
        { ...rejectedId, outcome: 'REJECTED', reason: 'data-correct', ...rejected.steps[5] },
      ],
      isCut: false,
    });
    const extended = { owner: A, reason: 'study-needed' };
    const [right, tooLate] = [
      { isInTime: true, isFirstInRound: true, isCorrect: true },
      { isInTime: false, isFirstInRound: true, isCorrect: false },
    ];
    const again = { isInTime: true, isFirstInRound: false, isCorrect: false };
    expect(await of('extensions')).toEqual({
      extensions: [
        { ...rejectedId, ...extended, at: at(60), ...right, ...rejected.steps[4] },
        { ...ringId, ...extended, at: at(110), ...tooLate, ...ring.steps[10] },
        { ...ringId, ...extended, at: at(120), ...again, ...ring.steps[11] },
      ],
    });
    const steps = [1, 3, 4, 6, 7].map((place) => ring.steps[place]);
    expect(await of('transfers')).toEqual({
      cases: [{ ...ringId, transfers: 2, owners: [A, B, A], isPingPong: true, steps }],
    });
    expect(await of('reopened-by-verification')).toEqual({
      cases: [{ ...ringId, owner: A, service: SERVICE, at: at(150), ...ring.steps[14] }],
    });
  });
});
