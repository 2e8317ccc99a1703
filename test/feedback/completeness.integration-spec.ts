import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#kernel';
import { keyFileName, type RunningApp } from '#platform';
import { publicJwk, verifyDocument } from '#signing';
import { eventually, TestIssuer } from '#testing';
import { CONSUMER, PROVIDER } from '../audit/audit-network.js';
import { completenessCommand } from '../../apps/cli/src/completeness/completeness.command.js';
import type { CompletenessReport } from '../../apps/cli/src/completeness/completeness.js';
import { accessed, asPerson, dump, settled } from './erasing.js';
import { concealed } from './concealing.js';
import { FeedbackNetwork, person } from './feedback-network.js';

jest.setTimeout(300_000);

const AUDITOR = PROVIDER;
/** Nobody of them exists. */
const [ANN, BEN] = [person('PIN/TEST000001'), person('PIN/TEST000002')];

let network: FeedbackNetwork;
let app: RunningApp;
/** As all was before somebody tampered with it. */
let restore: () => Promise<void>;

beforeAll(async () => {
  const issuer = await TestIssuer.create();
  network = await FeedbackNetwork.create((text) => TestIssuer.definitionOf(issuer) + text);
  for (const subsystem of [AUDITOR, CONSUMER]) {
    const file = join(network.audit.directory, keyFileName(subsystem));
    writeFileSync(file, JSON.stringify({ keys: [network.audit.world.keysOf(subsystem).sign] }));
    chmodSync(file, 0o600);
  }
  app = await network.start({ portals: [CONSUMER], auditors: [AUDITOR], concealmentAuthorities: [CONSUMER] });
  await accessed(network, ANN, BEN, ANN);
  const late = await network.requested([ANN]);
  await network.stamp(late.statement);
  await eventually(async () => (await network.commitments('pending')) === 1);
  await asPerson(network, issuer, app, { method: 'DELETE', path: '/v1/subjects/me', sub: ANN.code });
  await network.send(await network.sealed(late));
  await eventually(async () => (await network.commitments('erased')) === 3);
  await accessed(network, ANN, BEN, BEN);
  await concealed(network, [ANN], Date.now() + 86_400_000);
  await eventually(async () => (await network.commitments('concealed')) === 1);
  await settled(network);
  const unopened = await network.requested([BEN], [BEN]);
  await network.stamp(unopened.statement);
  await eventually(async () => (await network.commitments('pending')) === 2);
  restore = await dump((await network.databases()).feedback, 'feedback');
});
afterAll(() => network.close());
beforeEach(() => restore());

async function audit(as = AUDITOR) {
  let out = '';
  const told: string[] = [];
  const options = {
    subsystem: as,
    keysDir: network.audit.directory,
    trustFile: join(network.audit.directory, 'trust.json'),
    auditUrl: network.auditUrl,
    feedbackUrl: app.url,
    audience: 'http://127.0.0.1:8120',
    // So many that none of the few leaves is left out.
    sample: 2_000,
    json: false,
    patienceMs: 3_000,
  };
  const terminal = {
    out: (text: string) => void (out += text),
    tell: (line: string) => void told.push(line),
    paint: (_: string, text: string) => text,
  };
  const failure = await completenessCommand(options, terminal).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  const signed = verifyDocument('kerege-completeness+jwt', out.trim(), publicJwk(network.audit.world.keysOf(as).sign));
  const code = failure instanceof AppError ? failure.code : failure;
  return { code, told, out, report: signed.ok ? (signed.value as unknown as CompletenessReport) : undefined };
}

const findings = ({ report }: Awaited<ReturnType<typeof audit>>) => [
  ...new Set(report?.findings.map(({ finding }) => finding)),
];

describe('kerege audit completeness', () => {
  it('adds up: every commitment is shown, pending or erased, and the sample opens; signed, and naming nobody', async () => {
    const { code, told, report } = await audit();
    expect([code, report?.findings]).toEqual([undefined, []]);
    expect(report?.logs).toMatchObject([
      { commitments: 10, erasedInLog: 3, verified: true, said: { rows: 4, concealed: 1, pending: 2, erased: 3 } },
    ]);
    expect(report?.sampled).toMatchObject({ commitments: 10, opened: 5, pending: 2, erased: 3 });
    expect(JSON.stringify([report, told])).not.toMatch(/TEST00000/);
  });

  it.each<[string, string, string[]]>([
    [
      'a row that was hidden',
      'DELETE FROM subject_access WHERE ctid = (SELECT min(ctid) FROM subject_access)',
      ['count-differs', 'row-missing'],
    ],
    [
      'a concealed row that was taken away',
      'DELETE FROM subject_access WHERE concealed_until IS NOT NULL',
      ['count-differs', 'row-missing'],
    ],
    [
      'a commitment that was lost',
      `DELETE FROM commitment WHERE idx = (SELECT min(idx) FROM commitment WHERE state = 'pending')`,
      ['count-differs', 'commitment-lost'],
    ],
    [
      'a commitment that is called erased and is not',
      `UPDATE commitment SET state = 'erased' WHERE state = 'pending'`,
      ['erased-differs'],
    ],
    [
      'an opening of something else',
      `UPDATE subject_access SET opening_enc = (SELECT max(opening_enc) FROM subject_access)`,
      ['row-missing'],
    ],
    [
      'a commitment that no leaf has',
      `UPDATE commitment SET position = 7 WHERE state = 'erased'`,
      ['commitment-lost', 'commitment-invented'],
    ],
    ['a log that was not followed to its end', 'UPDATE followed_log SET next_idx = 1', ['log-behind']],
  ])('finds %s', async (_, tampering, expected) => {
    const { feedback } = await network.databases();
    await feedback.query(tampering);
    const found = await audit();
    expect(found.code).toBe('completeness-not-shown');
    expect(findings(found).sort()).toEqual([...expected].sort());
  });

  it('is for auditors alone', async () => {
    expect(await audit(CONSUMER)).toMatchObject({ code: 'server-refused', report: undefined });
    for (const path of ['/v1/completeness', '/v1/completeness/commitments?log=x&indices=1'])
      expect((await fetch(`${app.url}${path}`)).status).toBe(401);
  });
});
