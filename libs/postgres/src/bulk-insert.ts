import type { Queries } from './queries.js';

/** Column, its type, and its value in a row of ours. */
export type BulkColumn<Item> = readonly [name: string, type: string, of: (item: Item) => unknown];

/** One statement for any number of rows, planned once: an array for each column. What is there already is left. */
export class BulkInsert<Item> {
  private readonly sql: string;

  constructor(
    table: string,
    private readonly columns: readonly BulkColumn<Item>[],
  ) {
    const names = columns.map(([name]) => name).join(', ');
    const arrays = columns.map(([, type], at) => `$${at + 1}::${type}[]`).join(', ');
    this.sql = `INSERT INTO ${table} (${names}) SELECT * FROM unnest(${arrays}) ON CONFLICT DO NOTHING`;
  }

  async run(queries: Pick<Queries, 'query'>, items: readonly Item[]): Promise<void> {
    if (items.length === 0) return;
    await queries.query(
      this.sql,
      this.columns.map(([, , of]) => items.map(of)),
    );
  }
}
