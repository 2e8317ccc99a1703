import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Erasure (`audit-log.md` §4.4). A row of the index names the key of its opening by its random id, because a person gets
 * another key after an erasure. `erasure`: statements of erasures that the followed log does not show yet. `erased_key`:
 * every key that it says was destroyed; `is_done` once no row of it can be here. `retention_pass`: rows that were deleted
 * for their age and that no statement certifies yet; `retention_certificate`: until when the log says that they were.
 */
export class Erasure1800000000005 implements MigrationInterface {
  readonly name = 'Erasure1800000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE subject_access ADD COLUMN key_id bytea NOT NULL DEFAULT '';
      CREATE TABLE erasure (leaf_hash bytea PRIMARY KEY, log_id smallint NOT NULL, n bigint NOT NULL, ref text NOT NULL);
      CREATE TABLE erased_key (id bytea PRIMARY KEY, is_done boolean NOT NULL);
      CREATE TABLE retention_pass (
        log_id smallint NOT NULL, class text NOT NULL, until_ms bigint NOT NULL, n bigint NOT NULL,
        PRIMARY KEY (log_id, class)
      );
      CREATE TABLE retention_certificate (
        doc text NOT NULL, class text NOT NULL, until_ms bigint NOT NULL, PRIMARY KEY (doc, class)
      );
      CREATE INDEX subject_access_leaf ON subject_access (log_id, idx);
      CREATE INDEX erased_key_due ON erased_key (id) WHERE NOT is_done;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE retention_certificate, retention_pass, erased_key, erasure; DROP INDEX subject_access_leaf; ALTER TABLE subject_access DROP COLUMN key_id',
    );
  }
}
