import { newExchangeId, type SubsystemId } from '#kernel';
import { h1, type AccessAct, type AccessPayload } from '#signing';

export interface Access {
  readonly reader: SubsystemId;
  readonly act: AccessAct;
  /** As `spellQuery` has it. */
  readonly query: string;
}

/**
 * What audit states of a query before it answers (`statements.md` §2). The log is open to more eyes than the query: whom
 * an auditor looks into is nobody's business who cannot show the salt, so the digest is a salted one.
 */
export function accessPayload({ reader, act, query }: Access, salt: Uint8Array, nowMs: number): AccessPayload {
  return { v: 1, t: `access.${act}`, id: newExchangeId(), ts: nowMs, from: reader, doc: h1(salt, Buffer.from(query)) };
}
