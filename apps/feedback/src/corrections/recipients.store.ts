import { placesOf, type RegistryView } from '#snapshot';
import type { ExchangeId, SubsystemId } from '#kernel';
import type { Database } from '#postgres';
import { callerErrors } from '../caller/caller.errors.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { tagsOf } from '../key-store/person-tags.js';
import { epochTagKey } from '../key-store/tag.js';
import type { KeptCase } from './kept-case.js';
import { openSubject } from './kept-subject.js';
import type { Recipients } from './telling.service.js';

export interface RecipientsParts {
  readonly database: Database;
  readonly keys: Pick<PersonKeys, 'find' | 'epochs'>;
  readonly registry: { current(): RegistryView | undefined };
}

const DISCLOSED = `
  SELECT consumer, (max(ARRAY[lpad(exchange.ts_ms::text, 20, '0'), exchange.exchange_id::text]))[2] AS exchange_id
    FROM unnest($1::integer[], $2::bytea[]) AS person (epoch, tag)
    JOIN subject_access AS access USING (epoch, tag) JOIN exchange ON exchange.leaf_hash = access.exchange
    JOIN unnest($3::text[], $4::text[]) AS place (service, endpoint)
      ON place.service = exchange.service AND place.endpoint = exchange.endpoint
   WHERE access.kind = 0 AND exchange.ts_ms >= $5::bigint
     AND EXISTS (SELECT FROM sequel WHERE sequel.prev = exchange.leaf_hash AND sequel.parties = exchange.parties
                    AND sequel.type = 'exchange.answered' AND sequel.status BETWEEN 200 AND 299)
   GROUP BY consumer ORDER BY consumer`;

/**
 * Who got the doubted values: consumers of disclosures (`statements.md` §3) whose endpoint holds one of the elements and
 * whose subject is the person, since the doubted value's date. Concealed ones too: they have to be told as well.
 */
export class IndexedRecipients implements Recipients {
  constructor(private readonly parts: RecipientsParts) {}

  async of(kept: KeptCase) {
    const { database, keys, registry } = this.parts;
    const { id, person, subjectEnc, record } = kept;
    const key = (await keys.find([person])).get(epochTagKey(person));
    const subject = key === undefined ? undefined : openSubject(key, id, subjectEnc);
    const view = registry.current();
    if (view === undefined) throw callerErrors.error('registry-unread');
    // Erased: nobody can be found any more, and nobody is named.
    if (subject === undefined) return [];
    const tags = tagsOf(subject, await keys.epochs());
    const corrected = new Set(record.correction?.values.map(({ item }) => item));
    const items = record.items.filter((_item, place) => corrected.has(place));
    const places = items.flatMap(({ elementId }) => (elementId === undefined ? [] : placesOf(view, elementId)));
    const since = items.map(({ asOfMs }) => asOfMs ?? 0);
    const rows = await database.query<{ consumer: SubsystemId; exchange_id: ExchangeId }>(DISCLOSED, [
      tags.map(({ epoch }) => epoch),
      tags.map(({ tag }) => tag),
      places.map(({ service }) => service),
      places.map(({ endpoint }) => endpoint),
      Math.min(...since, Number.MAX_SAFE_INTEGER),
    ]);
    return rows.map(({ consumer, exchange_id: lastExchangeId }) => ({ subsystem: consumer, lastExchangeId }));
  }
}
