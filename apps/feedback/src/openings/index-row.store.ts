import type { CommitmentKind } from '#signing';
import { BulkInsert, type Queries } from '#postgres';
import { kindNumber } from '../log-follower/followed-log.store.js';
import type { EndUserRelation, KnownCommitment } from './judge-opening.js';

/** A commitment as the log has it, of a statement that somebody opens. */
export interface StoredCommitment extends KnownCommitment {
  readonly logId: number;
  readonly origin: string;
  readonly index: number;
  readonly statement: Buffer;
  readonly exchange: Buffer;
  readonly exchangeId: string;
  readonly consumer: string;
  readonly tsMs: number;
  readonly isPending: boolean;
  /** Opened by the provider's end, and not by the consumer's. */
  readonly isWithheld: boolean;
  /** Of the request that it belongs to; undefined: that was not followed yet. */
  readonly asked: { readonly kind: number; readonly atMs: number } | undefined;
}

/** Who acted in a leaf, as seen from a person of whom it speaks. */
export interface KnownActor {
  readonly epoch: number;
  readonly tag: Buffer;
  readonly commitment: StoredCommitment;
  readonly endUser: EndUserRelation;
}

/** A row of the index: this leaf speaks of that person. */
export interface IndexRow extends KnownActor {
  readonly keyId: Buffer;
  readonly openingEnc: Buffer;
  /** By which order it is not shown before; undefined: it is shown. */
  readonly concealed: { readonly by: Buffer; readonly untilMs: number } | undefined;
}

interface CommitmentRecord {
  readonly log_id: number;
  readonly origin: string;
  readonly idx: string;
  readonly kind: number;
  readonly position: number;
  readonly statement: Buffer;
  readonly exchange: Buffer;
  readonly exchange_id: string;
  readonly consumer: string;
  readonly value: string;
  readonly ts_ms: string;
  readonly state: string;
  readonly withheld: number;
  readonly exchange_kind: number | null;
  readonly asked_ms: string | null;
}

const ROWS = new BulkInsert<IndexRow>('subject_access', [
  ['epoch', 'integer', (row) => row.epoch],
  ['tag', 'bytea', (row) => row.tag],
  ['ts_ms', 'bigint', (row) => row.commitment.tsMs],
  ['log_id', 'smallint', (row) => row.commitment.logId],
  ['idx', 'bigint', (row) => row.commitment.index],
  ['kind', 'smallint', (row) => kindNumber(row.commitment.kind)],
  ['position', 'smallint', (row) => row.commitment.position],
  ['exchange', 'bytea', (row) => row.commitment.exchange],
  ['end_user', 'text', (row) => row.endUser],
  ['opening_enc', 'bytea', (row) => row.openingEnc],
  ['key_id', 'bytea', (row) => row.keyId],
  ['concealed_until', 'bigint', (row) => row.concealed?.untilMs ?? null],
  ['hidden_until', 'bigint', (row) => row.concealed?.untilMs ?? null],
  ['exchange_kind', 'integer', ({ commitment }) => commitment.asked?.kind ?? null],
  ['asked_ms', 'bigint', ({ commitment }) => commitment.asked?.atMs ?? null],
]);

/** All commitments of these statements, whatever became of them, each once. */
export async function commitmentsOf(queries: Queries, statements: readonly Buffer[]): Promise<StoredCommitment[]> {
  const rows = await queries.query<CommitmentRecord>(
    `SELECT log_id, origin, idx, kind, position, statement, exchange, exchange_id, consumer, value, commitment.ts_ms, state,
            withheld, asked.id AS exchange_kind, asked.ts_ms AS asked_ms
       FROM commitment JOIN followed_log USING (log_id)
       LEFT JOIN (SELECT leaf_hash, exchange.ts_ms, kind.id FROM exchange
                    JOIN exchange_kind AS kind USING (consumer, service, endpoint)) AS asked
              ON asked.leaf_hash = commitment.exchange
      WHERE statement = ANY($1::bytea[]) AND state <> 'repeated'`,
    [statements],
  );
  return rows.map((row) => ({
    logId: row.log_id,
    origin: row.origin,
    index: Number(row.idx),
    kind: kindOf(row.kind),
    position: row.position,
    statement: row.statement,
    exchange: row.exchange,
    exchangeId: row.exchange_id,
    consumer: row.consumer,
    value: row.value,
    tsMs: Number(row.ts_ms),
    isPending: row.state === 'pending',
    isWithheld: row.withheld > 0,
    asked: row.exchange_kind === null ? undefined : { kind: row.exchange_kind, atMs: Number(row.asked_ms) },
  }));
}

