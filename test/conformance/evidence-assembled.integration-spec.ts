import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sha512, toBase64Url, type ExchangeId, type ServiceId, type SubsystemId } from '#kernel';
import {
  answerDigest,
  commit,
  publicJwk,
  requestDigest,
  signStatement,
  type RequestedPayload,
  type Statement,
} from '#signing';
import { buildWorld, eventually } from '#testing';
import { verifyEvidence, type VerificationReport } from '../../apps/cli/src/verify/index.js';
import { AuditLogService } from '../../apps/gateway/src/evidence/audit-log.service.js';
import { EvidenceService } from '../../apps/gateway/src/evidence/evidence.service.js';
import type { RowOutcome, StoredRow } from '../../apps/gateway/src/exchange/row.js';
import { CONSUMER, PROVIDER, SERVICE, type AuditNetwork } from '../audit/audit-network.js';
import { networkOfWindows, rotated, WINDOWS } from '../audit/windows-lab.js';

jest.setTimeout(60_000);

const salt = Buffer.alloc(32, 0x80);
const request = {
  method: 'GET',
  target: `/r1/${SERVICE}/TEST000001`,
  headers: [
    { name: 'X-Road-Client', value: CONSUMER },
    { name: 'x-road-request-id', value: '1234' },
  ],
  body: Buffer.alloc(0),
};
const answer = { status: 200, headers: [{ name: 'Content-Type', value: 'text/plain' }], body: Buffer.from('yes') };
const subject = commit('subject', { country: 'TEST', type: 'PIN', code: 'TEST000001' });

let network: AuditNetwork;
let log: AuditLogService;
let trust: Buffer;

/** Audit with its sweeper, its HTTP side read as a gateway does, and the verifier that shares no code with either. */
beforeAll(async () => {
  network = await networkOfWindows();
  const app = await network.startInForce({
    longestDeadlineMs: 100,
    sweepGraceMs: 200,
    sweepIntervalMs: 50,
    rotationIntervalMs: 50,
  });
  trust = readFileSync(network.config().trustFile);
  const registry = network.world.keysOf('TEST/registry1').sign;
  const registryKeys = [{ kid: registry.kid, jwk: publicJwk(registry) }];
  log = new AuditLogService({ url: app.url, logs: network.noteKeys, registryKeys, timeoutMs: 5_000 });
});
afterAll(async () => {
  await log.close();
  await network.close();
});

describe('evidence that a gateway assembles from the log verifies', () => {
  it('of an answered exchange', async () => {
    const requested = await makeRequest();
    const answered = await network.answered(requested, { res: answerDigest(salt, answer) });
    await stampBoth(requested, answered);
    const bodySha512 = toBase64Url(sha512(answer.body));
    const answerHead = { status: answer.status, headers: pairs(answer.headers), bodySha512 };
    const outcome: RowOutcome = {
      kind: 'answered',
      by: 'provider',
      jws: answered.jws,
      answerHead,
      endedMs: Date.now(),
    };
    const report = await verified(requested, outcome);
    expect(report).toMatchObject({ outcome: 'answered', disclosed: true });
    expect(signersIn(report)).toEqual([`c0 ${CONSUMER}`, `p1 ${PROVIDER}`]);
  });

  it('of an exchange that its gateway ended', async () => {
    const requested = await makeRequest();
    const failed = await failedByGateway(requested);
    await stampBoth(requested, failed);
    const report = await verified(requested, toldBy(failed));
    expect(report).toMatchObject({ outcome: 'failed', reason: 'gateway-lost', disclosed: false });
    expect(signersIn(report)).toEqual([`c0 ${CONSUMER}`, `c1 ${CONSUMER}`]);
  });

  it.each(['nobody', 'a gateway whose statement never reached the log'])(
    'of an exchange that %s ended, and so the sweeper did',
    async (who) => {
      const requested = await makeRequest();
      const outcome = who === 'nobody' ? undefined : toldBy(await failedByGateway(requested));
      await network.stampAndWait(requested);
      expectSweptReport(await sweptReport(requested, outcome));
    },
  );

  it('of a swept exchange whose operator published another document between its leaves', async () => {
    // The sweeper waits by the request's own time, so the new manifest is in the log before it speaks.
    const requested = await makeRequest({ ts: Date.now() + 3_000 });
    await network.stampAndWait(requested);
    const definition = (text: string) => text.replace('{ en: Operator }', '{ en: Renamed }');
    await network.enact(await buildWorld({ number: 2, sameKeysAs: network.world, definition }));
    const report = await sweptReport(requested, undefined);
    expectSweptReport(report);
    expect(report.checked).toContain('2 manifests: signature of the trusted registry key, digest list');
  });
});

