import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { newExchangeId, type SubsystemId } from '#kernel';
import { generateSigningKey, jwkSigner, publicJwk, signStatement } from '#signing';
import { publicDigest } from '#snapshot';
import { buildWorld, type World } from '#testing';
import type { StoredRow } from '../exchange/row.js';
import { AuditLogService } from './audit-log.service.js';
import { EvidenceService } from './evidence.service.js';

const registryKey = generateSigningKey();
const OWNER = 'TEST/GOV/1001/population' as SubsystemId;
/** What the audit service answers next, whatever is asked. */
let answer: string | Buffer;
let world: World;
let log: AuditLogService;
const server = createServer((_, response) => response.end(answer));

beforeAll(async () => {
  world = await buildWorld();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  const { port } = server.address() as AddressInfo;
  const registryKeys = [{ kid: registryKey.kid, jwk: publicJwk(registryKey) }];
  log = new AuditLogService({ url: `http://127.0.0.1:${port}`, logs: [], registryKeys, timeoutMs: 2_000 });
});

async function manifest(key = registryKey, digests = world.digests): Promise<string> {
  const doc = publicDigest(world.digests);
  const { jws } = await signStatement(
    { v: 1, t: 'registry.manifest', id: newExchangeId(), ts: 1, n: 1, until: 2, doc },
    jwkSigner(key),
  );
  return JSON.stringify({ index: 0, statement: jws, digests });
}

test('a snapshot is believed, and kept, only if it has the digest that was asked for', async () => {
  answer = Buffer.concat([world.bytes, Buffer.from(' ')]);
  await expect(log.memberEntry(world.view.digestHex, OWNER)).rejects.toMatchObject({ code: 'log-answer-invalid' });
  answer = world.bytes;
  expect(await log.memberEntry(world.view.digestHex, OWNER)).toMatchObject({ id: 'TEST/GOV/1001' });
});

test.each([
  ["a stranger's signature", () => manifest(generateSigningKey())],
  ['other digests than were signed', () => manifest(registryKey, world.digests.replace('GOV/1001', 'GOV/1002'))],
])('a governing manifest with %s is neither believed nor kept', async (_, forged) => {
  answer = await forged();
  await expect(log.governing(7)).rejects.toMatchObject({ code: 'log-answer-invalid' });
  answer = await manifest();
  expect(await log.governing(7)).toMatchObject({ index: 0, digests: world.digests });
});

test('only so much evidence is put together at once', async () => {
  const asked = Promise.withResolvers<undefined>();
  const waits = () => asked.promise;
  const service = new EvidenceService(Object.assign(Object.create(log) as AuditLogService, { receipt: waits }));
  const row = await endedRow();
  const under = Array.from({ length: 32 }, () => service.evidenceOf(row));
  await expect(service.evidenceOf(row)).rejects.toMatchObject({ code: 'evidence-busy' });
  asked.resolve(undefined);
  const ended = await Promise.allSettled(under);
  expect(ended.map(({ status }) => status)).toEqual(Array.from({ length: 32 }, () => 'rejected'));
  // Its place is free again: refused for what is missing, not for want of room.
  await expect(service.evidenceOf(row)).rejects.toMatchObject({ code: 'evidence-unavailable' });
});

async function endedRow(): Promise<StoredRow> {
  const id = newExchangeId();
  const consumer = 'TEST/GOV/1000/mygov' as SubsystemId;
  const service = `${OWNER}/persons` as StoredRow['service'];
  const parties = { v: 1, id, ts: 1, from: consumer, to: OWNER, svc: service, ep: 'GET /{pin}' } as const;
  const signer = jwkSigner(world.keysOf(consumer).sign);
  const req = `h1:${Buffer.alloc(32).toString('base64url')}`;
  const requested = await signStatement(
    { ...parties, t: 'exchange.requested', pur: 'p', law: 'l', req, subj: [], snap: 1 },
    signer,
  );
  const failed = await signStatement(
    {
      ...parties,
      t: 'exchange.failed',
      why: 'gateway-lost',
      side: 'bus',
      prev: requested.leafHash.toString('base64url'),
    },
    signer,
  );
  return {
    id,
    consumer,
    service,
    requested: requested.jws,
    salt: Buffer.alloc(32),
    openings: [],
    requestHead: { method: 'GET', target: '/r1/x', headers: [], bodySha512: null },
    deadlineMs: 1,
    createdMs: 1,
    outcome: { kind: 'failed', code: 'gateway-lost', side: 'bus', jws: failed.jws, by: 'gateway', endedMs: 1 },
  };
}
