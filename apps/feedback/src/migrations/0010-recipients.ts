import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who is told of a correction, and what they answer. Who got a datum is judged by the registry as it was when it was
 * answered: so the followed answers have their snapshot's number, and their endpoint in their own words; and where
 * elements stood is kept for each run of snapshots (`element_ledger`) that say the same. `correction_notice` holds what a member is told under, and its
 * answer; of the person there is what the case has of them, so that it goes with the case. `sealed` is what the member
 * opens, until it has answered.
 */
export class Recipients1800000000010 implements MigrationInterface {
  readonly name = 'Recipients1800000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE correction_notice (
        id uuid PRIMARY KEY, case_id uuid NOT NULL, recipient text NOT NULL, is_reopened boolean NOT NULL,
        seq integer NOT NULL, due_ms bigint, sealed bytea,
        action text, reason text, acked_leaf bytea UNIQUE, acked_ms bigint,
        epoch integer NOT NULL, tag bytea NOT NULL, key_id bytea NOT NULL,
        UNIQUE (case_id, recipient, seq), CHECK ((acked_leaf IS NULL) = (action IS NULL))
      );
      CREATE INDEX correction_notice_person ON correction_notice (epoch, tag);
      CREATE INDEX correction_notice_open ON correction_notice (recipient, id) WHERE acked_leaf IS NULL;
      ALTER TABLE sequel ADD COLUMN snap bigint, ADD COLUMN endpoint text;
      CREATE TABLE element_ledger (first_snap bigint PRIMARY KEY, last_snap bigint NOT NULL, digest bytea NOT NULL);
      CREATE TABLE element_places (
        first_snap bigint NOT NULL, service text NOT NULL, endpoint text NOT NULL, element text NOT NULL,
        PRIMARY KEY (element, first_snap, service, endpoint)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE element_places, element_ledger, correction_notice');
    await runner.query('ALTER TABLE sequel DROP COLUMN snap, DROP COLUMN endpoint');
  }
}
