import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `correction_filing`: what a verification read needs of a correction that was filed here. It holds personal data, sealed
 * under a key of this gateway, and goes when the correction was seen in the service's answer, or after 400 days.
 */
export class CorrectionFiling1700000000002 implements MigrationInterface {
  readonly name = 'CorrectionFiling1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE correction_filing (
        id            uuid PRIMARY KEY,
        consumer      text NOT NULL,
        sealed_by_key bytea NOT NULL,
        made_ms       bigint NOT NULL,
        state         text NOT NULL CHECK (state IN ('begun', 'filed'))
      )`);
    await runner.query('CREATE INDEX correction_filing_made ON correction_filing (made_ms)');
    await runner.query('CREATE INDEX correction_filing_consumer ON correction_filing (consumer)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE correction_filing');
  }
}
