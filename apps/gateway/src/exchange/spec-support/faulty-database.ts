import type { Database, Row } from '#postgres';
import { exchangeErrors } from '../exchange.errors.js';

/** How one statement fails: without effect, or with its effect and an error all the same. */
export type Fault = 'no-effect' | 'effect-but-error';

/** A real database whose statements fail as a spec says, by what they contain; each fault is used once per match. */
export class FaultyDatabase implements Database {
  faults: { readonly contains: string; readonly fault: Fault; times: number }[] = [];

  /** Statements that contain this wait before they are carried out, as on a server that hangs. */
  hung: { readonly contains: string; readonly until: Promise<unknown> } | undefined;
  /** Statements that were asked for, well or badly. */
  readonly asked: string[] = [];

  constructor(private readonly real: Database) {}

  get entities() {
    return this.real.entities;
  }

  async query<Result extends object = Row>(sql: string, parameters?: readonly unknown[]): Promise<Result[]> {
    this.asked.push(sql);
    if (this.hung !== undefined && sql.includes(this.hung.contains)) await this.hung.until;
    const match = this.faults.find(({ contains, times }) => times > 0 && sql.includes(contains));
    if (match === undefined) return this.real.query<Result>(sql, parameters);
    match.times -= 1;
    if (match.fault === 'effect-but-error') await this.real.query(sql, parameters);
    throw exchangeErrors.error('database-unavailable');
  }

  erase<Result extends object = Row>(sql: string, parameters?: readonly unknown[]): Promise<Result[]> {
    return this.query<Result>(sql, parameters);
  }

  copy: Database['copy'] = (select, ...numbers) => this.real.copy(select, ...numbers);
  transaction: Database['transaction'] = (work) => this.real.transaction(work);
  isReachable = () => this.real.isReachable();
  poolUse = () => this.real.poolUse();
  close = () => Promise.resolve();
}
