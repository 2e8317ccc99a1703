import { DeliverySchema, decode, encode, message, SealedSchema, type Sealed } from '#contracts';
import { ok, parseSubsystemId, refuse, type Result, type SubsystemId } from '#kernel';
import { openRecord, openSession, sealRecord, type PrivateJwk, type SealingSession } from '#signing';
import type { OutgoingDelivery } from './delivery.js';

/** What everybody may know of a delivery; its content is bound to it. */
export interface DeliveryHead {
  readonly id: string;
  readonly kind: string;
  readonly to: SubsystemId;
  readonly dueMs?: number | undefined;
}

export interface ReadDelivery {
  readonly head: DeliveryHead;
  readonly madeMs: number;
  /** As `sealDelivery` made it. */
  readonly sealed: Uint8Array;
}

export type DeliveryFlaw = 'delivery-malformed' | 'delivery-key-unknown' | 'delivery-unopenable';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const KIND = /^[a-z][a-z0-9.-]{0,63}$/;
/** Beyond it `Date` knows no time. */
const LAST_MS = 8_640_000_000_000_000n;

/** Content of a delivery, sealed for `head.to`: opens as this kind, under this id, with this term, for nobody else. */
export function sealDelivery(head: DeliveryHead, content: unknown, session: SealingSession): Uint8Array {
  const text = Buffer.from(JSON.stringify(content));
  const { enc, kid, requestKey } = session;
  return encode(SealedSchema, message(SealedSchema, { enc, kid, ...sealRecord(requestKey, text, bindingOf(head)) }));
}

/** Value of the record on `correction.<subsystem>` that brings what `sealDelivery` made. */
export function deliveryRecord({ id, kind, recipient, value, madeMs, dueMs = 0 }: OutgoingDelivery): Uint8Array {
  const sealed = decode(SealedSchema, value);
  const times = { madeMs: BigInt(madeMs), dueMs: BigInt(dueMs) };
  return encode(DeliverySchema, message(DeliverySchema, { id, kind, to: recipient, sealed, ...times }));
}

/** What a record says that it is; nothing is opened. */
export function readDelivery(value: Uint8Array): Result<ReadDelivery, 'delivery-malformed'> {
  const record = decoded(DeliverySchema, value);
  const to = record === undefined ? undefined : parseSubsystemId(record.to);
  if (record?.sealed === undefined || to?.ok !== true) return refuse('delivery-malformed');
  const { id, kind, madeMs, dueMs, sealed } = record;
  if (!UUID.test(id) || !KIND.test(kind) || !isTime(madeMs) || !isTime(dueMs)) return refuse('delivery-malformed');
  const head = { id, kind, to: to.value, dueMs: dueMs === 0n ? undefined : Number(dueMs) };
  return ok({ head, madeMs: Number(madeMs), sealed: encode(SealedSchema, sealed) });
}

/** The content, parsed. Never throws for what somebody has sent. */
export async function openDelivery(
  head: DeliveryHead,
  sealed: Uint8Array,
  keyOf: (to: SubsystemId, kid: string) => PrivateJwk | undefined,
): Promise<Result<unknown, DeliveryFlaw>> {
  const box = decoded(SealedSchema, sealed);
  if (box === undefined) return refuse('delivery-malformed');
  const bytes = await opened(head, box, keyOf);
  return bytes.ok ? parsed(bytes.value) : bytes;
}

async function opened(
  head: DeliveryHead,
  { enc, kid, nonce, ciphertext }: Sealed,
  keyOf: (to: SubsystemId, kid: string) => PrivateJwk | undefined,
): Promise<Result<Buffer, DeliveryFlaw>> {
  const privateJwk = keyOf(head.to, kid);
  if (privateJwk === undefined) return refuse('delivery-key-unknown');
  const keys = await openSession({ recipient: head.to, kid, enc, privateJwk });
  const bytes = keys === undefined ? undefined : openRecord(keys.requestKey, nonce, ciphertext, bindingOf(head));
  return bytes === undefined ? refuse('delivery-unopenable') : ok(bytes);
}

function bindingOf({ id, kind, to, dueMs = 0 }: DeliveryHead): Buffer {
  return Buffer.from(['kerege/delivery/v1', to, kind, id, dueMs].join('\0'));
}

function parsed(bytes: Buffer): Result<unknown, 'delivery-malformed'> {
  try {
    return ok(JSON.parse(bytes.toString('utf8')) as unknown);
  } catch {
    // Whoever sealed it wrote no JSON: their fault, an answer.
    return refuse('delivery-malformed');
  }
}

function isTime(ms: bigint): boolean {
  return ms >= 0n && ms <= LAST_MS;
}

function decoded<Schema extends typeof DeliverySchema | typeof SealedSchema>(schema: Schema, bytes: Uint8Array) {
  try {
    return decode(schema, bytes);
  } catch {
    // Bytes of another kind: their sender's fault, an answer.
    return undefined;
  }
}
