import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose data, at which hours and with what context an agreement may be used, and that its provider has stopped it. */
export class AgreementTerms1800000000006 implements MigrationInterface {
  readonly name = 'AgreementTerms1800000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE agreement ADD COLUMN subject_kinds text[], ADD COLUMN hours jsonb, ADD COLUMN context text[], ADD COLUMN stopped text',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE agreement DROP COLUMN subject_kinds, DROP COLUMN hours, DROP COLUMN context, DROP COLUMN stopped',
    );
  }
}
