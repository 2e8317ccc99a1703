import type { Database } from '#postgres';

/** Days and scope of a report; `party` undefined: everybody's exchanges. */
export interface ReportRange {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly party: string | undefined;
  readonly limit: number;
}

export interface ReportedExchange {
  readonly xid: Buffer;
  readonly at: number;
  readonly consumer: string;
  readonly provider: string;
  readonly service: string;
  /** Index of the request's leaf; of the second story's conflict. */
  readonly requested: number;
  readonly answered?: number;
  readonly failed?: number;
  readonly reason?: string;
}

export interface DayOfFaults {
  readonly day: string;
  readonly side: string;
  readonly reason: string;
  readonly number: number;
}

interface ExchangeRow {
  readonly xid: Buffer;
  readonly at: string;
  readonly consumer: string;
  readonly provider: string;
  readonly service: string;
  readonly requested: string;
  readonly answered?: string | null;
  readonly failed?: string | null;
  readonly reason?: string | null;
}

/** A request of the range, within the scope. */
const REQUEST = `r.log_id = $1 AND r.type = 'exchange.requested' AND r.at >= $2 AND r.at < $3
   AND ($4::text IS NULL OR r.consumer = $4 OR r.provider = $4)`;

/** A window and those that follow it: what belongs to an exchange may stand behind the border, a day later at most. */
function windowsFrom(logId: string): string {
  return `ARRAY[${logId}, ${logId} + 1, ${logId} + 2]`;
}

/** What counts as a sequel of `r` (statements.md §2): it names that very leaf and the same parties. */
function sequel(alias: string): string {
  return `${alias}.log_id = ANY (${windowsFrom('r.log_id')}) AND ${alias}.xid = r.xid AND ${alias}.prev = r.hash AND ${alias}.consumer = r.consumer
   AND ${alias}.provider = r.provider AND ${alias}.service = r.service`;
}

const EXCHANGE = 'r.xid, r.at, r.consumer, r.provider, r.service, r.idx AS requested';
const ORDER = 'ORDER BY r.at, r.idx LIMIT $5';
const ENDED_TOGETHER = `FROM leaf_index r
   JOIN leaf_index a ON ${sequel('a')} AND a.type = 'exchange.answered'
   JOIN leaf_index f ON ${sequel('f')} AND f.type = 'exchange.failed' AND f.slot IN ('c1', 'b1')
  WHERE ${REQUEST}`;

/** What does not add up, asked of `leaf_index`; each within a range of days and a scope. */
export class ReportsStore {
  constructor(
    private readonly database: Database,
    private readonly logId: number,
  ) {}

  /** Requests that nothing in the log ends. */
  async unanswered(range: ReportRange): Promise<ReportedExchange[]> {
    return this.exchanges(
      `SELECT ${EXCHANGE} FROM leaf_index r
        WHERE ${REQUEST} AND NOT EXISTS (SELECT 1 FROM leaf_index s WHERE ${sequel('s')}) ${ORDER}`,
      range,
    );
  }

  /** Disclosures (a 2xx answer in the log) of which the consumer said that they failed (`statements.md` §3). */
  async disowned(range: ReportRange): Promise<ReportedExchange[]> {
    return this.exchanges(
      `SELECT ${EXCHANGE}, a.idx AS answered, f.idx AS failed, f.reason ${ENDED_TOGETHER}
          AND a.status_class = 2 AND f.slot = 'c1' ${ORDER}`,
      range,
    );
  }

  /** Answers that came into the log after somebody had stated the exchange's failure. */
  async late(range: ReportRange): Promise<ReportedExchange[]> {
    return this.exchanges(
      `SELECT ${EXCHANGE}, a.idx AS answered, f.idx AS failed, f.reason ${ENDED_TOGETHER} AND (a.log_id, a.idx) > (f.log_id, f.idx) ${ORDER}`,
      range,
    );
  }

  /** Requests whose consumer told a second story under the same id. */
  async conflicts(range: ReportRange): Promise<ReportedExchange[]> {
    return this.exchanges(
      `SELECT ${EXCHANGE}, c.idx AS failed, 'told-twice' AS reason FROM leaf_index c
         JOIN leaf_index r ON r.xid = decode(replace(c.ref, '-', ''), 'hex')
        WHERE c.log_id = ANY (${windowsFrom('$1::int')}) AND c.type = 'exchange.conflict' AND ${REQUEST} ${ORDER}`,
      range,
    );
  }

  /** Refusals and failures by day, side and reason. A refusal is its consumer's, a provider's refusal too. */
  async faults({ fromMs, untilMs, party, limit }: ReportRange): Promise<DayOfFaults[]> {
    const rows = await this.database.query<{ day: string; side: string; reason: string; number: string }>(
      `SELECT to_char(to_timestamp(at / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day,
              coalesce(side, 'consumer') AS side, reason, count(*) AS number
         FROM leaf_index
        WHERE log_id = $1 AND type IN ('exchange.refused', 'exchange.failed') AND at >= $2 AND at < $3
          AND ($4::text IS NULL OR consumer = $4 OR provider = $4)
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT $5`,
      [this.logId, fromMs, untilMs, party ?? null, limit],
    );
    return rows.map((row) => ({ ...row, number: Number(row.number) }));
  }

  private async exchanges(sql: string, { fromMs, untilMs, party, limit }: ReportRange): Promise<ReportedExchange[]> {
    const rows = await this.database.query<ExchangeRow>(sql, [this.logId, fromMs, untilMs, party ?? null, limit]);
    return rows.map(({ at, requested, answered, failed, reason, ...same }) => ({
      ...same,
      at: Number(at),
      requested: Number(requested),
      ...(answered === undefined || answered === null ? {} : { answered: Number(answered) }),
      ...(failed === undefined || failed === null ? {} : { failed: Number(failed) }),
      ...(reason === undefined || reason === null ? {} : { reason }),
    }));
  }
}
