import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the log says of exchanges, as far as it was followed (`followed_log`), the openings that arrived (`inbox`, sealed,
 * until their leaf is there), and the index from a person's tags to the leaves that speak of them (`subject_access`).
 * Nothing in here opens anything: the keys lie in another database (`audit-log.md` §4.3).
 *
 * `kind` is 0 for a subject and 1 for an end user. `exchange` is always the leaf hash of the `exchange.requested`.
 */
export class Feedback1800000000001 implements MigrationInterface {
  readonly name = 'Feedback1800000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE followed_log (
        log_id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, origin text NOT NULL UNIQUE,
        next_idx bigint NOT NULL DEFAULT 0, frontier bytea NOT NULL DEFAULT ''
      );
      CREATE TABLE exchange (
        leaf_hash bytea PRIMARY KEY, log_id smallint NOT NULL, idx bigint NOT NULL, exchange_id uuid NOT NULL,
        ts_ms bigint NOT NULL, consumer text NOT NULL, provider text NOT NULL, service text NOT NULL,
        endpoint text NOT NULL, purpose text NOT NULL, legal_basis text NOT NULL, parties bytea NOT NULL
      );
      CREATE TABLE sequel (
        log_id smallint NOT NULL, idx bigint NOT NULL, leaf_hash bytea NOT NULL, prev bytea NOT NULL,
        slot text NOT NULL CHECK (slot IN ('c1', 'p1', 'b1')), type text NOT NULL, status smallint, why text,
        disputed bigint, parties bytea NOT NULL, PRIMARY KEY (log_id, idx)
      );
      CREATE INDEX sequel_prev ON sequel (prev);
      CREATE TABLE commitment (
        log_id smallint NOT NULL, idx bigint NOT NULL, kind smallint NOT NULL CHECK (kind IN (0, 1)),
        position smallint NOT NULL, statement bytea NOT NULL, exchange bytea NOT NULL, exchange_id uuid NOT NULL,
        consumer text NOT NULL, value text NOT NULL, ts_ms bigint NOT NULL, seen_ms bigint NOT NULL,
        state text NOT NULL CHECK (state IN ('pending', 'indexed', 'concealed', 'erased')), ask_ms bigint NOT NULL,
        PRIMARY KEY (log_id, idx, kind, position)
      );
      CREATE INDEX commitment_statement ON commitment (statement);
      CREATE INDEX commitment_pending ON commitment (ask_ms) WHERE state = 'pending';
      CREATE TABLE inbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, statement bytea NOT NULL, kid text NOT NULL,
        value bytea NOT NULL, partition integer NOT NULL, record_offset bigint NOT NULL, at_ms bigint NOT NULL,
        is_ready boolean NOT NULL
      );
      CREATE INDEX inbox_waiting ON inbox (statement) WHERE NOT is_ready;
      CREATE INDEX inbox_ready ON inbox (id) WHERE is_ready;
      CREATE INDEX inbox_at ON inbox (at_ms);
      CREATE TABLE opening_offset (partition integer PRIMARY KEY, next_offset bigint NOT NULL);
      CREATE TABLE subject_access (
        epoch integer NOT NULL, tag bytea NOT NULL, ts_ms bigint NOT NULL, log_id smallint NOT NULL, idx bigint NOT NULL,
        kind smallint NOT NULL, position smallint NOT NULL, exchange bytea NOT NULL, end_user text NOT NULL,
        opening_enc bytea NOT NULL, concealed_until bigint,
        PRIMARY KEY (epoch, tag, ts_ms, log_id, idx, kind, position)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE subject_access, opening_offset, inbox, commitment, sequel, exchange, followed_log');
  }
}
