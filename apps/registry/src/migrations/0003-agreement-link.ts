import type { MigrationInterface, QueryRunner } from 'typeorm';

/** At which endpoints of an agreement the subject must have allowed it; null where at none. */
export class AgreementLink1800000000003 implements MigrationInterface {
  readonly name = 'AgreementLink1800000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agreement ADD COLUMN requires_link text[]');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agreement DROP COLUMN requires_link');
  }
}
