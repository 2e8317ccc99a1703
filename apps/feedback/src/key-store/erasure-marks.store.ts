import type { Database } from '#postgres';
import { epochTagKey, type EpochTag } from './tag.js';

/** A log, and an index of it: of the leaves before. */
export interface LogBefore {
  readonly origin: string;
  readonly before: number;
}

/** How far an erasure of a person holds in one log. */
export interface ErasureMark extends EpochTag, LogBefore {
  readonly erasedMs: number;
}

interface MarkRow {
  readonly epoch: number;
  readonly tag: Buffer;
  readonly origin: string;
  readonly before_idx: string;
  readonly erased_ms: string;
}

const ADD = `INSERT INTO erasure_mark (epoch, tag, origin, before_idx, erased_ms, until_ms)
  SELECT epoch, tag, origin, before_idx, $5, $6
    FROM unnest($1::integer[], $2::bytea[], $3::text[], $4::bigint[]) AS t (epoch, tag, origin, before_idx)
  ON CONFLICT (epoch, tag, origin) DO UPDATE SET before_idx = greatest(erasure_mark.before_idx, excluded.before_idx),
    erased_ms = greatest(erasure_mark.erased_ms, $5), until_ms = greatest(erasure_mark.until_ms, $6)`;
/** What is doomed may be an opening that a restore would have come again: its mark stays until the log tells of it. */
const LET_GO = `DELETE FROM erasure_mark USING unnest($1::text[], $2::bigint[]) AS opened (origin, before_idx)
  WHERE erasure_mark.origin = opened.origin AND erasure_mark.before_idx <= opened.before_idx
    AND NOT EXISTS (SELECT FROM doomed_key)`;

/**
 * Who was erased while openings of earlier leaves could still come, beside feedback's own database, whose backups are
 * kept longer. While a mark is here, whoever has this database and the key file can try whether a given person was
 * erased; when its row is deleted nobody can: nothing else tells it.
 */
export class ErasureMarks {
  constructor(private readonly database: Database) {}

  /** Committed when it resolves. An erasure that is repeated holds as far as the one that reaches further. */
  async add(marks: readonly ErasureMark[], untilMs: number): Promise<void> {
    for (const group of Map.groupBy(marks, ({ erasedMs }) => erasedMs).values()) {
      const [{ erasedMs }] = group as [ErasureMark];
      await this.database.query(ADD, [...columns(group), erasedMs, untilMs]);
    }
  }

  /** Of these persons, by `epochTagKey` of one that is not concealed. */
  async find(tags: readonly EpochTag[]): Promise<Map<string, ErasureMark[]>> {
    if (tags.length === 0) return new Map();
    const rows = await this.database.query<MarkRow>(
      `SELECT DISTINCT epoch, tag, origin, before_idx, erased_ms FROM erasure_mark
         JOIN unnest($1::integer[], $2::bytea[]) AS wanted (epoch, tag) USING (epoch, tag)`,
      [tags.map(({ epoch }) => epoch), tags.map(({ tag }) => tag)],
    );
    const marks = rows.map(({ epoch, tag, origin, before_idx: before, erased_ms: erasedMs }) => {
      return { epoch, tag, origin, before: Number(before), erasedMs: Number(erasedMs) };
    });
    return Map.groupBy(marks, epochTagKey);
  }

  async any(): Promise<boolean> {
    return (await this.database.query('SELECT FROM erasure_mark LIMIT 1')).length > 0;
  }

  /** Lets go of those for which no opening can come: before these places none is waited for, or it is too late for any. */
  async letGo(opened: readonly LogBefore[], nowMs: number): Promise<void> {
    await this.database.query('DELETE FROM erasure_mark WHERE until_ms < $1', [nowMs]);
    await this.database.query(LET_GO, [opened.map(({ origin }) => origin), opened.map(({ before }) => before)]);
  }
}

function columns(marks: readonly ErasureMark[]): unknown[][] {
  return [
    marks.map(({ epoch }) => epoch),
    marks.map(({ tag }) => tag),
    marks.map(({ origin }) => origin),
    marks.map(({ before }) => before),
  ];
}