/** As the tables spell it. */
export function kindOf(number: number): CommitmentKind {
  return number === 0 ? 'subject' : 'user';
}

/** Each commitment that is pending becomes a row; one that is not has its row, or lost it to an erasure. */
export async function addIndexRows(queries: Queries, rows: readonly IndexRow[]): Promise<void> {
  await ROWS.run(queries, rows);
  const inState = (isConcealed: boolean) =>
    rows.flatMap(({ commitment, concealed }) => ((concealed !== undefined) === isConcealed ? [commitment] : []));
  await setState(queries, inState(false), 'indexed');
  await setState(queries, inState(true), 'concealed');
}

/** `erased`: they were shown once, and erased; a restore has forgotten that. */
export async function setState(
  queries: Queries,
  commitments: readonly StoredCommitment[],
  state: 'indexed' | 'concealed' | 'erased',
): Promise<void> {
  if (commitments.length === 0) return;
  await queries.query(
    `UPDATE commitment SET state = $5
       FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::smallint[]) AS done (log_id, idx, kind, position)
      WHERE commitment.log_id = done.log_id AND commitment.idx = done.idx AND commitment.kind = done.kind
        AND commitment.position = done.position`,
    [...places(commitments), state],
  );
}

/** Whether the consumer's end still owes its opening of these. */
export async function setWithheld(
  queries: Queries,
  commitments: readonly StoredCommitment[],
  isWithheld: boolean,
): Promise<void> {
  if (commitments.length === 0) return;
  await queries.query(
    `UPDATE commitment SET withheld = $5
       FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::smallint[]) AS met (log_id, idx, kind, position)
      WHERE commitment.log_id = met.log_id AND commitment.idx = met.idx AND commitment.kind = met.kind
        AND commitment.position = met.position`,
    [...places(commitments), isWithheld ? 1 : 0],
  );
}

function places(commitments: readonly StoredCommitment[]): unknown[][] {
  return [
    commitments.map(({ logId }) => logId),
    commitments.map(({ index }) => index),
    commitments.map(({ kind }) => kindNumber(kind)),
    commitments.map(({ position }) => position),
  ];
}

/** Says who acted in rows that are there and do not know it; what is known stands. */
export async function nameActors(queries: Queries, known: readonly KnownActor[]): Promise<void> {
  await queries.query(
    `UPDATE subject_access AS access SET end_user = known.end_user
       FROM unnest($1::integer[], $2::bytea[], $3::bigint[], $4::smallint[], $5::bigint[], $6::smallint[], $7::smallint[],
                   $8::text[]) AS known (epoch, tag, ts_ms, log_id, idx, kind, position, end_user)
      WHERE access.epoch = known.epoch AND access.tag = known.tag AND access.ts_ms = known.ts_ms
        AND access.log_id = known.log_id AND access.idx = known.idx AND access.kind = known.kind
        AND access.position = known.position AND access.end_user = 'unknown'`,
    [
      known.map(({ epoch }) => epoch),
      known.map(({ tag }) => tag),
      known.map(({ commitment }) => commitment.tsMs),
      known.map(({ commitment }) => commitment.logId),
      known.map(({ commitment }) => commitment.index),
      known.map(({ commitment }) => kindNumber(commitment.kind)),
      known.map(({ commitment }) => commitment.position),
      known.map(({ endUser }) => endUser),
    ],
  );
}
