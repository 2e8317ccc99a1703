import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Who asked at which endpoint (`exchange_kind`), and of a row of the index which of these it is and when it was asked: so
 * that of somebody with a million exchanges the last of each kind is one look. Rows of before, and those whose request was
 * not followed when they were made, have neither and are looked through one by one; nothing rewrites them. What was
 * answered at another endpoint than it was asked at stands in `answer_elsewhere`; answers of before say no endpoint. The
 * columns cost nothing; the index is built while openings wait in the inbox, some seconds for each million of rows.
 */
export class ExchangeKinds1800000000013 implements MigrationInterface {
  readonly name = 'ExchangeKinds1800000000013';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE exchange_kind (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        consumer text NOT NULL, service text NOT NULL, endpoint text NOT NULL, UNIQUE (consumer, service, endpoint)
      );
      CREATE TABLE answer_elsewhere (exchange bytea PRIMARY KEY);
      ALTER TABLE subject_access ADD COLUMN exchange_kind integer, ADD COLUMN asked_ms bigint,
        ADD CONSTRAINT subject_access_asked CHECK ((exchange_kind IS NULL) = (asked_ms IS NULL)) NOT VALID;
      CREATE INDEX subject_access_asked ON subject_access (epoch, tag, exchange_kind, asked_ms) WHERE kind = 0;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE subject_access DROP COLUMN exchange_kind, DROP COLUMN asked_ms;
      DROP TABLE answer_elsewhere, exchange_kind;
    `);
  }
}
