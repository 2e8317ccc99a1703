import type { EntityManager } from 'typeorm';
import type { CopyQuery } from './copy-out.js';

export type Row = Record<string, unknown>;

/** What may be asked inside and outside a transaction. Values go in as parameters, never into the text. */
export interface Queries {
  /** The rows that the statement returns, of whatever kind it is. `bigint` columns come as decimal strings. */
  query<Result extends object = Row>(sql: string, parameters?: readonly unknown[]): Promise<Result[]>;
  /** The rows of a `SELECT` as PostgreSQL holds them: for many and long ones, at a fraction of what `query` costs both ends. */
  readonly copy: CopyQuery;
  /** For stores with entities. */
  readonly entities: EntityManager;
}
