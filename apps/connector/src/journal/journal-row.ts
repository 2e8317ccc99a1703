import { toHex, type ExchangeId } from '#kernel';

/** What is stored before it is sent: the statement and the `Answer` record, to be sent again as they are. */
export interface StoredOutcome {
  readonly statement: string;
  readonly answer: Buffer;
  /** Sealed for feedback, of a subject that only the answer told. */
  readonly opening?: Uint8Array | undefined;
}

/** An unsafe call about to be made. */
export interface NewCall {
  readonly exchangeId: ExchangeId;
  readonly leafHash: Buffer;
  readonly owner: string;
  /** From now until the call is cut. */
  readonly callMs: number;
  /** The Request record, from which an orphan can be ended. */
  readonly request: Uint8Array;
}

export type JournalRow = { readonly leafKey: string; readonly owner: string } & (
  { readonly state: 'calling'; readonly leftMs: number } | ({ readonly state: 'done' | 'unknown' } & StoredOutcome)
);

/** An orphan: nobody ended it, and its deadline has passed by the database's clock. */
export interface Orphan {
  readonly request: Buffer;
}

/** Where a row stands among those without a receipt. */
export interface UnreceiptedPlace {
  /** As PostgreSQL writes it: a Date would cut its microseconds. */
  readonly createdAt: string;
  readonly exchangeId: string;
}

/** An ended row whose outcome, as far as is known here, is not in the log. */
export interface Unreceipted {
  readonly place: UnreceiptedPlace;
  readonly request: Buffer;
  readonly statement: string;
  /** As `StoredOutcome` has it: a crash may have come before it was sent. */
  readonly opening?: Uint8Array | undefined;
}

export function parseUnreceipted(row: Readonly<Record<string, unknown>>): Unreceipted | undefined {
  const { exchange_id: exchangeId, created_at: createdAt, request, statement, opening } = row;
  if (typeof exchangeId !== 'string' || typeof createdAt !== 'string') return undefined;
  if (!Buffer.isBuffer(request) || typeof statement !== 'string') return undefined;
  const told = Buffer.isBuffer(opening) ? opening : undefined;
  return { place: { createdAt, exchangeId }, request, statement, opening: told };
}

/** A row as the driver gives it; anything else than what our own statements write is not believed. */
export function parseJournalRow(row: Readonly<Record<string, unknown>>): JournalRow | undefined {
  const { leaf_hash: leafHash, owner, state, left_ms: leftMs, statement, answer, opening } = row;
  if (!Buffer.isBuffer(leafHash) || typeof owner !== 'string') return undefined;
  const leafKey = toHex(leafHash);
  if (state === 'calling') return { leafKey, owner, state, leftMs: Number(leftMs) };
  if ((state !== 'done' && state !== 'unknown') || typeof statement !== 'string' || !Buffer.isBuffer(answer))
    return undefined;
  return { leafKey, owner, state, statement, answer, opening: Buffer.isBuffer(opening) ? opening : undefined };
}
