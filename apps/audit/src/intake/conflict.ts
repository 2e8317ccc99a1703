import { sha256 } from '#kernel';
import type { ConflictPayload, Statement } from '#signing';
import { publicDigest } from '#snapshot';
import { stringify } from 'uuid';

/**
 * What audit states when a consumer told two stories (`statements.md` §2): id and time come from the statement that
 * came second and its record, so that a replay after a crash makes the same bytes and no second leaf.
 */
export function conflictPayload(second: Statement, recordMs: number): ConflictPayload {
  const id = sha256(second.jws).subarray(0, 16);
  // RFC 9562 §5.8: version 8 leaves everything but version and variant to us.
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x80;
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80;
  return {
    v: 1,
    t: 'exchange.conflict',
    id: stringify(id),
    ts: recordMs,
    ref: second.payload.id,
    doc: publicDigest(second.jws),
  };
}
