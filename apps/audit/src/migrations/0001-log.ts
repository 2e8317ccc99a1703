import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The log (`audit-log.md` §3.2), the snapshots it keeps for its whole life, and the manifests among its leaves. */
export class Log1795300000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE log_head (
        log_id int PRIMARY KEY,
        origin text NOT NULL,
        size bigint NOT NULL,
        root bytea NOT NULL,
        frontier bytea NOT NULL,
        kafka_topic text NOT NULL,
        kafka_partition int NOT NULL,
        next_offset bigint NOT NULL,
        epoch bigint NOT NULL,
        note text NOT NULL,
        updated timestamptz NOT NULL DEFAULT now()
      ) WITH (fillfactor = 20)`);
    await runner.query(`
      CREATE TABLE log_leaf (
        log_id int NOT NULL,
        idx bigint NOT NULL,
        xid bytea NOT NULL,
        slot text NOT NULL,
        signer text NOT NULL,
        leaf_hash bytea STORAGE EXTERNAL NOT NULL,
        body bytea STORAGE EXTERNAL NOT NULL,
        kafka_offset bigint NOT NULL,
        PRIMARY KEY (log_id, idx),
        UNIQUE (log_id, xid, slot, signer)
      ) PARTITION BY LIST (log_id)`);
    // A default partition serves the first log; rotation attaches one per window and detaches retired ones.
    await runner.query('CREATE TABLE log_leaf_default PARTITION OF log_leaf DEFAULT');
    await runner.query('CREATE INDEX log_leaf_hash ON log_leaf (leaf_hash)');
    await runner.query(`
      CREATE TABLE log_tile (
        log_id int NOT NULL,
        lvl smallint NOT NULL,
        idx bigint NOT NULL,
        root bytea STORAGE EXTERNAL NOT NULL,
        data bytea STORAGE EXTERNAL NOT NULL,
        PRIMARY KEY (log_id, lvl, idx)
      )`);
    await runner.query(`
      CREATE TABLE snapshot (
        digest bytea PRIMARY KEY,
        number bigint NOT NULL,
        body bytea STORAGE EXTERNAL NOT NULL
      )`);
    await runner.query('CREATE INDEX snapshot_number ON snapshot (number)');
    await runner.query(`
      CREATE TABLE manifest (
        log_id int NOT NULL,
        idx bigint NOT NULL,
        number bigint NOT NULL,
        digest bytea NOT NULL REFERENCES snapshot,
        digests text NOT NULL,
        statement text NOT NULL,
        PRIMARY KEY (log_id, idx)
      )`);
    await runner.query('CREATE TABLE sweep_cursor (log_id int PRIMARY KEY, idx bigint NOT NULL)');
    await forbidChanges(runner, ['log_leaf', 'log_leaf_default', 'log_tile', 'manifest', 'snapshot']);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['sweep_cursor', 'manifest', 'snapshot', 'log_tile', 'log_leaf', 'log_head'])
      await runner.query(`DROP TABLE ${table}`);
    await runner.query('DROP FUNCTION refuse_change()');
  }
}

/**
 * Append-only by a trigger as well: a slip in our own code, or a hand on the console, is refused. It is no protection
 * against who owns the tables; that is what proofs and witnesses are for (`audit-log.md` §3.9). A statement's trigger
 * stands for the table that the statement names, so each partition has its own.
 */
async function forbidChanges(runner: QueryRunner, tables: readonly string[]): Promise<void> {
  await runner.query(`
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the log only grows' USING ERRCODE = 'integrity_constraint_violation'; END $$`);
  for (const table of tables)
    await runner.query(`
      CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
}
