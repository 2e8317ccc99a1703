import { memberOf, type SubsystemId } from '#kernel';
import { parseStatement } from '#signing';

/** A leaf as the log's table has it. */
export interface IndexableLeaf {
  readonly index: number;
  readonly xid: Buffer;
  readonly slot: string;
  readonly signer: string;
  readonly hash: Buffer;
  readonly body: Buffer;
}

/** What can be asked for about a leaf: the fields of its statement, nothing that is not in the leaf. */
export interface LeafEntry {
  readonly index: number;
  /** `unreadable` for bytes that are no statement; intake lets none in. */
  readonly type: string;
  readonly xid: Buffer;
  /** Its maker's clock, which intake held against the broker's. */
  readonly atMs: number;
  readonly slot: string;
  readonly signer: string;
  readonly consumer: string | null;
  readonly consumerMember: string | null;
  readonly provider: string | null;
  readonly providerMember: string | null;
  readonly service: string | null;
  readonly endpoint: string | null;
  readonly purpose: string | null;
  readonly legalBasis: string | null;
  readonly status: number | null;
  readonly reason: string | null;
  readonly side: string | null;
  readonly count: number | null;
  readonly ref: string | null;
  readonly prev: Buffer | null;
  readonly hash: Buffer;
}

/** The index's row of a leaf. A function of the leaf alone, so the index can be made anew at any time. */
export function leafEntry({ index, xid, slot, signer, hash, body }: IndexableLeaf): LeafEntry {
  const parsed = parseStatement(body.toString('latin1'));
  const payload = parsed.ok ? parsed.value.payload : undefined;
  return {
    index,
    type: payload?.t ?? 'unreadable',
    xid,
    atMs: payload?.ts ?? 0,
    slot,
    signer,
    consumer: payload?.from ?? null,
    consumerMember: memberOfSubsystem(payload?.from),
    provider: payload?.to ?? null,
    providerMember: memberOfSubsystem(payload?.to),
    service: payload?.svc ?? null,
    endpoint: payload?.ep ?? null,
    purpose: payload?.pur ?? null,
    legalBasis: payload?.law ?? null,
    status: payload?.st ?? null,
    reason: payload?.why ?? null,
    side: payload?.side ?? null,
    count: payload?.n ?? null,
    ref: payload?.ref ?? null,
    prev: payload?.prev === undefined ? null : Buffer.from(payload.prev, 'base64url'),
    hash,
  };
}

/** `parseStatement` has checked that it is a subsystem. */
function memberOfSubsystem(id: string | undefined): string | null {
  return id === undefined ? null : memberOf(id as SubsystemId);
}
