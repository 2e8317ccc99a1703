import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `dispute_cursor`: every flag before `next_offset` of that topic stands in `dispute`. Each connector reads the topic by
 * itself; a start reads on from here.
 */
export class DisputeCursor1700000000006 implements MigrationInterface {
  readonly name = 'DisputeCursor1700000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE dispute_cursor (
        topic       text NOT NULL,
        partition   integer NOT NULL,
        next_offset bigint NOT NULL,
        PRIMARY KEY (topic, partition)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE dispute_cursor');
  }
}
