import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Cases of corrections. `record` and `deadlines` are those of the last transition that the followed log shows; `pending`
 * is the one that is on its way there, so that nothing counts before its leaf (`corrections.md` §9). Of the person there
 * are only tag and key id, as everywhere here, and what the data key closes (`subject_enc`); of the datum only digests.
 * `sealed` is the request for its owner, while there is one to read it. `correction_step` names nobody and stays.
 */
export class Corrections1800000000009 implements MigrationInterface {
  readonly name = 'Corrections1800000000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE correction_case (
        id uuid PRIMARY KEY, public_number text NOT NULL UNIQUE, portal text NOT NULL, owner text NOT NULL,
        state text NOT NULL, record jsonb NOT NULL, deadlines jsonb NOT NULL, details jsonb NOT NULL,
        epoch integer NOT NULL, tag bytea NOT NULL, key_id bytea NOT NULL, subject_enc bytea NOT NULL,
        content_id uuid NOT NULL, sealed bytea, recipients_enc bytea,
        pending jsonb, pending_leaf bytea, pending_sealed bytea, is_astray boolean NOT NULL DEFAULT false,
        work_ms bigint, filed_ms bigint NOT NULL, changed_ms bigint NOT NULL,
        CHECK ((pending IS NULL) = (pending_leaf IS NULL))
      );
      CREATE INDEX correction_case_person ON correction_case (epoch, tag);
      CREATE INDEX correction_case_owner ON correction_case (owner, state, id);
      CREATE INDEX correction_case_portal ON correction_case (portal, state, id);
      CREATE UNIQUE INDEX correction_case_pending ON correction_case (pending_leaf) WHERE pending_leaf IS NOT NULL;
      CREATE INDEX correction_case_work ON correction_case (work_ms) WHERE pending IS NULL;
      CREATE INDEX correction_case_disputed ON correction_case (id) WHERE (record->>'isDisputed')::boolean;
      CREATE TABLE correction_count (country text NOT NULL, year integer NOT NULL, n bigint NOT NULL, PRIMARY KEY (country, year));
      CREATE TABLE correction_step (
        n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, case_id uuid NOT NULL, seq integer NOT NULL,
        leaf_hash bytea NOT NULL UNIQUE, type text NOT NULL, was text NOT NULL, now text NOT NULL, why text,
        portal text NOT NULL, owner text NOT NULL, service text NOT NULL, at_ms bigint NOT NULL, due_ms bigint,
        UNIQUE (case_id, seq)
      );
      CREATE INDEX correction_step_portal ON correction_step (portal, n);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE correction_step, correction_count, correction_case');
  }
}
