import type { Clock } from '#kernel';
import type { Database, Queries } from '#postgres';
import type { TypedSubject } from '#signing';
import type { Caller } from '../caller/caller-auth.service.js';
import { ownSubjects } from '../caller/own-subjects.js';
import { ERASURE_LOCK } from '../ingest-lock.js';
import type { DataKey, PersonKeys } from '../key-store/person-keys.store.js';
import { tagAt, tagsOf } from '../key-store/person-tags.js';
import { epochTagKey } from '../key-store/tag.js';
import { keepPreference, openPreference, type Preference } from './kept-preference.js';
import { notificationErrors } from './notifications.errors.js';
import type { PreferenceStore } from './preference.store.js';

export interface PreferencesParts {
  readonly database: Database;
  readonly store: PreferenceStore;
  readonly keys: PersonKeys;
  readonly clock: Clock;
}

/**
 * How persons want to be told, by portal. Where they are reached is not among it: the portal alone knows what its handle
 * stands for, and says it when something is sent.
 */
export class Preferences {
  constructor(private readonly parts: PreferencesParts) {}

  /** Of the end user, or of somebody whom they represent; what was said before is over. */
  async put(caller: Caller, subject: string | undefined, preference: Preference): Promise<Preference> {
    const { database, clock, keys } = this.parts;
    const [person] = ownSubjects(caller, subject) as [TypedSubject];
    const atMs = clock.now();
    const tagged = await tagAt(person, atMs, keys);
    await database.transaction(async (queries: Queries) => {
      await queries.query('SELECT pg_advisory_xact_lock_shared($1)', [ERASURE_LOCK]);
      const { id: keyId, key } = (await keys.ensure([tagged])).get(epochTagKey(tagged)) as DataKey;
      const { portal } = caller;
      const preferenceEnc = keepPreference(key, portal, preference);
      await this.parts.store.put(queries, tagged, { portal, keyId, preferenceEnc, atMs });
    });
    return preference;
  }

  async get(caller: Caller, subject: string | undefined): Promise<Preference> {
    const [person] = ownSubjects(caller, subject) as [TypedSubject];
    const found = await this.of(person, caller.portal);
    if (found === undefined) throw notificationErrors.error('preferences-unset');
    return found;
  }

  /** What was said last at that portal and still opens. */
  async of(person: TypedSubject, portal: string): Promise<Preference | undefined> {
    const { store, keys } = this.parts;
    const rows = await store.find(tagsOf(person, await keys.epochs()), portal);
    const dataKeys = await keys.find(rows.map(({ key }) => key));
    for (const { key, preferenceEnc } of rows) {
      const dataKey = dataKeys.get(epochTagKey(key));
      const opened = dataKey === undefined ? undefined : openPreference(dataKey, portal, preferenceEnc);
      if (opened !== undefined) return opened;
    }
    return undefined;
  }
}
