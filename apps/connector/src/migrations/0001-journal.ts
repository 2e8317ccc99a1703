import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `journal`: one row per unsafe call, inserted before the call (`bus.md` §4.5). `statement` and `answer` are there once
 * it has ended, stored before either is sent. All connectors of a subsystem share it, and its clock compares deadlines.
 */
export class Journal1700000000001 implements MigrationInterface {
  readonly name = 'Journal1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE journal (
        exchange_id   uuid PRIMARY KEY,
        leaf_hash     bytea NOT NULL,
        owner         text NOT NULL,
        state         text NOT NULL CHECK (state IN ('calling', 'done', 'unknown')),
        request       bytea NOT NULL,
        call_deadline timestamptz NOT NULL,
        statement     text,
        answer        bytea,
        created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
        CHECK (state = 'calling' OR (statement IS NOT NULL AND answer IS NOT NULL))
      )`);
    await runner.query('CREATE INDEX journal_created ON journal (created_at)');
    await runner.query(`CREATE INDEX journal_calling ON journal (call_deadline) WHERE state = 'calling'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE journal');
  }
}
