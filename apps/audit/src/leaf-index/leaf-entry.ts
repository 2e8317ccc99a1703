import { memberOf, type SubsystemId } from '#kernel';
import { parseStatement, type StatementFields } from '#signing';

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
  const fields: Partial<StatementFields> = parsed.ok ? parsed.value.payload : {};
  return {
    index,
    type: parsed.ok ? parsed.value.payload.t : 'unreadable',
    xid,
    atMs: fields.ts ?? 0,
    slot,
    signer,
    consumer: orNull(fields.from),
    consumerMember: memberOfSubsystem(fields.from),
    provider: orNull(fields.to),
    providerMember: memberOfSubsystem(fields.to),
    service: orNull(fields.svc),
    endpoint: orNull(fields.ep),
    purpose: orNull(fields.pur),
    legalBasis: orNull(fields.law),
    status: orNull(fields.st),
    reason: orNull(fields.why),
    side: orNull(fields.side),
    count: orNull(fields.n),
    ref: orNull(fields.ref),
    prev: fields.prev === undefined ? null : Buffer.from(fields.prev, 'base64url'),
    hash,
  };
}

function orNull<Value>(value: Value | undefined): Value | null {
  return value ?? null;
}

/** `parseStatement` has checked that it is a subsystem. */
function memberOfSubsystem(id: string | undefined): string | null {
  return id === undefined ? null : memberOf(id as SubsystemId);
}
