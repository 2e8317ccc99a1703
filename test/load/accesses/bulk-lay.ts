import type { Database } from '#postgres';

interface Definition {
  readonly name: string;
  readonly definition: string;
}

/**
 * Fills tables while they have no indexes, and then builds those again as they were: keeping them up to date row by row
 * takes several times as long. The tables are filled beside each other, by `fill`, and write no log of the database any
 * more, which nobody reads who reads them. For a database that goes afterwards: a crash would empty them.
 */
export async function fillWithoutIndexes(
  database: Database,
  tables: readonly string[],
  fill: (table: string) => Promise<void>,
): Promise<void> {
  await Promise.all(
    tables.map(async (table) => {
      const keys = await database.query<Definition>(
        `SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
          WHERE contype = 'p' AND conrelid = $1::regclass`,
        [table],
      );
      const indexes = await database.query<Definition>(
        `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
          WHERE schemaname = current_schema() AND tablename = $1 AND indexname <> ALL($2::text[])`,
        [table, keys.map(({ name }) => name)],
      );
      for (const { name } of keys) await database.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
      for (const { name } of indexes) await database.query(`DROP INDEX ${name}`);
      await database.query(`ALTER TABLE ${table} SET UNLOGGED`);
      await fill(table);
      await database.transaction(async (queries) => {
        await queries.query(`SET LOCAL maintenance_work_mem = '1GB'`);
        for (const { name, definition } of keys)
          await queries.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`);
        for (const { definition } of indexes) await queries.query(definition);
      });
      // As autovacuum does after so many rows; else the first readers would write hint bits.
      await database.query(`VACUUM (ANALYZE) ${table}`);
    }),
  );
}
