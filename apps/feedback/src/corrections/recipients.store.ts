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
/** An opening tells of the exchange if its leaf is the request or a sequel that counts. */
const TELLS = `((access.log_id, access.idx) = (exchange.log_id, exchange.idx)
         OR EXISTS (SELECT FROM sequel AS told WHERE told.log_id = access.log_id AND told.idx = access.idx
                       AND told.prev = exchange.leaf_hash AND told.parties = exchange.parties OFFSET 0))`;
/** `OFFSET 0` here and there has it looked up for each, where the planner would rather hash the whole table. */
const DISCLOSES = `EXISTS (
         SELECT FROM sequel AS answered JOIN place ON place.service = exchange.service
            AND place.endpoint = coalesce(answered.endpoint, exchange.endpoint)
            AND coalesce(answered.snap, ${NEWEST}) >= from_snap AND coalesce(answered.snap, ${NEWEST}) < until_snap
          WHERE answered.prev = exchange.leaf_hash AND answered.parties = exchange.parties
            AND answered.type = 'exchange.answered' AND answered.status BETWEEN 200 AND 299
            AND exchange.ts_ms >= since_ms OFFSET 0)`;
const OF_KIND = `subject_access AS access JOIN exchange ON exchange.leaf_hash = access.exchange
         WHERE access.kind = 0 AND (access.epoch, access.tag, access.exchange_kind) = (met.epoch, met.tag, met.kind)`;
const nextKind = (of: string, behind: string) => `(
         SELECT access.exchange_kind FROM subject_access AS access
          WHERE access.kind = 0 AND (access.epoch, access.tag) = (${of}.epoch, ${of}.tag) AND access.exchange_kind > ${behind}
          ORDER BY access.exchange_kind LIMIT 1)`;
/**
 * `place`: where one of the elements stood, from snapshot to snapshot; before the first one that was seen, as in that; of
 * a snapshot that was not seen, as in the one before. Answers taken in before their snapshot was kept have none and are
 * judged by the newest. `met`: the kinds of the person's exchanges, each by one look. Of those at an endpoint that ever
 * held an element the newest that disclosed one counts; nothing older is read. What has no kind is looked through, and so
 * is what was answered elsewhere than asked.
 */
const DISCLOSED = `
  WITH RECURSIVE run AS (
    SELECT first_snap, CASE WHEN lag(first_snap) OVER by_number IS NULL THEN 0 ELSE first_snap END AS from_snap,
           coalesce(lead(first_snap) OVER by_number, ${NEWEST} + 1) AS until_snap
      FROM element_ledger WINDOW by_number AS (ORDER BY first_snap)),
  place AS MATERIALIZED (
    SELECT service, endpoint, from_snap, until_snap, min(since_ms) AS since_ms
      FROM unnest($3::text[], $4::bigint[]) AS doubted (element, since_ms)
      JOIN element_places USING (element) JOIN run USING (first_snap)
     GROUP BY service, endpoint, from_snap, until_snap),
  person AS MATERIALIZED (SELECT epoch, tag FROM unnest($1::integer[], $2::bytea[]) AS person (epoch, tag)),
  met AS (
    SELECT epoch, tag, ${nextKind('person', '0')} AS kind FROM person
     UNION ALL SELECT epoch, tag, ${nextKind('met', 'met.kind')} FROM met WHERE kind IS NOT NULL),
  disclosed AS (
    SELECT asked.consumer, newest.ts_ms, last.exchange_id
      FROM met JOIN exchange_kind AS asked ON asked.id = met.kind
     CROSS JOIN LATERAL (
        SELECT exchange.ts_ms FROM ${OF_KIND} AND access.asked_ms >= (SELECT min(since_ms) FROM place)
           AND ${TELLS} AND ${DISCLOSES} ORDER BY access.asked_ms DESC LIMIT 1) AS newest
     CROSS JOIN LATERAL (
        SELECT exchange.exchange_id FROM ${OF_KIND} AND access.asked_ms = newest.ts_ms
           AND ${TELLS} AND ${DISCLOSES} ORDER BY exchange.exchange_id DESC LIMIT 1) AS last
     WHERE EXISTS (SELECT FROM place WHERE place.service = asked.service AND place.endpoint = asked.endpoint)
     UNION ALL
    SELECT exchange.consumer, exchange.ts_ms, exchange.exchange_id
      FROM person JOIN subject_access AS access USING (epoch, tag) JOIN exchange ON exchange.leaf_hash = access.exchange
     WHERE access.kind = 0 AND access.exchange_kind IS NULL AND ${TELLS} AND ${DISCLOSES}
     UNION ALL
    SELECT exchange.consumer, exchange.ts_ms, exchange.exchange_id
      FROM answer_elsewhere JOIN exchange ON exchange.leaf_hash = answer_elsewhere.exchange
     WHERE ${DISCLOSES} AND EXISTS (
           SELECT FROM (SELECT exchange.log_id, exchange.idx UNION ALL
                        SELECT told.log_id, told.idx FROM sequel AS told
                         WHERE told.prev = exchange.leaf_hash AND told.parties = exchange.parties) AS leaf
             JOIN subject_access AS access USING (log_id, idx) JOIN person USING (epoch, tag) WHERE access.kind = 0))
  SELECT DISTINCT ON (consumer) consumer, exchange_id::text FROM disclosed
   ORDER BY consumer, ts_ms DESC, exchange_id DESC`;

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
