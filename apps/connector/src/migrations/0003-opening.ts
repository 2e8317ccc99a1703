import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `opening`: record for feedback of a subject that only the answer told, sealed. Nobody else ever knew it, so it is kept
 * with the outcome that commits to it, to be sent again like that. Null where the answer told nobody.
 */
export class Opening1700000000003 implements MigrationInterface {
  readonly name = 'Opening1700000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE journal ADD COLUMN opening bytea');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE journal DROP COLUMN opening');
  }
}
