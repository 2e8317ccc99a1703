import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What readers ask the log by (`audit-log.md` §3.6). `leaf_index` follows from the leaves alone: emptied together with
 * its cursor it is filled again. Each index ends with `at, idx`, the order in which pages are read.
 */
export class Reading1796200000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE leaf_index (
        log_id int NOT NULL,
        idx bigint NOT NULL,
        type text COLLATE "C" NOT NULL,
        xid bytea NOT NULL,
        at bigint NOT NULL,
        slot text COLLATE "C" NOT NULL,
        signer text COLLATE "C" NOT NULL,
        consumer text COLLATE "C",
        consumer_member text COLLATE "C",
        provider text COLLATE "C",
        provider_member text COLLATE "C",
        service text COLLATE "C",
        endpoint text COLLATE "C",
        purpose text COLLATE "C",
        legal_basis text COLLATE "C",
        status smallint,
        status_class smallint,
        reason text COLLATE "C",
        side text COLLATE "C",
        count bigint,
        ref text COLLATE "C",
        prev bytea,
        hash bytea NOT NULL,
        PRIMARY KEY (log_id, idx)
      )`);
    await runner.query('CREATE INDEX leaf_index_at ON leaf_index (log_id, at, idx)');
    await runner.query('CREATE INDEX leaf_index_xid ON leaf_index (log_id, xid, at, idx)');
    await runner.query('CREATE INDEX leaf_index_type ON leaf_index (log_id, type, at, idx)');
    for (const column of SPARSE)
      await runner.query(
        `CREATE INDEX leaf_index_${column} ON leaf_index (log_id, ${column}, at, idx) WHERE ${column} IS NOT NULL`,
      );
    await runner.query('CREATE TABLE leaf_index_cursor (log_id int PRIMARY KEY, idx bigint NOT NULL)');
    // What was asked and the salt of its digest in the log: only who has both can say what an access leaf speaks of.
    await runner.query(`
      CREATE TABLE access_query (
        id bytea PRIMARY KEY,
        reader text NOT NULL,
        query text NOT NULL,
        salt bytea NOT NULL,
        asked timestamptz NOT NULL DEFAULT now()
      )`);
    // One row: the key under which cursors are handed out, the same for every process of this log.
    await runner.query('CREATE TABLE cursor_key (one bool PRIMARY KEY CHECK (one), key bytea NOT NULL)');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['cursor_key', 'access_query', 'leaf_index_cursor', 'leaf_index'])
      await runner.query(`DROP TABLE ${table}`);
  }
}

const SPARSE = [
  'consumer',
  'consumer_member',
  'provider',
  'provider_member',
  'service',
  'purpose',
  'status_class',
  'reason',
  'side',
];
