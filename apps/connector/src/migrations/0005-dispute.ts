import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `dispute`: flags of disputed data as feedback delivered them, sealed for the subsystem: neither a person nor an element
 * can be read in it. `value` is null once a flag is off; the row stays until nothing older of it can come. `rev` rises with
 * each change, for the connectors that share the table.
 */
export class Dispute1700000000005 implements MigrationInterface {
  readonly name = 'Dispute1700000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE dispute (
        subsystem text NOT NULL,
        flag      text NOT NULL,
        at_ms     bigint NOT NULL,
        rev       bigint NOT NULL,
        value     bytea,
        PRIMARY KEY (subsystem, flag)
      )`);
    await runner.query('CREATE UNIQUE INDEX dispute_rev ON dispute (rev)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE dispute');
  }
}