it('evidence of an exchange on both sides of a border between windows verifies', async () => {
  // The sweeper waits by the request's own time.
  const requested = await makeRequest({ ts: Date.now() + 60_000 });
  const swept = await makeRequest({ ts: Date.now() + 3_000 });
  await network.stampAndWait(requested);
  await network.stampAndWait(swept);
  await rotated(network, 2);
  const answered = await network.answered(requested, { res: answerDigest(salt, answer) });
  await network.stampAndWait(answered);
  const bodySha512 = toBase64Url(sha512(answer.body));
  const answerHead = { status: answer.status, headers: pairs(answer.headers), bodySha512 };
  const outcome: RowOutcome = { kind: 'answered', by: 'provider', jws: answered.jws, answerHead, endedMs: Date.now() };
  const report = await verified(requested, outcome);
  expect(report).toMatchObject({ outcome: 'answered', disclosed: true, log: WINDOWS[0] });
  expect(report.leaves.map((leaf) => leaf.log)).toEqual(WINDOWS.slice(0, 2));
  expect(report.checked).toContain('2 manifests: signature of the trusted registry key, digest list');
  expectSweptReport(await sweptReport(swept, undefined));
});

it('there is none before somebody has ended the exchange', async () => {
  const requested = await makeRequest({ ts: Date.now() + 60_000 });
  await network.stampAndWait(requested);
  await expect(assemble(requested, undefined)).rejects.toMatchObject({ code: 'evidence-unavailable' });
});

function expectSweptReport(report: VerificationReport): void {
  expect(report).toMatchObject({ outcome: 'failed', reason: 'no-outcome', disclosed: false, consumer: CONSUMER });
  expect(report.persons).toEqual([{ kind: 'subject', country: 'TEST', type: 'PIN', code: 'TEST000001' }]);
  expect(signersIn(report)).toEqual([`c0 ${CONSUMER}`, 'b1 TEST/audit1']);
  expect(report.unchecked).toContain('that TEST/GOV/1009 runs the audit service TEST/audit1');
}

/** Once the sweeper has spoken. */
async function sweptReport(
  requested: Statement<RequestedPayload>,
  outcome: RowOutcome | undefined,
): Promise<VerificationReport> {
  await eventually(async () => (await log.leafOf(requested.payload.id, 'b1')) !== undefined);
  return verified(requested, outcome);
}

async function verified(
  requested: Statement<RequestedPayload>,
  outcome: RowOutcome | undefined,
): Promise<VerificationReport> {
  // Just behind a border audit shows the window for a moment as it was; a gateway then says that it is to be asked again.
  const evidence = await eventually(() => assemble(requested, outcome));
  const result = verifyEvidence(Buffer.from(evidence), trust);
  if (!result.ok) throw new TypeError(`${result.reason.code} ${result.reason.where}`);
  return result.value;
}

function assemble(requested: Statement<RequestedPayload>, outcome: RowOutcome | undefined): Promise<string> {
  const { opening } = subject;
  const row: StoredRow = {
    id: requested.payload.id as ExchangeId,
    consumer: CONSUMER as SubsystemId,
    service: SERVICE as ServiceId,
    requested: requested.jws,
    salt,
    openings: [{ kind: 'subject', statement: 0, index: 0, ...opening, r: toBase64Url(opening.r) }],
    requestHead: { method: 'GET', target: request.target, headers: pairs(request.headers), bodySha512: null },
    deadlineMs: 1,
    createdMs: 1,
    outcome,
  };
  return new EvidenceService(log).evidenceOf(row);
}

function makeRequest(changes: Partial<RequestedPayload> = {}): Promise<Statement<RequestedPayload>> {
  return network.requested({ req: requestDigest(salt, request), subj: [subject.commitment], ...changes });
}

function failedByGateway(requested: Statement<RequestedPayload>): Promise<Statement> {
  const { id, from, to, svc, ep } = requested.payload;
  const prev = toBase64Url(requested.leafHash);
  const said = { why: 'gateway-lost', side: 'bus', prev } as const;
  const payload = { v: 1, t: 'exchange.failed', id, ts: Date.now(), from, to, svc, ep, ...said } as const;
  return signStatement(payload, network.signerOf(CONSUMER));
}

function toldBy({ jws }: Statement): RowOutcome {
  return { kind: 'failed', code: 'gateway-lost', side: 'bus', by: 'gateway', jws, endedMs: Date.now() };
}

/** In one batch, so that the sweeper never finds the request alone. */
async function stampBoth(requested: Statement, outcome: Statement): Promise<void> {
  await network.stamp([requested, outcome]);
  await eventually(() => network.receiptOf(outcome.leafHash));
}

function signersIn({ leaves }: VerificationReport): string[] {
  return leaves.map(({ slot, signer }) => `${slot} ${signer}`);
}

function pairs(headers: readonly { name: string; value: string }[]): [string, string][] {
  return headers.map(({ name, value }) => [name, value]);
}
