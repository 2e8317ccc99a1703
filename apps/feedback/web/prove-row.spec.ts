import { beforeAll, describe, expect, it } from '@jest/globals';
import { verify, createPublicKey } from 'node:crypto';
import { sampleHistory, SUBJECT, type SampleHistory } from '../../../test/feedback/history-sample.js';
import type { AccessRow } from './access-row.js';
import type { Ed25519, Trust } from './prove-leaf.js';
import { proveRow, verdictOf } from './prove-row.js';

const ed25519: Ed25519 = (publicKey, message, signature) => {
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  return Promise.resolve(verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), signature));
};

describe('proveRow', () => {
  let history: SampleHistory;
  let row: AccessRow;
  let other: AccessRow;
  let trust: Trust;

  beforeAll(async () => {
    history = await sampleHistory(5);
    [row, other] = history.rows as [AccessRow, AccessRow];
    trust = { vkeys: [history.vkey], ed25519 };
  });

  const evidence = (change: Partial<NonNullable<AccessRow['evidence']>>): AccessRow => ({
    ...row,
    evidence: { ...row.evidence!, ...change },
  });

  it('proves every genuine row', async () => {
    const findings = await Promise.all(history.rows.map((one) => proveRow(one, SUBJECT, trust)));
    expect(findings.map(verdictOf)).toEqual(history.rows.map(() => 'proven'));
  });

  it.each<[string, (row: AccessRow) => Partial<AccessRow>, string]>([
    ['another consumer', () => ({ consumer: { id: 'DEMO/COM/2002/legal' } }), 'as-shown'],
    ['another time', () => ({ at: '2020-01-01T00:00:00.000Z' }), 'as-shown'],
    ['another purpose', () => ({ purpose: { code: 'treatment' } }), 'as-shown'],
    ['another legal basis', () => ({ legalBasis: { code: 'LB-HEALTH' } }), 'as-shown'],
    ['another endpoint', () => ({ endpoint: 'POST /match' }), 'as-shown'],
    ['another place in the log', ({ leaf }) => ({ leaf: { ...leaf, index: leaf.index + 1 } }), 'in-log'],
    ['another outcome', () => ({ outcome: 'failed' as const }), 'outcome'],
    ['another status', () => ({ status: 404 }), 'outcome'],
    ['a denied disclosure', () => ({ disclosed: false }), 'outcome'],
    ['the other role', () => ({ role: 'user' as const }), 'about-you'],
  ])('finds %s false', async (_, change, check) => {
    const findings = await proveRow({ ...row, ...change(row) }, SUBJECT, trust);
    expect(findings).toMatchObject({ [check]: 'false' });
    expect(verdictOf(findings)).toBe('false');
  });

  it('finds a statement false that another log entry proves, and an opening of somebody else', async () => {
    const swapped = await proveRow(evidence({ proof: other.evidence!.proof }), SUBJECT, trust);
    expect(swapped).toMatchObject({ 'in-log': 'false', 'about-you': 'ok' });
    const opening = { ...row.evidence!.opening, code: 'TEST000008' };
    expect(await proveRow(evidence({ opening }), SUBJECT, trust)).toMatchObject({ 'about-you': 'false' });
    expect(await proveRow(evidence({ opening }), 'DEMO/PIN/TEST000008', trust)).toMatchObject({ 'about-you': 'false' });
    expect(await proveRow(row, '', trust)).toMatchObject({ 'about-you': 'false' });
  });

  it('recomputes the path: a statement that the log does not hold at that place is false', async () => {
    const [, hash = ''] = /\nindex \d+\n(\S{44})\n/.exec(row.evidence!.proof) ?? [];
    expect(hash).toHaveLength(44);
    const proof = row.evidence!.proof.replace(hash, Buffer.alloc(32, 9).toString('base64'));
    expect(await proveRow(evidence({ proof }), SUBJECT, trust)).toMatchObject({ 'in-log': 'false', 'as-shown': 'ok' });
    const [sequel] = row.evidence!.sequels;
    const bent = {
      ...sequel!,
      proof: sequel!.proof.replace(/\n(\S{44})\n/, `\n${Buffer.alloc(32, 9).toString('base64')}\n`),
    };
    expect(await proveRow(evidence({ sequels: [bent] }), SUBJECT, trust)).toMatchObject({ outcome: 'false' });
  });

  it('believes no checkpoint but one of a pinned log', async () => {
    for (const unpinned of [
      { ...trust, vkeys: [] },
      { ...trust, vkeys: ['elsewhere+00000000+AQ'] },
    ])
      expect(verdictOf(await proveRow(row, SUBJECT, unpinned))).toBe('unproven');
    const elsewhere = { ...row, leaf: { ...row.leaf, log: 'elsewhere' } };
    expect(verdictOf(await proveRow(elsewhere, SUBJECT, trust))).toBe('unproven');
    const swapped = { ...trust, vkeys: [...trust.vkeys, 'elsewhere+00000000+AQ'] };
    expect(await proveRow(elsewhere, SUBJECT, swapped)).toMatchObject({ 'in-log': 'false' });
    const never: Ed25519 = () => Promise.resolve(false);
    expect(await proveRow(row, SUBJECT, { ...trust, ed25519: never })).toMatchObject({ 'in-log': 'false' });
    const unable: Ed25519 = () => Promise.reject(new TypeError('not here'));
    expect(verdictOf(await proveRow(row, SUBJECT, { ...trust, ed25519: unable }))).toBe('unproven');
  });

  it('never proves that nothing was given out by leaving the answer away', async () => {
    const hidden = { ...row, disclosed: false, outcome: 'pending' as const, status: undefined };
    const findings = await proveRow({ ...hidden, evidence: { ...row.evidence!, sequels: [] } }, SUBJECT, trust);
    expect(findings.outcome).toBe('missing');
  });

  it('finds a claim false that somebody acted, or that the data are disputed', async () => {
    expect(await proveRow({ ...row, endUser: 'official' }, SUBJECT, trust)).toMatchObject({ 'as-shown': 'false' });
    expect(await proveRow({ ...row, disputed: true }, SUBJECT, trust)).toMatchObject({ outcome: 'false' });
  });

  it('finds the sequel of another exchange false, and a missing one unproven', async () => {
    expect(await proveRow(evidence({ sequels: other.evidence!.sequels }), SUBJECT, trust)).toMatchObject({
      outcome: 'false',
    });
    const findings = await proveRow(evidence({ sequels: [] }), SUBJECT, trust);
    expect([findings.outcome, verdictOf(findings)]).toEqual(['missing', 'unproven']);
  });

  it('wants the request of an answer that told whose data it holds', async () => {
    const told = history.rows.find(({ evidence: proof }) => proof?.request !== undefined)!;
    const proof = told.evidence!;
    expect(verdictOf(await proveRow(told, SUBJECT, trust))).toBe('proven');
    const lacking = { ...told, evidence: { ...proof, request: undefined } };
    expect(await proveRow(lacking, SUBJECT, trust)).toMatchObject({ 'as-shown': 'false' });
    const swapped = { ...told, evidence: { ...proof, request: { ...proof, ...row.evidence! } } };
    expect(await proveRow(swapped, SUBJECT, trust)).toMatchObject({ 'as-shown': 'false', outcome: 'false' });
  });

  it('calls a row without evidence unproven, never proven', async () => {
    expect(verdictOf(await proveRow({ ...row, evidence: undefined }, SUBJECT, trust))).toBe('unproven');
  });

  it.each(['', '.', 'a.b.c', 'x'.repeat(70_000)])('survives nonsense', async (statement) => {
    expect(verdictOf(await proveRow(evidence({ statement }), SUBJECT, trust))).toBe('false');
  });
});
