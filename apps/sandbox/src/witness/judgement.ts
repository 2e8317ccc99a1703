import { ok, refuse, sha256, type Result } from '#kernel';
import { openNote, parseAddCheckpoint, verifyConsistency, type Checkpoint, type NoteKey, type TreeHead } from '#tlog';

/** What a witness decides, and in which order (C2SP tlog-witness, `audit-log.md` §2.6). Nothing is read or kept here. */

/** A well-formed request for a log that this witness knows, with that log's signature. */
export interface Asked {
  readonly key: NoteKey;
  readonly note: string;
  readonly checkpoint: Checkpoint;
  readonly oldSize: number;
  readonly proof: readonly Buffer[];
}

/** HTTP status of a request that nothing has to be remembered for. */
export type Objection = 400 | 403 | 404;

/** `cosign`, or the status to answer with; 409 comes with the size that is remembered. */
export type Judgement = 'cosign' | 400 | 409 | 422;

export function readRequest(body: string, logs: readonly NoteKey[]): Result<Asked, Objection> {
  const request = parseAddCheckpoint(body);
  if (!request.ok) return refuse(400);
  const { oldSize, proof, checkpoint: note } = request.value;
  const origin = note.slice(0, Math.max(0, note.indexOf('\n')));
  const key = logs.find(({ name }) => name === origin);
  if (key === undefined) return refuse(404);
  const opened = openNote(note, [key]);
  if (opened.ok) return ok({ key, note, checkpoint: opened.value, oldSize, proof });
  return refuse(opened.reason === 'malformed-note' || opened.reason === 'malformed-checkpoint' ? 400 : 403);
}

/** `last`: the tree that was cosigned last; the empty one if none was. */
export function judge({ checkpoint, oldSize, proof }: Asked, last: TreeHead): Judgement {
  if (oldSize > checkpoint.size) return 400;
  if (oldSize !== last.size) return 409;
  return verifyConsistency(last, checkpoint, proof) ? 'cosign' : 422;
}

/** Under which name a log's newest cosigned checkpoint is kept and served: the origin says more than a path may hold. */
export function originDigest(origin: string): string {
  return sha256(origin).toString('hex');
}
