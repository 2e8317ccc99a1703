import type { RegistryView } from '#snapshot';
import type { ExchangeId, SubsystemId } from '#kernel';
import type { Database } from '#postgres';
import { callerErrors } from '../caller/caller.errors.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { tagsOf } from '../key-store/person-tags.js';
import { epochTagKey, type EpochTag } from '../key-store/tag.js';
import type { ElementLedger } from './element-ledger.store.js';
import type { KeptCase } from './kept-case.js';
import { openSubject } from './kept-subject.js';
import type { Recipients } from './telling.service.js';

export interface RecipientsParts {
  readonly database: Database;
  readonly keys: Pick<PersonKeys, 'find' | 'epochs'>;
  readonly registry: { current(): RegistryView | undefined };
  readonly ledger: Pick<ElementLedger, 'noted'>;
}

/** An element, and since when its value is doubted; ms. */
export interface DoubtedElement {
  readonly element: string;
  readonly sinceMs: number;
}

export interface FoundRecipient {
  readonly subsystem: SubsystemId;
  readonly lastExchangeId: ExchangeId;
}

/** More than any snapshot has. */
const NEWEST = 9_000_000_000_000_000n;
/**
 * `place`: where one of the elements stood, from snapshot to snapshot; before the first one that was seen, as in that; of
 * a snapshot that was not seen, as in the one before. Answers taken in before their snapshot was kept have none and are
 * judged by the newest. `disclosed`: the last of each kind of the person's disclosures; if that one is not recent enough
 * none is. An opening tells of the exchange if its leaf is the request or a sequel that counts; `OFFSET 0` has that looked
 * up for each, where the planner would rather hash the whole table.
 */
const DISCLOSED = `
  WITH run AS (
    SELECT first_snap, CASE WHEN lag(first_snap) OVER by_number IS NULL THEN 0 ELSE first_snap END AS from_snap,
           coalesce(lead(first_snap) OVER by_number, ${NEWEST} + 1) AS until_snap
      FROM element_ledger WINDOW by_number AS (ORDER BY first_snap)),
  place AS MATERIALIZED (
    SELECT service, endpoint, from_snap, until_snap, min(since_ms) AS since_ms
      FROM unnest($3::text[], $4::bigint[]) AS doubted (element, since_ms)
      JOIN element_places USING (element) JOIN run USING (first_snap)
     GROUP BY service, endpoint, from_snap, until_snap),
  disclosed AS MATERIALIZED (
    SELECT exchange.consumer, exchange.service, coalesce(answered.endpoint, exchange.endpoint) AS endpoint,
           coalesce(answered.snap, ${NEWEST}) AS snap,
           max((lpad(exchange.ts_ms::text, 20, '0') || exchange.exchange_id) COLLATE "C") AS last
      FROM unnest($1::integer[], $2::bytea[]) AS person (epoch, tag)
      JOIN subject_access AS access USING (epoch, tag) JOIN exchange ON exchange.leaf_hash = access.exchange
      JOIN sequel AS answered ON answered.prev = exchange.leaf_hash AND answered.parties = exchange.parties
       AND answered.type = 'exchange.answered' AND answered.status BETWEEN 200 AND 299
     WHERE access.kind = 0
       AND ((access.log_id, access.idx) = (exchange.log_id, exchange.idx)
            OR EXISTS (SELECT FROM sequel AS told WHERE told.log_id = access.log_id AND told.idx = access.idx
                          AND told.prev = exchange.leaf_hash AND told.parties = exchange.parties OFFSET 0))
     GROUP BY 1, 2, 3, 4)
  SELECT consumer, right(max(last), 36) AS exchange_id
    FROM disclosed JOIN place USING (service, endpoint)
   WHERE snap >= from_snap AND snap < until_snap AND left(last, 20)::bigint >= since_ms
   GROUP BY consumer ORDER BY consumer`;

/** Of one person, by their tags: each member once, with the last exchange in which it got one of these elements. */
export async function disclosedTo(
  database: Pick<Database, 'query'>,
  tags: readonly EpochTag[],
  doubted: readonly DoubtedElement[],
): Promise<FoundRecipient[]> {
  const rows = await database.query<{ consumer: SubsystemId; exchange_id: ExchangeId }>(DISCLOSED, [
    tags.map(({ epoch }) => epoch),
    tags.map(({ tag }) => tag),
    doubted.map(({ element }) => element),
    doubted.map(({ sinceMs }) => sinceMs),
  ]);
  return rows.map(({ consumer, exchange_id: lastExchangeId }) => ({ subsystem: consumer, lastExchangeId }));
}

/**
 * Who got the doubted values: consumers of disclosures (`statements.md` §3) whose endpoint held one of the elements then
 * and whose subject is the person, since the doubted value's date. Concealed ones too: they have to be told as well.
 */
export class IndexedRecipients implements Recipients {
  constructor(private readonly parts: RecipientsParts) {}

  async of(kept: KeptCase): Promise<FoundRecipient[]> {
    const { database, keys, registry, ledger } = this.parts;
    const { id, person, subjectEnc, record } = kept;
    const key = (await keys.find([person])).get(epochTagKey(person));
    const subject = key === undefined ? undefined : openSubject(key, id, subjectEnc);
    const view = registry.current();
    if (view === undefined) throw callerErrors.error('registry-unread');
    // Erased: nobody can be found any more, and nobody is named.
    if (subject === undefined) return [];
    await ledger.noted(view);
    const corrected = new Set(record.correction?.values.map(({ item }) => item));
    const doubted = record.items.flatMap(({ elementId: element, asOfMs: sinceMs = 0 }, place) =>
      element === undefined || !corrected.has(place) ? [] : [{ element, sinceMs }],
    );
    return disclosedTo(database, tagsOf(subject, await keys.epochs()), doubted);
  }
}
