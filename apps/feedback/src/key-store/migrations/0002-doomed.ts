import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What has to survive a restore of feedback's other database (`audit-log.md` §4.4). `doomed_key`: keys that are destroyed
 * and whose erasure the followed log does not show yet. `closed_commitment`: commitments that were erased while their
 * openings may still lie in Kafka or at a gateway; they name nobody, and nobody opens them any more. What is concealed has
 * keys of its own, so that an erasure leaves it.
 */
export class DoomedKeys1800000000002 implements MigrationInterface {
  readonly name = 'DoomedKeys1800000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE data_key ADD COLUMN concealed_until bigint NOT NULL DEFAULT 0;
      ALTER TABLE data_key DROP CONSTRAINT data_key_pkey, ADD PRIMARY KEY (epoch, tag, concealed_until);
      CREATE UNIQUE INDEX data_key_id ON data_key (id);
      CREATE TABLE doomed_key (id bytea PRIMARY KEY, epoch integer NOT NULL, tag bytea NOT NULL);
      CREATE TABLE closed_commitment (value bytea PRIMARY KEY, until_ms bigint NOT NULL);
      CREATE INDEX closed_commitment_until ON closed_commitment (until_ms);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE closed_commitment, doomed_key; DROP INDEX data_key_id;
      DELETE FROM data_key WHERE concealed_until > 0;
      ALTER TABLE data_key DROP COLUMN concealed_until, ADD PRIMARY KEY (epoch, tag);
    `);
  }
}
