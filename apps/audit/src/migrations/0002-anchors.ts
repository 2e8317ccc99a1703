import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What others have said about a size of the log (`audit-log.md` §3.2): cosignature lines of witnesses and RFC 3161
 * tokens of time-stamp authorities, by `source`, and the note as it was published. Grows only, as the log does.
 */
export class Anchors1796000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE log_anchor (
        log_id int NOT NULL,
        size bigint NOT NULL,
        kind text NOT NULL CHECK (kind IN ('note', 'cosignature', 'timestamp')),
        source text NOT NULL,
        data bytea STORAGE EXTERNAL NOT NULL,
        noted timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (log_id, kind, size, source)
      )`);
    await runner.query(`
      CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON log_anchor
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE log_anchor');
  }
}
