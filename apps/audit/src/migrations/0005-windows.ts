import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Windows of a shard (`audit-log.md` §3.7): each log but the first has a predecessor, whose number is one less; a closed
 * one has its final size and never changes again. Each has a partition of `log_leaf` of its own, so that retiring it is
 * a DETACH.
 */
export class Windows1796300000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE log_head
        ADD COLUMN predecessor int UNIQUE CHECK (predecessor = log_id - 1),
        ADD COLUMN final_size bigint CHECK (final_size = size),
        ADD COLUMN closed timestamptz`);
    // Judged in the executor: a batch that extends an open log calls no function. The epoch may still be counted up, so
    // that of two that would open the successor one is fenced.
    await runner.query(`
      CREATE TRIGGER stays_closed BEFORE UPDATE ON log_head FOR EACH ROW WHEN (
        OLD.final_size IS NOT NULL
        AND (NEW.final_size, NEW.size, NEW.root, NEW.frontier, NEW.note, NEW.next_offset, NEW.closed)
            IS DISTINCT FROM (OLD.final_size, OLD.size, OLD.root, OLD.frontier, OLD.note, OLD.next_offset, OLD.closed)
      ) EXECUTE FUNCTION refuse_change()`);
    // What was the default partition is the first window's: with a default one, every new window would look through it.
    await runner.query('ALTER TABLE log_leaf DETACH PARTITION log_leaf_default');
    await runner.query('ALTER TABLE log_leaf ATTACH PARTITION log_leaf_default FOR VALUES IN (1)');
    // The service owns no table where roles are apart, and may make this one kind. ATTACH lets readers and writers go on.
    await runner.query(`
      CREATE FUNCTION make_leaf_partition(of_log int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
      SET search_path FROM CURRENT AS $$
      DECLARE made text := format('log_leaf_%s', of_log);
      BEGIN
        IF of_log < 2 OR to_regclass(made) IS NOT NULL THEN RETURN; END IF;
        EXECUTE format('CREATE TABLE %I (LIKE log_leaf INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', made);
        PERFORM guard_growth(made::regclass);
        EXECUTE format('ALTER TABLE log_leaf ATTACH PARTITION %I FOR VALUES IN (%s)', made, of_log);
      END $$`);
    await runner.query(
      'CREATE TABLE rotation_request (log_id int PRIMARY KEY, asked timestamptz NOT NULL DEFAULT now())',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE rotation_request');
    await runner.query('DROP FUNCTION make_leaf_partition(int)');
    await runner.query('ALTER TABLE log_leaf DETACH PARTITION log_leaf_default');
    await runner.query('ALTER TABLE log_leaf ATTACH PARTITION log_leaf_default DEFAULT');
    await runner.query('DROP TRIGGER stays_closed ON log_head');
    await runner.query('ALTER TABLE log_head DROP COLUMN predecessor, DROP COLUMN final_size, DROP COLUMN closed');
  }
}
