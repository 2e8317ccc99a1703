import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `exchange`: one row per accepted exchange, kept at most 30 days and erasable: it holds personal data (target, headers,
 * openings), the log does not. `outcome` is written once, by compare-and-set on null (`bus.md` §4.8).
 * `idempotency_key`: who owns a key now; a key is free again after 24 h.
 */
export class Exchange1700000000001 implements MigrationInterface {
  readonly name = 'Exchange1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE exchange (
        id            uuid PRIMARY KEY,
        consumer      text NOT NULL,
        service       text NOT NULL,
        fingerprint   bytea NOT NULL,
        requested     text NOT NULL,
        salt          bytea NOT NULL,
        openings      text NOT NULL,
        request_head  text NOT NULL,
        deadline_ms   bigint NOT NULL,
        created_ms    bigint NOT NULL,
        outcome       text CHECK (outcome IN ('answered', 'refused', 'failed')),
        outcome_code  text,
        outcome_side  text,
        outcome_jws   text,
        outcome_by    text CHECK (outcome_by IN ('gateway', 'provider')),
        answer_head   text,
        ended_ms      bigint,
        receipted     boolean NOT NULL DEFAULT false
      )`);
    await runner.query('CREATE INDEX exchange_created ON exchange (created_ms)');
    // Outcomes of ours that the log has not confirmed: found again after a restart.
    await runner.query(`
      CREATE INDEX exchange_unreceipted ON exchange (ended_ms) WHERE outcome_by = 'gateway' AND NOT receipted`);
    await runner.query(`
      CREATE TABLE idempotency_key (
        consumer    text NOT NULL,
        service     text NOT NULL,
        key_hash    bytea NOT NULL,
        exchange_id uuid NOT NULL,
        created_ms  bigint NOT NULL,
        PRIMARY KEY (consumer, service, key_hash)
      )`);
    await runner.query('CREATE INDEX idempotency_key_created ON idempotency_key (created_ms)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE idempotency_key');
    await runner.query('DROP TABLE exchange');
  }
}
