import { newExchangeId, toBase64Url } from '#kernel';
import type { LogClosedPayload, LogOpenedPayload } from '#signing';
import { publicDigest } from '#snapshot';

/** Last leaf of a window (`audit-log.md` §3.7). `size` counts it. */
export function closedPayload(size: number, successorVkey: string, nowMs: number): LogClosedPayload {
  return { v: 1, t: 'log.closed', id: newExchangeId(), ts: nowMs, n: size, ref: successorVkey };
}

/** The window before, as it ended. */
export interface ClosedLog {
  readonly vkey: string;
  readonly size: number;
  /** Signed note of its final checkpoint. */
  readonly note: string;
  /** Leaf hash of its `log.closed`. */
  readonly closedHash: Buffer;
}

/** First leaf of the window after (`audit-log.md` §3.7). */
export function openedPayload({ vkey, size, note, closedHash }: ClosedLog, nowMs: number): LogOpenedPayload {
  return {
    v: 1,
    t: 'log.opened',
    id: newExchangeId(),
    ts: nowMs,
    n: size,
    doc: publicDigest(noteText(note)),
    prev: toBase64Url(closedHash),
    ref: vkey,
  };
}

/** The signed text of a note: what all its signers, also later witnesses, have signed alike. */
function noteText(note: string): string {
  return note.slice(0, note.lastIndexOf('\n\n') + 1);
}
