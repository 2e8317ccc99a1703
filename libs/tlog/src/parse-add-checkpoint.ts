import { fromBase64, ok, refuse, type Result } from '#kernel';
import { HASH_BYTES } from './hashing.js';

export type AddCheckpointReason = 'malformed-request';

/** Said again, because what reads shares nothing with what writes. */
const MAX_LINES = 63;

/** What a witness is asked (`audit-log.md` §2.6); the checkpoint is still to be opened, the proof to be verified. */
export function parseAddCheckpoint(
  body: string,
): Result<{ readonly oldSize: number; readonly proof: Buffer[]; readonly checkpoint: string }, AddCheckpointReason> {
  const end = body.indexOf('\n\n');
  if (end < 0) return refuse('malformed-request');
  const [first = '', ...lines] = body.slice(0, end).split('\n');
  const digits = /^old (0|[1-9][0-9]{0,15})$/u.exec(first)?.[1];
  const oldSize = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(oldSize) || lines.length > MAX_LINES)
    return refuse('malformed-request');
  const proof = lines.map((line) => fromBase64(line));
  if (!proof.every((hash): hash is Buffer => hash?.length === HASH_BYTES)) return refuse('malformed-request');
  return ok({ oldSize, proof, checkpoint: body.slice(end + 2) });
}
