import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `receipted`: the log has the outcome of an ended row, or will never take it; what is not is stamped again. Rows that
 * ended before this count as not receipted: a duplicate stamp costs a receipt, a lost one an outcome.
 */
export class Receipted1700000000002 implements MigrationInterface {
  readonly name = 'Receipted1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE journal ADD COLUMN receipted boolean NOT NULL DEFAULT false');
    await runner.query(`
      CREATE INDEX journal_unreceipted ON journal (created_at, exchange_id) WHERE state <> 'calling' AND NOT receipted`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE journal DROP COLUMN receipted');
  }
}
