import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What those do in cases who have no part in them. Feedback signs for operator and supervisor, so their own word is kept
 * beside the step; and whoever reads a case as supervisor, operator or auditor is written down, the reading of auditors
 * included. Neither names a person, and both only grow.
 */
export class CaseOversight1800000000011 implements MigrationInterface {
  readonly name = 'CaseOversight1800000000011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE correction_order (
        leaf_hash bytea PRIMARY KEY, case_id uuid NOT NULL, by text NOT NULL, statement text NOT NULL,
        at_ms bigint NOT NULL
      );
      CREATE INDEX correction_order_case ON correction_order (case_id);
      CREATE TABLE correction_access (
        n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, case_id uuid NOT NULL, by text NOT NULL,
        role text NOT NULL CHECK (role IN ('supervisor', 'operator', 'auditor')), what text NOT NULL,
        at_ms bigint NOT NULL
      );
      CREATE INDEX correction_access_case ON correction_access (case_id, n);
      CREATE INDEX correction_step_time ON correction_step (at_ms);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX correction_step_time; DROP TABLE correction_access, correction_order');
  }
}
