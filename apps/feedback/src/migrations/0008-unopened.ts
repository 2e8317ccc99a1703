import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What an erasure asks of commitments that nobody has opened: whether a log has any of a day, and which is the first. It
 * asks while nobody else may write rows, so it must not read a backlog.
 */
export class Unopened1800000000008 implements MigrationInterface {
  readonly name = 'Unopened1800000000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX commitment_unopened ON commitment (log_id, (ts_ms / 86400000), idx) WHERE state = 'pending'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX commitment_unopened');
  }
}
