import type { Database } from '#postgres';
import type { UnopenedStatement } from './unopened.store.js';

export type WithheldStatement = Omit<UnopenedStatement, 'seenMs'>;
/** As the table spells it. */
const STANDINGS = { unasked: 1, asked: 2 } as const;
export type WithheldStanding = keyof typeof STANDINGS;

/** Requests that the provider's end has opened and the consumer's has not. */
export class WithheldStore {
  constructor(private readonly database: Database) {}

  /**
   * Those whose term was over then, and of which no opening waits to be looked at; a statement whose commitments are more
   * than the limit comes again.
   */
  async due(standing: WithheldStanding, atMs: number, limit: number): Promise<WithheldStatement[]> {
    const rows = await this.database.query<{ statement: Buffer; exchange_id: string; consumer: string }>(
      `SELECT DISTINCT statement, exchange_id, consumer FROM (
         SELECT statement, exchange_id, consumer FROM commitment
          WHERE withheld = $1 AND withheld > 0 AND state <> 'repeated' AND ask_ms <= $2
            AND NOT EXISTS (SELECT FROM inbox WHERE inbox.statement = commitment.statement)
          ORDER BY ask_ms LIMIT $3) AS due`,
      [STANDINGS[standing], atMs, limit],
    );
    return rows.map(({ statement, consumer, exchange_id: exchangeId }) => ({ statement, consumer, exchangeId }));
  }

  /** Their consumer was asked and has until then. */
  async asked(statements: readonly WithheldStatement[], untilMs: number): Promise<void> {
    await this.database.query(
      `UPDATE commitment SET withheld = $2, ask_ms = $3 WHERE statement = ANY($1::bytea[]) AND withheld = $4
          AND state <> 'repeated'`,
      [statements.map(({ statement }) => statement), STANDINGS.asked, untilMs, STANDINGS.unasked],
    );
  }

  /** Their consumer is named: nothing more is waited for. */
  async told(statements: readonly WithheldStatement[]): Promise<void> {
    await this.database.query(
      `UPDATE commitment SET withheld = 0 WHERE statement = ANY($1::bytea[]) AND withheld = $2 AND state <> 'repeated'`,
      [statements.map(({ statement }) => statement), STANDINGS.asked],
    );
  }
}
