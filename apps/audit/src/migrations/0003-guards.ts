import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the first migrations left open: the head never goes, never shrinks, never changes what it says of a size; and
 * where the scrub keeps its place and what it found. A new partition of `log_leaf` gets its own trigger by `guard_growth`,
 * because a statement's trigger stands for the table that the statement names.
 */
export class Guards1796100000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION guard_growth(guarded regclass) RETURNS void LANGUAGE plpgsql AS $$
      BEGIN
        EXECUTE format('CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
                        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', guarded);
      END $$`);
    await runner.query(`
      CREATE TRIGGER never_goes BEFORE DELETE OR TRUNCATE ON log_head
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
    // Judged in the executor: a batch that extends the head calls no function.
    await runner.query(`
      CREATE TRIGGER never_shrinks BEFORE UPDATE ON log_head FOR EACH ROW WHEN (
        NEW.size < OLD.size OR NEW.epoch < OLD.epoch
        OR (NEW.log_id, NEW.origin, NEW.kafka_topic, NEW.kafka_partition)
           IS DISTINCT FROM (OLD.log_id, OLD.origin, OLD.kafka_topic, OLD.kafka_partition)
        OR (NEW.size = OLD.size AND (NEW.root, NEW.frontier, NEW.note)
            IS DISTINCT FROM (OLD.root, OLD.frontier, OLD.note))
      ) EXECUTE FUNCTION refuse_change()`);
    await runner.query(`
      CREATE TABLE scrub_cursor (
        log_id int PRIMARY KEY,
        part text NOT NULL,
        position bigint NOT NULL,
        passes bigint NOT NULL DEFAULT 0,
        passed timestamptz
      )`);
    // The service may add to it and not take away: who has looked into the damage deletes the rows as owner.
    await runner.query(`
      CREATE TABLE scrub_finding (
        log_id int NOT NULL,
        problem text NOT NULL,
        place text NOT NULL,
        found timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (log_id, problem, place)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE scrub_finding, scrub_cursor');
    await runner.query('DROP TRIGGER never_shrinks ON log_head');
    await runner.query('DROP TRIGGER never_goes ON log_head');
    await runner.query('DROP FUNCTION guard_growth(regclass)');
  }
}
