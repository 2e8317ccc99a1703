import type { Queries } from '#postgres';
import type { ExchangeRow, LeafRows } from './leaf-row.js';

const KINDS = `
  INSERT INTO exchange_kind (consumer, service, endpoint)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS met (consumer, service, endpoint)
   WHERE NOT EXISTS (SELECT FROM exchange_kind AS known WHERE known.consumer = met.consumer
                        AND known.service = met.service AND known.endpoint = met.endpoint)
      ON CONFLICT DO NOTHING`;
const ELSEWHERE = `
  INSERT INTO answer_elsewhere (exchange)
  SELECT exchange.leaf_hash FROM unnest($1::bytea[]) AS met (leaf_hash) JOIN exchange USING (leaf_hash)
   WHERE EXISTS (SELECT FROM sequel WHERE sequel.prev = exchange.leaf_hash AND sequel.parties = exchange.parties
                    AND sequel.endpoint <> exchange.endpoint OFFSET 0)
      ON CONFLICT DO NOTHING`;

/** Who asked at which endpoint, each once, in the transaction that takes its first exchange in. */
export async function noteKinds(queries: Queries, exchanges: readonly ExchangeRow[]): Promise<void> {
  const kinds = [
    ...new Map(exchanges.map(({ payload: { from, svc, ep } }) => [`${from}\0${svc}\0${ep}`, [from, svc, ep]])).values(),
  ];
  if (kinds.length > 0)
    await queries.query(
      KINDS,
      [0, 1, 2].map((column) => kinds.map((kind) => kind[column])),
    );
}

/**
 * Exchanges of which an answer says that it came from another endpoint than was asked. Behind the insert of the leaves,
 * whichever of the two came first; nobody else takes leaves in meanwhile (`INGEST_LOCK`).
 */
export async function noteElsewhere(
  queries: Queries,
  { exchanges, sequels }: Pick<LeafRows, 'exchanges' | 'sequels'>,
): Promise<void> {
  const asked = new Map(exchanges.map(({ leafHash, payload }) => [leafHash.toString('hex'), payload.ep]));
  const answered = sequels.flatMap(({ prev, payload }) =>
    // Most follow their request at once and agree with it: the database is not asked about those.
    payload.t === 'exchange.answered' && asked.get(prev.toString('hex')) !== payload.ep ? [prev] : [],
  );
  const met = [...answered, ...exchanges.map(({ leafHash }) => leafHash)];
  if (met.length > 0) await queries.query(ELSEWHERE, [met]);
}
