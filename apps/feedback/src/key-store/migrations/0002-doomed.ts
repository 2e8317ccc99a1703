import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What has to survive a restore of feedback's other database (`audit-log.md` §4.4). `doomed_key`: keys that are destroyed
 * and whose erasure the followed log does not show yet. `closed_commitment`: commitments that were erased while their
 * openings may still lie in Kafka or at a gateway; they name nobody, and nobody opens them any more.
 */
export class DoomedKeys1800000000002 implements MigrationInterface {
  readonly name = 'DoomedKeys1800000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE UNIQUE INDEX data_key_id ON data_key (id);
      CREATE TABLE doomed_key (id bytea PRIMARY KEY, epoch integer NOT NULL, tag bytea NOT NULL);
      CREATE TABLE closed_commitment (value bytea PRIMARY KEY, until_ms bigint NOT NULL);
      CREATE INDEX closed_commitment_until ON closed_commitment (until_ms);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE closed_commitment, doomed_key; DROP INDEX data_key_id');
  }
}
