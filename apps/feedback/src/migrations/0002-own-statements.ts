import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Statements that feedback brings into the log, its own and those that members gave to it: sent again until the followed
 * log shows them. `log_id` and `idx` are where they stand.
 */
export class OwnStatements1800000000002 implements MigrationInterface {
  readonly name = 'OwnStatements1800000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE own_statement (
        leaf_hash bytea PRIMARY KEY, statement text NOT NULL, made_ms bigint NOT NULL, due_ms bigint NOT NULL,
        attempts integer NOT NULL DEFAULT 0, is_given_up boolean NOT NULL DEFAULT false, log_id smallint, idx bigint
      );
      CREATE INDEX own_statement_waiting ON own_statement (due_ms) WHERE idx IS NULL AND NOT is_given_up;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE own_statement');
  }
}
