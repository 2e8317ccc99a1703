import type { Queries } from '#postgres';
import type { LeafRows, SequelRow } from './leaf-row.js';

/** An exchange whose data were handed over, and of which its consumer says that it failed. */
export interface DisownedExchange {
  readonly consumer: string;
  readonly exchangeId: string;
}

const DISOWNED = `
  SELECT DISTINCT exchange.consumer, exchange.exchange_id
    FROM unnest($1::bytea[]) AS met (leaf_hash) JOIN exchange USING (leaf_hash)
    JOIN sequel AS failed ON failed.prev = exchange.leaf_hash AND failed.parties = exchange.parties
                         AND failed.slot = 'c1' AND failed.type = 'exchange.failed'
   WHERE EXISTS (SELECT FROM sequel AS told WHERE told.prev = exchange.leaf_hash AND told.parties = exchange.parties
                    AND told.type = 'exchange.answered' AND told.status BETWEEN 200 AND 299 OFFSET 0)`;

/**
 * Exchanges of which these leaves complete the contradiction (`statements.md` §3), whichever of the three came last.
 * Behind the insert of the leaves; an exchange that is told of once more, by a leaf repeated in another log, comes again.
 */
export async function disownedBy(
  queries: Queries,
  { exchanges, sequels }: Pick<LeafRows, 'exchanges' | 'sequels'>,
): Promise<DisownedExchange[]> {
  const told = sequels.filter((sequel) => isDisclosure(sequel) || isDisowning(sequel)).map(({ prev }) => prev);
  const met = [...told, ...exchanges.map(({ leafHash }) => leafHash)];
  if (met.length === 0) return [];
  const rows = await queries.query<{ consumer: string; exchange_id: string }>(DISOWNED, [met]);
  return rows.map(({ consumer, exchange_id: exchangeId }) => ({ consumer, exchangeId }));
}

function isDisclosure({ payload }: SequelRow): boolean {
  return payload.t === 'exchange.answered' && payload.st >= 200 && payload.st <= 299;
}

function isDisowning({ slot, payload }: SequelRow): boolean {
  return slot === 'c1' && payload.t === 'exchange.failed';
}
