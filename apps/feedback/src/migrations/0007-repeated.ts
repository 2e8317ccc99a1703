import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A stamp that is repeated while a window closes becomes a leaf of two logs. Its commitments count in the first that was
 * followed; in the other they are `repeated`, for ever: one statement speaks of a person once, however often it stands
 * somewhere. What was indexed twice before loses its later row.
 *
 * `last_hash` is the record that was taken last, so that a topic made anew is known from the one that was read.
 */
export class Repeated1800000000007 implements MigrationInterface {
  readonly name = 'Repeated1800000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE commitment DROP CONSTRAINT commitment_state_check;
      ALTER TABLE commitment ADD CONSTRAINT commitment_state_check
        CHECK (state IN ('pending', 'indexed', 'concealed', 'erased', 'repeated'));
      WITH numbered AS (
        SELECT log_id, idx, kind, position,
               row_number() OVER (PARTITION BY statement, kind, position ORDER BY state = 'pending', log_id, idx) AS place
          FROM commitment),
      again AS (
        UPDATE commitment AS one SET state = 'repeated' FROM numbered
         WHERE place > 1 AND (one.log_id, one.idx, one.kind, one.position)
               = (numbered.log_id, numbered.idx, numbered.kind, numbered.position)
        RETURNING one.log_id, one.idx, one.kind, one.position)
      DELETE FROM subject_access AS access USING again
       WHERE (access.log_id, access.idx, access.kind, access.position)
             = (again.log_id, again.idx, again.kind, again.position);
      CREATE UNIQUE INDEX commitment_once ON commitment (statement, kind, position) WHERE state <> 'repeated';
      DROP INDEX commitment_statement;
      ALTER TABLE opening_offset ADD COLUMN last_hash bytea;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE opening_offset DROP COLUMN last_hash;
      CREATE INDEX commitment_statement ON commitment (statement);
      DROP INDEX commitment_once;
      DELETE FROM commitment WHERE state = 'repeated';
      ALTER TABLE commitment DROP CONSTRAINT commitment_state_check;
      ALTER TABLE commitment ADD CONSTRAINT commitment_state_check
        CHECK (state IN ('pending', 'indexed', 'concealed', 'erased'));
    `);
  }
}
