import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `portal_copy`: the request as the gateway that filed it can open it, and nobody else, so that it can be sealed anew for
 * who succeeds its owner (E56). It goes with `sealed`; a case from before has none.
 */
export class CaseSuccession1800000000014 implements MigrationInterface {
  readonly name = 'CaseSuccession1800000000014';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE correction_case ADD COLUMN portal_copy bytea');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE correction_case DROP COLUMN portal_copy');
  }
}
