import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The three registers as rows (what is asked), the snapshots as bytes (what is published), the manifests' chain. */
export class Registry1800000000001 implements MigrationInterface {
  readonly name = 'Registry1800000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE member (
        id text PRIMARY KEY, name jsonb NOT NULL, document text NOT NULL, key_chain text[] NOT NULL
      );
      CREATE TABLE subsystem (
        id text PRIMARY KEY, member_id text NOT NULL REFERENCES member ON DELETE CASCADE, name jsonb
      );
      CREATE INDEX subsystem_member ON subsystem (member_id);
      CREATE TABLE published_key (
        owner_id text NOT NULL, kid text NOT NULL, member_id text NOT NULL REFERENCES member ON DELETE CASCADE,
        use text NOT NULL CHECK (use IN ('sign', 'seal')), jwk jsonb NOT NULL,
        valid_from timestamptz NOT NULL, valid_until timestamptz NOT NULL,
        PRIMARY KEY (owner_id, kid)
      );
      CREATE INDEX published_key_member ON published_key (member_id);
      CREATE TABLE service (
        id text PRIMARY KEY, subsystem_id text NOT NULL REFERENCES subsystem ON DELETE CASCADE, title jsonb NOT NULL,
        openapi text, timeout_ms integer NOT NULL, personal_data boolean NOT NULL, subject jsonb, disabled text
      );
      CREATE INDEX service_subsystem ON service (subsystem_id);
      CREATE TABLE endpoint (
        service_id text NOT NULL REFERENCES service ON DELETE CASCADE, position integer NOT NULL,
        endpoint text NOT NULL, subject jsonb, PRIMARY KEY (service_id, position)
      );
      CREATE TABLE agreement (
        service_id text NOT NULL REFERENCES service ON DELETE CASCADE, position integer NOT NULL,
        consumer_id text NOT NULL, endpoints text[] NOT NULL, purposes text[] NOT NULL,
        valid_from timestamptz, valid_until timestamptz NOT NULL, PRIMARY KEY (service_id, position)
      );
      CREATE INDEX agreement_consumer ON agreement (consumer_id);
      CREATE TABLE purpose (code text PRIMARY KEY, title jsonb NOT NULL, legal_basis text NOT NULL);
      CREATE TABLE legal_basis (code text PRIMARY KEY, title jsonb NOT NULL, reference text NOT NULL);
      CREATE TABLE instance (
        id text PRIMARY KEY, kind text NOT NULL, run_by text NOT NULL, serves text[] NOT NULL, reply text
      );
      CREATE TABLE openapi_document (digest text PRIMARY KEY, media_type text NOT NULL, body text NOT NULL);
      CREATE TABLE snapshot (
        number bigint PRIMARY KEY, body text NOT NULL, digests text NOT NULL,
        made_at timestamptz NOT NULL DEFAULT clock_timestamp()
      );
      CREATE TABLE manifest (
        leaf_hash bytea PRIMARY KEY, sequence bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        number bigint NOT NULL, statement text NOT NULL, digests text NOT NULL, until_ms bigint NOT NULL,
        state text NOT NULL CHECK (state IN ('stamping', 'logged', 'published', 'refused')),
        log_index bigint
      );
      CREATE UNIQUE INDEX manifest_one_stamping ON manifest ((true)) WHERE state = 'stamping';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE manifest, snapshot, openapi_document, instance, legal_basis, purpose, agreement, endpoint, service,
        published_key, subsystem, member
    `);
  }
}
