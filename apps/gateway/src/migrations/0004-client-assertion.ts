import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `client_assertion`: assertions for which a token was given, until they could not be shown again anyway. One table for
 * all instances that share the database: what was used at one is used at each.
 */
export class ClientAssertion1700000000004 implements MigrationInterface {
  readonly name = 'ClientAssertion1700000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE client_assertion (
        consumer  text NOT NULL,
        jti_hash  bytea NOT NULL CHECK (octet_length(jti_hash) = 32),
        until_ms  bigint NOT NULL,
        PRIMARY KEY (consumer, jti_hash)
      )`);
    await runner.query('CREATE INDEX client_assertion_consumer ON client_assertion (consumer, until_ms)');
    await runner.query('CREATE INDEX client_assertion_until ON client_assertion (until_ms)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE client_assertion');
  }
}
