import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { memberOf, newExchangeId, subsystemOf, type ExchangeId, type InstanceId, type ServiceId } from '#kernel';
import {
  generateSigningKey,
  jwkSigner,
  signStatement,
  type PrivateJwk,
  type Statement,
  type StatementPayload,
} from '#signing';
import { memberDigest, publicDigest } from '#snapshot';
import { buildWorld, type World } from '#testing';
import { parseTlogProof } from '#tlog';
import type { RowOutcome, StoredRow } from '../exchange/row.js';
import type { Evidence } from './evidence.js';
import { EvidenceService } from './evidence.service.js';
import { MemoryLog } from './spec-support/memory-log.js';

const SERVICE = 'TEST/GOV/1001/population/persons' as ServiceId;
const PROVIDER = subsystemOf(SERVICE);
const CONSUMER = 'TEST/GOV/1000/mygov' as StoredRow['consumer'];
const AUDIT = 'TEST/audit1' as InstanceId;
const DIGEST = `h1:${Buffer.alloc(32).toString('base64url')}`;

let world: World;
/** The same parties and keys; the operator has published another document. */
let amended: World;
beforeAll(async () => {
  world = await buildWorld();
  const definition = (text: string) => text.replace('{ en: Operator }', '{ en: Renamed }');
  amended = await buildWorld({ number: 2, sameKeysAs: world, definition });
});

let log: MemoryLog;
let service: EvidenceService;
let requested: Statement;
let row: StoredRow;
beforeEach(async () => {
  log = new MemoryLog();
  service = new EvidenceService(log);
  await enact(world);
  const id = newExchangeId();
  requested = await sign({ t: 'exchange.requested', id, pur: 'p', law: 'l', req: DIGEST, subj: [], snap: 1 });
  log.append(requested, 'c0', CONSUMER);
  row = rowOf(id, requested);
});

describe('evidence of an exchange', () => {
  it('that the provider answered holds its word and the answer’s head', async () => {
    const answered = await sequel({ t: 'exchange.answered', st: 200, res: DIGEST, snap: 1 }, PROVIDER);
    log.append(answered, 'p1', PROVIDER);
    const answerHead = { status: 200, headers: [], bodySha512: 'A' };
    const evidence = await assemble({ kind: 'answered', by: 'provider', jws: answered.jws, answerHead, endedMs: 1 });
    expect(evidence.statements.map(({ jws, governing }) => [jws, governing])).toEqual([
      [requested.jws, 0],
      [answered.jws, 0],
    ]);
    expect(evidence.manifests).toHaveLength(1);
    expect(membersIn(evidence)).toEqual(versions(world, CONSUMER, PROVIDER));
    expect(evidence.answer).toEqual(answerHead);
  });

  it('that its gateway ended holds the gateway’s word, though the bus has spoken too', async () => {
    const failed = await sequel({ t: 'exchange.failed', why: 'no-receipt', side: 'bus' }, CONSUMER);
    log.append(await noOutcome(), 'b1', AUDIT);
    log.append(failed, 'c1', CONSUMER);
    const evidence = await assemble(failedBy('gateway', failed));
    expect(evidence.statements.at(-1)?.jws).toBe(failed.jws);
    expect(membersIn(evidence)).toEqual(versions(world, CONSUMER, PROVIDER));
    expect(evidence.answer).toBeNull();
  });

  it.each(['nobody ended', 'ended with a statement that never came into the log'])(
    'that %s holds the bus’s word, and the operator as it was when that leaf got its index',
    async (which) => {
      const bus = await noOutcome();
      await enact(amended);
      log.append(bus, 'b1', AUDIT);
      const lost = await sequel({ t: 'exchange.failed', why: 'no-receipt', side: 'bus' }, CONSUMER);
      const evidence = await assemble(which === 'nobody ended' ? undefined : failedBy('gateway', lost));
      expect(evidence.statements.map(({ jws, governing }) => [jws, governing])).toEqual([
        [requested.jws, 0],
        [bus.jws, 1],
      ]);
      expect(membersIn(evidence)).toEqual(versions(amended, CONSUMER, PROVIDER, 'TEST/GOV/1009/operator'));
      expect(evidence.answer).toBeNull();
    },
  );

  it('stands under one checkpoint, each manifest once', async () => {
    await enact(amended);
    log.append(await noOutcome(), 'b1', AUDIT);
    const { statements, manifests } = await assemble(undefined);
    const proofs = [...statements, ...manifests].map(({ proof }) => parseTlogProof(proof));
    expect(new Set(proofs.map((proof) => proof.ok && proof.value.checkpoint)).size).toBe(1);
    expect(manifests.map(({ index }) => index)).toEqual([0, 2]);
  });
});

