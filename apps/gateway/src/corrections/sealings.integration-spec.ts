import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AppError, type SubsystemId } from '#kernel';
import { openDelivery, readCaseRequest } from '#deliveries';
import { openDatabase, type Database } from '#postgres';
import { snapshotBytes, verifySnapshot } from '#snapshot';
import { createDatabase, type TestDatabase } from '#testing';
import { PROVIDER } from '../exchange/spec-support/gateway-fixture.js';
import { gatewayMigrations } from '../migrations/index.js';
import {
  filing,
  OTHER,
  SERVICE,
  startCorrections,
  type CorrectionsFixture,
} from './spec-support/corrections-fixture.js';
import type { AskedBody } from './spec-support/stand-in-feedback.js';

const ID = '019ac1a4-7a3c-7000-8000-000000000001';
const [SECOND, THIRD] = ['TEST/GOV/1002/second', 'TEST/GOV/1002/third'] as const;

/** The owner was succeeded twice, and the operator's system, which is no party, by somebody else. */
const definition = (text: string) => `${text.replace(
  'instances:',
  `  - { id: GOV/1002, name: { en: New }, subsystems: [{ code: second }, { code: third }, { code: other }] }
instances:`,
)}
successions:
  - { former: GOV/1001/population, successor: GOV/1002/second, since: 2026-01-01 }
  - { former: GOV/1002/second, successor: GOV/1002/third, since: 2026-02-01 }
  - { former: GOV/1009/operator, successor: GOV/1002/other, since: 2026-01-01 }
`;

let place: TestDatabase;
let database: Database;
let own: CorrectionsFixture;
let copy: string;

beforeAll(async () => {
  place = await createDatabase();
  database = await openDatabase({ url: place.url, schema: 'gateway', migrations: gatewayMigrations, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await place.drop();
});
beforeEach(async () => {
  own = await startCorrections(database, { definition });
  expect((await own.post('', filing({ correctionId: ID }))).status).toBe(201);
  copy = own.feedback.given()[0]?.body.content?.copy ?? '';
  expect(copy).not.toBe('');
});
afterEach(async () => {
  await own.close();
  await database.query('DELETE FROM correction_filing');
});

/** Feedback asks for a request to be sealed for somebody. */
function asks(successor: string, changes: { correctionId?: string; copy?: string } = {}): void {
  const order = { correctionId: ID, successor, copy, ...changes };
  own.feedback.answers = ({ method, path }) => {
    if (path.startsWith('/v1/portal/sealings'))
      return { status: 200, body: { sealings: [{ correctionId: order.correctionId, successor }] } };
    if (!path.endsWith('/sealing')) return undefined;
    return { status: 200, body: method === 'GET' ? order : { standing: {} } };
  };
}
const sealings = (): AskedBody[] =>
  own.feedback.calls
    .filter(({ method, path }) => method === 'POST' && path.endsWith('/sealing'))
    .map(({ body }) => body);
const codes = () => own.failures.map((cause) => (cause instanceof AppError ? cause.code : cause));

async function twice(): Promise<void> {
  await own.corrections.verifications.run();
  await own.corrections.verifications.run();
}

describe('a request whose owner was succeeded', () => {
  it('is sealed for who stands in its place at the end of two successions, as it was filed', async () => {
    asks(THIRD);
    await own.corrections.verifications.run();
    expect([codes(), own.alarms]).toEqual([[], []]);
    const [{ content, ...body } = { content: undefined }] = sealings();
    expect(body).toMatchObject({ successor: THIRD, outline: own.feedback.given()[0]?.body.outline });
    const { seal } = own.gateway.world.keysOf(THIRD);
    const head = { id: content?.id ?? '', kind: 'correction', to: THIRD as SubsystemId };
    const box = await openDelivery(head, Buffer.from(content?.sealed ?? '', 'base64url'), () => seal);
    expect(readCaseRequest(box.ok ? box.value : undefined)).toMatchObject({
      ...{ correctionId: ID, kind: 'ERROR', service: SERVICE, endpoint: 'GET /{pin}' },
      content: { items: filing()['items'] },
    });
  });

  it.each([
    ['who succeeds another', 'TEST/GOV/1002/other', 'succeeds-another'],
    ['who was succeeded itself', SECOND, 'succeeds-nobody'],
    ['who succeeds nobody', PROVIDER, 'succeeds-nobody'],
    ['whom nobody knows', 'TEST/GOV/9999/nobody', 'subsystem-unknown'],
  ])('is not sealed for %s, whatever feedback says', async (_, successor, why) => {
    asks(successor);
    await own.corrections.verifications.run();
    // The registry of the gateway may be behind feedback's: that wakes nobody.
    expect([codes(), own.alarms]).toEqual([['correction-successor-alien'], []]);
    await twice();
    expect(own.alarms).toEqual([{ reason: 'sealing-refused', correctionId: ID, to: successor, why }]);
    expect(sealings()).toEqual([]);
  });

  it('is sealed for nobody of a ring, which nobody should have published', async () => {
    const since = '2026-01-01T00:00:00Z';
    const pairs = [
      [PROVIDER, SECOND],
      [SECOND, THIRD],
      [THIRD, SECOND],
    ] as [SubsystemId, SubsystemId][];
    const successions = pairs.map(([former, successor]) => ({
      ...{ former, successor, since, grantedBy: 'operators' as const },
    }));
    const verified = verifySnapshot(snapshotBytes({ ...own.gateway.world.snapshot, successions }), new Map());
    own.gateway.registry.view = verified.ok ? verified.value.view : undefined;
    for (const target of [SECOND, THIRD]) {
      asks(target);
      await twice();
    }
    expect(own.alarms).toMatchObject([
      { to: SECOND, why: 'succeeds-nobody' },
      { to: THIRD, why: 'succeeds-nobody' },
    ]);
    expect(sealings()).toEqual([]);
  });

  it('is not sealed out of the copy of another case, nor out of one that this gateway did not make', async () => {
    const bytes = Buffer.from(copy, 'base64url');
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    for (const changes of [{ correctionId: ID.replace(/1$/, '2') }, { copy: bytes.toString('base64url') }]) {
      asks(THIRD, changes);
      await twice();
    }
    expect([sealings(), own.alarms, codes()]).toEqual([[], [], []]);
  });

  it('does not show its owner to feedback in the copy', () => {
    const bytes = Buffer.from(copy, 'base64url').toString('latin1');
    for (const secret of [PROVIDER, OTHER, 'A typo.', 'TEST000001']) expect(bytes).not.toContain(secret);
  });
});
