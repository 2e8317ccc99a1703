import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Definitions as they stood one after another, and the requests that led from each to the next. Only ever added to: what
 * somebody asked for, approved or refused stays as it was said. `change_leaf` alone has a state that moves.
 */
export class Changes1800000000009 implements MigrationInterface {
  readonly name = 'Changes1800000000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE definition_version (
        version bigint PRIMARY KEY, body text NOT NULL, openapi jsonb NOT NULL, snapshot_number bigint NOT NULL,
        made_at timestamptz NOT NULL DEFAULT clock_timestamp()
      );
      CREATE TABLE change_request (
        id uuid PRIMARY KEY, sequence bigint GENERATED ALWAYS AS IDENTITY UNIQUE, base bigint NOT NULL,
        input text NOT NULL, changes jsonb NOT NULL, reason text NOT NULL, is_emergency boolean NOT NULL,
        effective_at timestamptz
      );
      CREATE INDEX change_request_changes ON change_request USING gin (changes jsonb_path_ops);
      CREATE TABLE change_event (
        change_id uuid NOT NULL REFERENCES change_request, seq integer NOT NULL, at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN
          ('REQUESTED', 'APPROVED', 'APPLYING', 'EFFECTIVE', 'REJECTED', 'WITHDRAWN', 'SUPERSEDED')),
        person text, issuer text, roles text, reason text, version bigint,
        PRIMARY KEY (change_id, seq), CHECK ((state = 'EFFECTIVE') = (version IS NOT NULL))
      );
      CREATE UNIQUE INDEX change_event_version ON change_event (version);
      CREATE TABLE change_leaf (
        leaf_hash bytea PRIMARY KEY, change_id uuid NOT NULL REFERENCES change_request, statement text NOT NULL,
        record text NOT NULL, opening jsonb NOT NULL, number bigint NOT NULL, signed_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('stamping', 'logged', 'effective', 'refused')), log_index bigint
      );
      CREATE INDEX change_leaf_change ON change_leaf (change_id);
      CREATE UNIQUE INDEX change_leaf_one_at_a_time ON change_leaf ((true)) WHERE state IN ('stamping', 'logged');
      CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'what was said stays as it was said' USING ERRCODE = '42501'; END $$;
      CREATE TRIGGER definition_version_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON definition_version
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
      CREATE TRIGGER change_request_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON change_request
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
      CREATE TRIGGER change_event_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON change_event
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE change_leaf, change_event, change_request, definition_version;
      DROP FUNCTION refuse_rewriting();
    `);
  }
}
