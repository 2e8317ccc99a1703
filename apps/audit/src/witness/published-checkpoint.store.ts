import type { Database } from '#postgres';

export interface PublishedNote {
  readonly size: number;
  readonly note: string;
  /** Since it was noted, by the database's clock. */
  readonly ageMs: number;
  /** Lines of witnesses over this size, by the key name of each, in that order. */
  readonly cosignatures: readonly { readonly source: string; readonly line: string }[];
}

interface Row {
  readonly size: string;
  readonly note: Buffer;
  readonly age: number;
  readonly sources: string[] | null;
  readonly lines: Buffer[] | null;
}

/** Sizes that are looked through for cosignatures: as many seconds of a busy log. */
const LOOKED_AT = 120;

/** What was published of a log and cosigned, for readers; writes nothing. */
export class PublishedCheckpointStore {
  constructor(private readonly database: Database) {}

  /** The newest published checkpoints, newest first; empty if nothing was published yet. */
  async newest(logId: number, limit = LOOKED_AT): Promise<PublishedNote[]> {
    const rows = await this.database.query<Row>(
      `SELECT note.size, note.data AS note, lines.sources, lines.lines,
              extract(epoch FROM clock_timestamp() - note.noted)::float8 * 1000 AS age
         FROM (SELECT size, data, noted FROM log_anchor WHERE log_id = $1 AND kind = 'note' ORDER BY size DESC LIMIT $2) AS note
         LEFT JOIN LATERAL (
           SELECT array_agg(source ORDER BY source) AS sources, array_agg(data ORDER BY source) AS lines
             FROM log_anchor WHERE log_id = $1 AND kind = 'cosignature' AND size = note.size) AS lines ON true
        ORDER BY note.size DESC`,
      [logId, limit],
    );
    return rows.map(({ size, note, age, sources, lines }) => ({
      size: Number(size),
      ageMs: age,
      note: note.toString('utf8'),
      cosignatures: (sources ?? []).map((source, at) => ({ source, line: lines?.[at]?.toString('utf8') ?? '' })),
    }));
  }
}
