import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who has to act at which endpoint of an agreement; null where nobody has to. */
export class AgreementEndUser1800000000002 implements MigrationInterface {
  readonly name = 'AgreementEndUser1800000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agreement ADD COLUMN end_user jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agreement DROP COLUMN end_user');
  }
}
