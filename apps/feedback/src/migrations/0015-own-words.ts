import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Own words of owners to persons, sealed for the portal that filed: kept by transition, and gone with their case. */
export class OwnWords1800000000015 implements MigrationInterface {
  readonly name = 'OwnWords1800000000015';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE correction_words (
        case_id uuid NOT NULL REFERENCES correction_case ON DELETE CASCADE, seq integer NOT NULL,
        content_id uuid NOT NULL, sealed bytea NOT NULL, PRIMARY KEY (case_id, seq)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE correction_words');
  }
}
