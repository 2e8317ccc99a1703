import type { CommitmentKind } from '#signing';
import type { Database } from '#postgres';
import type { EpochTag } from '../key-store/tag.js';
import { kindNumber } from '../log-follower/followed-log.store.js';
import type { EndUserRelation } from '../openings/judge-opening.js';
import { kindOf } from '../openings/index-row.store.js';
import type { AccessPlace, CountedSequel, LeafPlace } from './outcome.js';

export interface AccessFilter {
  /** Inclusive. */
  readonly fromMs?: number;
  /** Exclusive. */
  readonly untilMs?: number;
  readonly consumer?: string;
  readonly service?: string;
  readonly purpose?: string;
  readonly role?: CommitmentKind;
}

/** A row of the index with what the log says of its exchange; the opening is still closed. */
export interface FoundAccess {
  readonly at: AccessPlace;
  readonly key: EpochTag;
  readonly openingEnc: Buffer;
  readonly endUser: EndUserRelation;
  readonly log: string;
  readonly exchange: Buffer;
  readonly request: { readonly log: string; readonly index: number };
  readonly exchangeId: string;
  readonly consumer: string;
  readonly provider: string;
  readonly service: string;
  readonly endpoint: string;
  readonly purpose: string;
  readonly legalBasis: string;
  readonly sequels: readonly CountedSequel[];
}

interface AccessRecord {
  readonly epoch: number;
  readonly tag: Buffer;
  readonly ts_ms: string;
  readonly log_id: number;
  readonly idx: string;
  readonly kind: number;
  readonly position: number;
  readonly concealed_until: string | null;
  readonly opening_enc: Buffer;
  readonly end_user: EndUserRelation;
  readonly origin: string;
  readonly exchange: Buffer;
  readonly request_origin: string;
  readonly request_idx: string;
  readonly exchange_id: string;
  readonly consumer: string;
  readonly provider: string;
  readonly service: string;
  readonly endpoint: string;
  readonly purpose: string;
  readonly legal_basis: string;
  readonly sequels: readonly CountedSequel[];
}

const ORDER = 'ts_ms DESC, log_id DESC, idx DESC, kind DESC, position DESC';
/** Behind `ts_ms + 0` no plan finds the primary key: it has the hidden ones, too. */
const AT = '(access.ts_ms + 0)';
/** What one tag has behind a place; `which`: of the rows that are in an index of their own. */
const rowsWhere = (which: string) => `
      (SELECT access.epoch, access.tag, access.ts_ms, access.log_id, access.idx, access.kind, access.position,
             access.concealed_until, access.opening_enc, access.end_user, access.exchange, exchange.log_id AS request_log,
             exchange.idx AS request_idx, exchange_id, consumer, provider, service, endpoint, purpose, legal_basis, parties
        FROM subject_access AS access JOIN exchange ON exchange.leaf_hash = access.exchange
       WHERE access.epoch = wanted.epoch AND access.tag = wanted.tag
         AND ${which}
         AND (${AT}, access.log_id, access.idx, access.kind, access.position)
             < ($3::bigint, $4::smallint, $5::bigint, $6::smallint, $7::smallint)
         AND (access.concealed_until IS NULL OR access.concealed_until <= $8::bigint)
         AND ${AT} >= $9::bigint
         AND ((access.log_id, access.idx) = (exchange.log_id, exchange.idx)
              OR EXISTS (SELECT FROM sequel WHERE sequel.log_id = access.log_id AND sequel.idx = access.idx
                            AND sequel.parties = exchange.parties))
         AND ($10::text IS NULL OR consumer = $10) AND ($11::text IS NULL OR service = $11)
         AND ($12::text IS NULL OR purpose = $12) AND ($13::smallint IS NULL OR access.kind = $13)
       ORDER BY ${AT} DESC, access.log_id DESC, access.idx DESC, access.kind DESC, access.position DESC
       LIMIT $14)`;
/**
 * Each tag has its rows in this order in the index, so that a page costs as many of them as it shows, however long the
 * history is, and however many rows of it are concealed: those are not in it, and of their own index only those are read
 * whose day has come and which nobody has released yet. What filters refuse is read and thrown away.
 */