describe('there is no evidence', () => {
  const unavailable = { code: 'evidence-unavailable' };

  it('while nobody has ended the exchange', async () => {
    await expect(assemble(undefined)).rejects.toMatchObject(unavailable);
  });

  it('from the bus’s word about another request', async () => {
    const prev = Buffer.alloc(32, 9).toString('base64url');
    log.append(await noOutcome(world.keysOf(AUDIT).sign, { prev }), 'b1', AUDIT);
    await expect(assemble(undefined)).rejects.toMatchObject(unavailable);
  });

  it('from anything in the bus’s slot but its own one sentence', async () => {
    log.append(await noOutcome(world.keysOf(AUDIT).sign, { why: 'no-receipt', side: 'bus' }), 'b1', AUDIT);
    await expect(assemble(undefined)).rejects.toMatchObject(unavailable);
  });

  it('from the bus where a provider’s word was told', async () => {
    log.append(await noOutcome(), 'b1', AUDIT);
    const told = await sequel({ t: 'exchange.failed', why: 'breaker-open', side: 'provider-system' }, PROVIDER);
    await expect(assemble(failedBy('provider', told))).rejects.toMatchObject(unavailable);
  });

  it('where the audit service shows what no audit instance signed; that is an error', async () => {
    log.append(await noOutcome(generateSigningKey()), 'b1', AUDIT);
    await expect(assemble(undefined)).rejects.toMatchObject({ code: 'log-answer-invalid' });
  });
});

it('only so much evidence is put together at once', async () => {
  const asked = Promise.withResolvers<undefined>();
  log.receipt = () => asked.promise;
  const failed = await sequel({ t: 'exchange.failed', why: 'gateway-lost', side: 'bus' }, CONSUMER);
  const outcome = failedBy('gateway', failed);
  const under = Array.from({ length: 32 }, () => assemble(outcome));
  await expect(assemble(outcome)).rejects.toMatchObject({ code: 'evidence-busy' });
  asked.resolve(undefined);
  const ended = await Promise.allSettled(under);
  expect(ended.map(({ status }) => status)).toEqual(Array.from({ length: 32 }, () => 'rejected'));
  // Its place is free again: refused for what is missing, not for want of room.
  await expect(assemble(outcome)).rejects.toMatchObject({ code: 'evidence-unavailable' });
});

async function assemble(outcome: RowOutcome | undefined): Promise<Evidence> {
  return JSON.parse(await service.evidenceOf({ ...row, outcome })) as Evidence;
}

/** Stamps the manifest that puts a world in force. */
async function enact({ digests, snapshot }: World): Promise<void> {
  const doc = publicDigest(digests);
  const manifest = { v: 1, t: 'registry.manifest', id: newExchangeId(), ts: 1, n: 1, until: 2, doc } as const;
  log.enact(await signStatement(manifest, jwkSigner(world.keysOf('TEST/registry1').sign)), digests, snapshot);
}

function sign(fields: object, key: PrivateJwk = world.keysOf(CONSUMER).sign): Promise<Statement> {
  const parties = { v: 1, ts: 1, from: CONSUMER, to: PROVIDER, svc: SERVICE, ep: 'GET /{pin}' };
  return signStatement({ ...parties, ...fields } as StatementPayload, jwkSigner(key));
}

function sequel(fields: object, signer: string, key = world.keysOf(signer).sign): Promise<Statement> {
  const { payload, leafHash } = requested;
  return sign({ id: payload.id, prev: leafHash.toString('base64url'), ...fields }, key);
}

function noOutcome(key = world.keysOf(AUDIT).sign, changes: object = {}): Promise<Statement> {
  return sequel({ t: 'exchange.failed', why: 'no-outcome', side: 'unknown', ...changes }, AUDIT, key);
}

function failedBy(by: RowOutcome['by'], { jws }: Statement): RowOutcome {
  return { kind: 'failed', code: 'no-receipt', side: 'bus', jws, by, endedMs: 1 };
}

function membersIn({ members }: Evidence): string[] {
  return members.map((member) => `${member.id} ${memberDigest(member)}`);
}

function versions({ snapshot }: World, ...owners: string[]): string[] {
  const ids: readonly string[] = owners.map((owner) => memberOf(owner as ServiceId));
  return snapshot.members.filter(({ id }) => ids.includes(id)).map((entry) => `${entry.id} ${memberDigest(entry)}`);
}

function rowOf(id: ExchangeId, { jws }: Statement): StoredRow {
  const requestHead = { method: 'GET', target: '/r1/x', headers: [], bodySha512: null };
  return {
    id,
    consumer: CONSUMER,
    service: SERVICE,
    requested: jws,
    salt: Buffer.alloc(32),
    openings: [],
    requestHead,
    deadlineMs: 1,
    createdMs: 1,
    outcome: undefined,
  };
}
