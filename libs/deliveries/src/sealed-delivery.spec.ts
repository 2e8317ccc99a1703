import { beforeAll, describe, expect, it } from '@jest/globals';
import { decode, DeliverySchema, encode, message, type DeliveryRecord } from '#contracts';
import type { SubsystemId } from '#kernel';
import { generateSealingKey, startSession, type PrivateJwk } from '#signing';
import { deliveryRecord, openDelivery, readDelivery, sealDelivery, type DeliveryHead } from './sealed-delivery.js';

const to = 'DEMO/GOV/1003/benefits' as SubsystemId;
const other = 'DEMO/GOV/1001/population' as SubsystemId;
const key = generateSealingKey();
const head: DeliveryHead = {
  id: '0197f0c2-0000-7000-8000-000000000001',
  kind: 'question',
  to,
  dueMs: 1_790_000_000_000,
};
const content = { code: 'OTHER', text: 'Неге?' };
const keyOf = (owner: SubsystemId, kid: string): PrivateJwk | undefined =>
  owner === to && kid === key.kid ? key : undefined;

let sealed: Uint8Array;
beforeAll(async () => {
  sealed = sealDelivery(head, content, await startSession({ recipient: to, kid: key.kid, publicJwk: key }));
});
const outgoing = () => ({ ...head, recipient: to, value: sealed, madeMs: 1_780_000_000_000, attempt: 1 });

describe('a sealed delivery', () => {
  it('is read and opened by whom it is for', async () => {
    const read = readDelivery(deliveryRecord(outgoing()));
    expect(read).toMatchObject({ ok: true, value: { head, madeMs: 1_780_000_000_000 } });
    if (!read.ok) return;
    expect(await openDelivery(read.value.head, read.value.sealed, keyOf)).toEqual({ ok: true, value: content });
  });

  it('may have no term', () => {
    const read = readDelivery(deliveryRecord({ ...outgoing(), dueMs: undefined }));
    expect(read.ok && read.value.head.dueMs).toBeUndefined();
  });

  it.each<[string, Partial<DeliveryHead>]>([
    ['another id', { id: '0197f0c2-0000-7000-8000-000000000002' }],
    ['another kind', { kind: 'answer' }],
    ['another term', { dueMs: 1_790_000_000_001 }],
    ['no term', { dueMs: undefined }],
  ])('does not open under %s', async (_what, change) => {
    const opened = await openDelivery({ ...head, ...change }, sealed, keyOf);
    expect(opened).toEqual({ ok: false, reason: 'delivery-unopenable' });
  });

  it('does not open for somebody else, whatever key they have', async () => {
    expect(await openDelivery(head, sealed, () => undefined)).toEqual({ ok: false, reason: 'delivery-key-unknown' });
    expect(await openDelivery({ ...head, to: other }, sealed, () => key)).toMatchObject({ ok: false });
  });

  it('is refused changed, cut, or when it is none', async () => {
    const changed = Buffer.from(sealed);
    changed[changed.length - 1]! ^= 1;
    expect(await openDelivery(head, changed, keyOf)).toEqual({ ok: false, reason: 'delivery-unopenable' });
    for (const bad of [Buffer.alloc(0), sealed.subarray(0, 40), Buffer.from('x'), Buffer.alloc(64, 255)])
      expect(await openDelivery(head, bad, keyOf)).toMatchObject({ ok: false });
  });
});

describe('a record', () => {
  it.each<[string, Partial<DeliveryRecord>]>([
    ['an id that is none', { id: 'x' }],
    ['a kind that is none', { kind: 'Straße' }],
    ['a recipient that is none', { to: 'DEMO/GOV/1003' }],
    ['a time before all', { dueMs: -1n }],
    ['a time after all', { madeMs: 2n ** 62n }],
  ])('is refused with %s', (_what, change) => {
    const record = decode(DeliverySchema, deliveryRecord(outgoing()));
    const value = encode(DeliverySchema, message(DeliverySchema, { ...record, ...change }));
    expect(readDelivery(value)).toEqual({ ok: false, reason: 'delivery-malformed' });
  });

  it('is refused with nothing sealed, or when it is none', () => {
    const { id, kind, to: addressee } = decode(DeliverySchema, deliveryRecord(outgoing()));
    const empty = encode(DeliverySchema, message(DeliverySchema, { id, kind, to: addressee }));
    expect(readDelivery(empty)).toEqual({ ok: false, reason: 'delivery-malformed' });

    for (const bad of [Buffer.alloc(0), Buffer.from('x'), Buffer.alloc(64, 255)])
      expect(readDelivery(bad)).toEqual({ ok: false, reason: 'delivery-malformed' });
  });
});