const PAGE = `
  WITH page AS (
    SELECT found.* FROM unnest($1::integer[], $2::bytea[]) AS wanted (epoch, tag) CROSS JOIN LATERAL (
      ${rowsWhere('access.hidden_until IS NULL')}
      UNION ALL ${rowsWhere('access.hidden_until <= $8::bigint')}) AS found
    ORDER BY ${ORDER} LIMIT $14)
  SELECT page.*, own.origin, requested.origin AS request_origin,
         coalesce((SELECT json_agg(json_build_object('log', told.origin, 'index', sequel.idx,
                      'hash', encode(sequel.leaf_hash, 'hex'), 'slot', slot, 'type', type, 'status', status,
                      'why', why, 'disputed', disputed) ORDER BY sequel.log_id, sequel.idx)
            FROM sequel JOIN followed_log AS told USING (log_id)
           WHERE sequel.prev = page.exchange AND sequel.parties = page.parties), '[]') AS sequels
    FROM page JOIN followed_log AS own ON own.log_id = page.log_id
    JOIN followed_log AS requested ON requested.log_id = page.request_log
   ORDER BY ${ORDER}`;

/** Before everything: later than any access. */
const NEWEST: AccessPlace = { atMs: Number.MAX_SAFE_INTEGER, logId: 32_767, index: 0, kind: 'subject', position: 0 };

export class AccessHistoryStore {
  constructor(private readonly database: Database) {}

  /** Accesses under any of these tags, the newest first, behind `before`. */
  async page(
    wanted: readonly EpochTag[],
    filter: AccessFilter,
    before: AccessPlace | undefined,
    limit: number,
    nowMs: number,
  ): Promise<FoundAccess[]> {
    const { sql, values } = pageQuery(wanted, filter, before, limit, nowMs);
    return (await this.database.query<AccessRecord>(sql, values)).map(foundAccess);
  }

  /** Where a leaf with commitments stands in histories; undefined: there is none at that place. */
  async placeOf({ log, index }: LeafPlace): Promise<{ readonly atMs: number; readonly logId: number } | undefined> {
    const [row] = await this.database.query<{ ts_ms: string; log_id: number }>(
      `SELECT ts_ms, log_id FROM commitment JOIN followed_log USING (log_id) WHERE origin = $1 AND idx = $2 LIMIT 1`,
      [log, index],
    );
    return row && { atMs: Number(row.ts_ms), logId: row.log_id };
  }
}

/** The statement of a page, also for whoever looks what it costs. */
export function pageQuery(
  wanted: readonly EpochTag[],
  filter: AccessFilter,
  before: AccessPlace | undefined,
  limit: number,
  nowMs: number,
): { readonly sql: string; readonly values: readonly unknown[] } {
  const at = earlier(before ?? NEWEST, filter.untilMs);
  const values = [
    wanted.map(({ epoch }) => epoch),
    wanted.map(({ tag }) => tag),
    ...[at.atMs, at.logId, at.index, kindNumber(at.kind), at.position],
    nowMs,
    filter.fromMs ?? 0,
    filter.consumer ?? null,
    filter.service ?? null,
    filter.purpose ?? null,
    filter.role === undefined ? null : kindNumber(filter.role),
    limit,
  ];
  return { sql: PAGE, values };
}

/** Nothing lies at -1: behind everything of `untilMs` and later. */
function earlier(place: AccessPlace, untilMs: number | undefined): AccessPlace {
  if (untilMs === undefined || place.atMs < untilMs) return place;
  return { atMs: untilMs, logId: -1, index: 0, kind: 'subject', position: 0 };
}

function foundAccess(row: AccessRecord): FoundAccess {
  return {
    at: {
      atMs: Number(row.ts_ms),
      logId: row.log_id,
      index: Number(row.idx),
      kind: kindOf(row.kind),
      position: row.position,
    },
    key: { epoch: row.epoch, tag: row.tag, concealedUntilMs: Number(row.concealed_until ?? 0) },
    openingEnc: row.opening_enc,
    endUser: row.end_user,
    log: row.origin,
    exchange: row.exchange,
    request: { log: row.request_origin, index: Number(row.request_idx) },
    exchangeId: row.exchange_id,
    consumer: row.consumer,
    provider: row.provider,
    service: row.service,
    endpoint: row.endpoint,
    purpose: row.purpose,
    legalBasis: row.legal_basis,
    sequels: row.sequels,
  };
}
