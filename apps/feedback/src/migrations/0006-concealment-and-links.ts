import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Orders of concealment as the log has them, and which commitments they conceal until when (`audit-log.md` §4.3). A row
 * of `concealed_access` says nothing of whom; it stays when the time is over, for who audits. What persons have said to be
 * compromised, and which members they are linked with, lies under their data keys as accesses do.
 */
export class ConcealmentAndLinks1800000000006 implements MigrationInterface {
  readonly name = 'ConcealmentAndLinks1800000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE concealment_order (
        leaf_hash bytea NOT NULL, log_id smallint NOT NULL, idx bigint NOT NULL, statement_id uuid NOT NULL,
        ts_ms bigint NOT NULL, authority text NOT NULL, operator text NOT NULL, until_ms bigint NOT NULL,
        doc text NOT NULL, prev bytea, PRIMARY KEY (leaf_hash, log_id, idx)
      );
      CREATE INDEX concealment_order_id ON concealment_order (statement_id);
      CREATE TABLE concealed_access (
        log_id smallint NOT NULL, idx bigint NOT NULL, kind smallint NOT NULL, position smallint NOT NULL,
        leaf_hash bytea NOT NULL, until_ms bigint NOT NULL, is_over boolean NOT NULL DEFAULT false,
        PRIMARY KEY (log_id, idx, kind, position)
      );
      CREATE INDEX concealed_access_live ON concealed_access (until_ms) WHERE NOT is_over;
      CREATE INDEX concealed_access_order ON concealed_access (leaf_hash);
      CREATE TABLE compromise (
        epoch integer NOT NULL, tag bytea NOT NULL, leaf_hash bytea NOT NULL, since_ms bigint NOT NULL,
        opening_enc bytea NOT NULL, key_id bytea NOT NULL, PRIMARY KEY (epoch, tag, leaf_hash)
      );
      CREATE TABLE person_link (
        id uuid PRIMARY KEY, epoch integer NOT NULL, tag bytea NOT NULL, leaf_hash bytea NOT NULL,
        granted_ms bigint NOT NULL, link_enc bytea NOT NULL, key_id bytea NOT NULL, revoked_hash bytea, revoked_ms bigint
      );
      CREATE INDEX person_link_person ON person_link (epoch, tag);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE person_link, compromise, concealed_access, concealment_order');
  }
}
