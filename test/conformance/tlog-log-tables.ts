import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables that reading needs, by `audit-log.md` §3.2. */
export class LogTables1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE log_head (log_id int PRIMARY KEY, origin text, size bigint, root bytea, frontier bytea,
      kafka_topic text, kafka_partition int, next_offset bigint, epoch bigint, note text, updated timestamptz)`);
    await runner.query(`CREATE TABLE log_leaf (log_id int, idx bigint, xid bytea, slot text, signer text, leaf_hash bytea,
      body bytea, kafka_offset bigint, PRIMARY KEY (log_id, idx), UNIQUE (log_id, xid, slot, signer))`);
    await runner.query(`CREATE TABLE log_tile (log_id int, lvl smallint, idx bigint, root bytea, data bytea,
      PRIMARY KEY (log_id, lvl, idx))`);
    await runner.query('CREATE TABLE snapshot (digest bytea PRIMARY KEY, number bigint, body bytea)');
    await runner.query(`CREATE TABLE manifest (log_id int, idx bigint, number bigint, digest bytea, digests text,
      statement text, PRIMARY KEY (log_id, idx))`);
  }
  async down(): Promise<void> {
    return Promise.resolve();
  }
}
