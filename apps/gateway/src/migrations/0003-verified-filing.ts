import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A filing stays until its case is over, since one that is reopened is corrected anew: `verified_seq` is the correction
 * that was looked at last, `unseen_*` why the one that waits was not, `asked_ms` when feedback was asked whether it is over.
 */
export class VerifiedFiling1700000000003 implements MigrationInterface {
  readonly name = 'VerifiedFiling1700000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE correction_filing
        ADD COLUMN verified_seq integer,
        ADD COLUMN verified_ms  bigint,
        ADD COLUMN unseen_why   text,
        ADD COLUMN is_refused   boolean NOT NULL DEFAULT false,
        ADD COLUMN unseen_ms    bigint,
        ADD COLUMN asked_ms     bigint NOT NULL DEFAULT 0`);
    await runner.query('CREATE INDEX correction_filing_asked ON correction_filing (consumer, asked_ms)');
    await runner.query(
      'CREATE INDEX correction_filing_unseen ON correction_filing (unseen_ms) WHERE unseen_ms IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX correction_filing_unseen, correction_filing_asked');
    await runner.query(`
      ALTER TABLE correction_filing
        DROP COLUMN verified_seq, DROP COLUMN verified_ms, DROP COLUMN unseen_why, DROP COLUMN is_refused,
        DROP COLUMN unseen_ms, DROP COLUMN asked_ms`);
  }
}
