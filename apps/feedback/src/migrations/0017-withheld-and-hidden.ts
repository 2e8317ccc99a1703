import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `withheld`: a request's commitment that the provider's end has opened and the consumer's has not; 1: the consumer is to
 * be asked, 2: it was asked. Whether its opening waits to be looked at is one look (`inbox_statement`). `sequel_disowning`: of which exchanges the consumer says that they failed, so that each
 * answer is held against these few alone.
 *
 * `hidden_until`: of a concealed row until it is released, like `concealed_until`, which stays; a row without it is in the
 * index that pages read, and one with it in none that they touch before its time: how many of them there are costs
 * nobody any time. The index is over `ts_ms + 0`, so that no plan takes the primary key, which holds them all, for a page.
 *
 * NOTE: nobody reads or writes the index of accesses until all of this is committed, some seconds for each million of rows.
 * `commitment` is taken last, when the long part is done, and looked through once, for its index: no row of it breaks the
 * check. A feedback of before that still runs may hold it while it waits for the other, and then this fails as a whole:
 * docs/operations/access-history.md says what to do first.
 */
export class WithheldAndHidden1800000000017 implements MigrationInterface {
  readonly name = 'WithheldAndHidden1800000000017';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE subject_access ADD COLUMN hidden_until bigint;
      UPDATE subject_access AS access SET hidden_until = access.concealed_until FROM concealed_access AS concealed
       WHERE NOT concealed.is_over AND access.concealed_until IS NOT NULL
         AND (access.log_id, access.idx, access.kind, access.position)
             = (concealed.log_id, concealed.idx, concealed.kind, concealed.position);
      CREATE INDEX subject_access_page ON subject_access (epoch, tag, (ts_ms + 0), log_id, idx, kind, position)
        WHERE hidden_until IS NULL;
      CREATE INDEX subject_access_hidden ON subject_access (epoch, tag, hidden_until) WHERE hidden_until IS NOT NULL;
      CREATE INDEX sequel_disowning ON sequel (prev) WHERE slot = 'c1' AND type = 'exchange.failed';
      CREATE INDEX inbox_statement ON inbox (statement);
      DROP INDEX inbox_waiting;
      ALTER TABLE commitment ADD COLUMN withheld smallint NOT NULL DEFAULT 0,
        ADD CONSTRAINT commitment_withheld_known CHECK (withheld IN (0, 1, 2)) NOT VALID;
      CREATE INDEX commitment_withheld ON commitment (ask_ms) WHERE withheld > 0;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE subject_access DROP COLUMN hidden_until;
      DROP INDEX IF EXISTS subject_access_page;
      DROP INDEX sequel_disowning;
      CREATE INDEX inbox_waiting ON inbox (statement) WHERE NOT is_ready;
      DROP INDEX inbox_statement;
      ALTER TABLE commitment DROP COLUMN withheld;
    `);
  }
}
