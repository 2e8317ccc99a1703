import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `taken`: calls of an agreement in a period that the connectors have taken for themselves, so never fewer than were let
 * through. `agreement` is the key of `#access`; `lot` is what was taken last.
 */
export class Quota1700000000007 implements MigrationInterface {
  readonly name = 'Quota1700000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE quota (
        agreement text NOT NULL,
        period    text NOT NULL,
        taken     bigint NOT NULL CHECK (taken >= 0),
        lot       bigint NOT NULL,
        ends_at   timestamptz NOT NULL,
        PRIMARY KEY (agreement, period)
      )`);
    await runner.query('CREATE INDEX quota_ends_at ON quota (ends_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE quota');
  }
}
