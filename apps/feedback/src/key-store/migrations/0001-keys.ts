import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The keys without which nothing of feedback's database opens, each wrapped by the key of feedback's key file. They lie
 * in a database of their own, so that its backups can be short-lived: a key that is destroyed here is destroyed
 * (`audit-log.md` §4.4).
 */
export class FeedbackKeys1800000000001 implements MigrationInterface {
  readonly name = 'FeedbackKeys1800000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE epoch_key (epoch integer PRIMARY KEY, key_enc bytea NOT NULL);
      CREATE TABLE data_key (
        epoch integer NOT NULL, tag bytea NOT NULL, id bytea NOT NULL, key_enc bytea NOT NULL,
        PRIMARY KEY (epoch, tag)
      );
      CREATE TABLE opening_key (
        kid text PRIMARY KEY, key_enc bytea NOT NULL, announcement text NOT NULL, from_ms bigint NOT NULL,
        until_ms bigint NOT NULL
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE opening_key, data_key, epoch_key');
  }
}
