import type { Database } from '#postgres';
import type { EpochTag } from '../../key-store/tag.js';
import type { OversightRole } from '../supervisor/oversight.store.js';
import type { Period } from './step-times.js';

/** A transition with its statement, as feedback brought it into the log. */
export interface StatedStep {
  readonly seq: number;
  readonly type: string;
  readonly was: string;
  readonly now: string;
  readonly why: string | null;
  readonly atMs: number;
  readonly leafHash: Buffer;
  readonly statement: string | undefined;
  readonly log: string | undefined;
  readonly index: number | undefined;
}

interface StatedRow {
  readonly seq: number;
  readonly type: string;
  readonly was: string;
  readonly now: string;
  readonly why: string | null;
  readonly at_ms: string;
  readonly leaf_hash: Buffer;
  readonly statement: string | null;
  readonly origin: string | null;
  readonly idx: string | null;
}

const STATED = `
  SELECT seq, step.type, was, now, why, at_ms, leaf_hash, statement, origin, idx
    FROM correction_step AS step LEFT JOIN own_statement USING (leaf_hash) LEFT JOIN followed_log USING (log_id)
   WHERE case_id = $1 ORDER BY seq`;
/** Answers about the person from one of the places, asked for while the flag was on. */
const DISPUTED = `
  SELECT DISTINCT exchange.exchange_id, exchange.consumer, exchange.service, exchange.ts_ms, sequel.disputed
    FROM unnest($1::integer[], $2::bytea[]) AS person (epoch, tag)
    JOIN subject_access AS access USING (epoch, tag) JOIN exchange ON exchange.leaf_hash = access.exchange
    JOIN unnest($3::text[], $4::text[]) AS place (service, endpoint)
      ON place.service = exchange.service AND place.endpoint = exchange.endpoint
    JOIN unnest($5::bigint[], $6::bigint[]) AS flag (from_ms, until_ms)
      ON exchange.ts_ms >= flag.from_ms AND exchange.ts_ms < flag.until_ms
    JOIN sequel ON sequel.prev = exchange.leaf_hash AND sequel.parties = exchange.parties
   WHERE access.kind = 0 AND sequel.type = 'exchange.answered' AND sequel.status BETWEEN 200 AND 299
   ORDER BY exchange.ts_ms LIMIT 1000`;
const CONCEALED = `
  SELECT DISTINCT exchange_id, until_ms, authority, doc FROM commitment
    JOIN concealed_access USING (log_id, idx, kind, position)
    LEFT JOIN (SELECT DISTINCT ON (leaf_hash) leaf_hash, authority, doc FROM concealment_order ORDER BY leaf_hash) AS ordered
      ON ordered.leaf_hash = concealed_access.leaf_hash
   WHERE exchange_id = ANY($1::uuid[]) AND kind = 0 AND NOT is_over AND concealed_access.until_ms > $2`;

/** What auditors ask of one case. */
export class OneCaseStore {
  constructor(private readonly database: Database) {}

  /** By its id, or by the number that the person has. */
  async idOf(named: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ id: string }>(
      'SELECT id FROM correction_case WHERE id::text = $1 OR public_number = $1',
      [named],
    );
    return row?.id;
  }

  async stated(id: string): Promise<StatedStep[]> {
    const rows = await this.database.query<StatedRow>(STATED, [id]);
    return rows.map(({ seq, type, was, now, why, at_ms, leaf_hash, statement, origin, idx }) => ({
      ...{ seq, type, was, now, why, atMs: Number(at_ms), leafHash: leaf_hash },
      ...{ statement: statement ?? undefined, log: origin ?? undefined },
      index: idx === null ? undefined : Number(idx),
    }));
  }

  async disputed(
    tags: readonly EpochTag[],
    places: readonly { readonly service: string; readonly endpoint: string }[],
    flagged: readonly Period[],
  ) {
    const rows = await this.database.query<{
      exchange_id: string;
      consumer: string;
      service: string;
      ts_ms: string;
      disputed: string | null;
    }>(DISPUTED, [
      tags.map(({ epoch }) => epoch),
      tags.map(({ tag }) => tag),
      places.map(({ service }) => service),
      places.map(({ endpoint }) => endpoint),
      flagged.map(({ fromMs }) => fromMs),
      flagged.map(({ untilMs }) => untilMs),
    ]);
    return rows.map(({ exchange_id: exchangeId, consumer, service, ts_ms, disputed }) => ({
      ...{ exchangeId, consumer, service, at: new Date(Number(ts_ms)).toISOString() },
      ...{ flags: Number(disputed ?? 0), isHeaderPresent: Number(disputed ?? 0) > 0 },
    }));
  }

  /** Who watched over the case, or acted in it without a part in it. */
  async accesses(id: string) {
    const rows = await this.database.query<{ by: string; role: OversightRole; what: string; at_ms: string }>(
      'SELECT by, role, what, at_ms FROM correction_access WHERE case_id = $1 ORDER BY n LIMIT 1000',
      [id],
    );
    return rows.map(({ by, role, what, at_ms }) => ({ by, role, what, at: new Date(Number(at_ms)).toISOString() }));
  }

  /** Of these exchanges those that the person does not see now, with the order and its end. */
  async concealed(exchangeIds: readonly string[], nowMs: number) {
    return this.database.query<{
      exchange_id: string;
      until_ms: string;
      authority: string | null;
      doc: string | null;
    }>(CONCEALED, [exchangeIds, nowMs]);
  }
}
