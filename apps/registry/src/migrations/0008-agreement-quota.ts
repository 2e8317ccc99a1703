import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many calls an agreement is good for, how fast they may come, and from when on many subjects are too many. */
export class AgreementQuota1800000000008 implements MigrationInterface {
  readonly name = 'AgreementQuota1800000000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agreement ADD COLUMN quota jsonb, ADD COLUMN rate jsonb, ADD COLUMN sweep jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE agreement DROP COLUMN quota, DROP COLUMN rate, DROP COLUMN sweep');
  }
}
