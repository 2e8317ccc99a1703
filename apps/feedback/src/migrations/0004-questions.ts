import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What persons asked of consumers of their data. The question itself lies here only sealed for its recipient, until it is
 * answered; the answer under the data key of the access (`epoch`, `tag`, `concealed_until`, its id `key_id`), so that an erasure shreds it. `exchange`, `asked` and
 * `answered` are leaf hashes.
 */
export class Questions1800000000004 implements MigrationInterface {
  readonly name = 'Questions1800000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE question (
        id uuid PRIMARY KEY, exchange bytea NOT NULL, epoch integer NOT NULL, tag bytea NOT NULL,
        concealed_until bigint NOT NULL, key_id bytea NOT NULL, portal text NOT NULL,
        recipient text NOT NULL, asked bytea NOT NULL, asked_ms bigint NOT NULL, due_ms bigint NOT NULL, sealed bytea,
        answered bytea, answered_ms bigint, answer_enc bytea, is_overdue_told boolean NOT NULL DEFAULT false,
        CHECK ((answered IS NULL) = (answered_ms IS NULL)), CHECK ((answered IS NULL) = (sealed IS NOT NULL))
      );
      CREATE INDEX question_person ON question (epoch, tag, exchange);
      CREATE UNIQUE INDEX question_open ON question (epoch, tag, exchange) WHERE answered IS NULL;
      CREATE INDEX question_recipient ON question (recipient, id) WHERE answered IS NULL;
      CREATE INDEX question_due ON question (due_ms) WHERE answered IS NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE question');
  }
}
