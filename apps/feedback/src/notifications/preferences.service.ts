import type { Clock } from '#kernel';
import type { Database, Queries } from '#postgres';
import type { TypedSubject } from '#signing';
import type { Caller } from '../caller/caller-auth.service.js';
import { ownSubjects } from '../caller/own-subjects.js';
import { ERASURE_LOCK } from '../ingest-lock.js';
import type { DataKey, PersonKeys } from '../key-store/person-keys.store.js';
import { epochOf } from '../key-store/epoch.js';
import { tagAt, tagsOf } from '../key-store/person-tags.js';
import { epochTagKey, type EpochTag } from '../key-store/tag.js';
import { keepPreference, openPreference, type Preference } from './kept-preference.js';
import { notificationErrors } from './notifications.errors.js';
import type { PreferenceRow, PreferenceStore } from './preference.store.js';

interface Opened extends PreferenceRow {
  readonly preference: Preference;
}

export interface PreferencesParts {
  readonly database: Database;
  readonly store: PreferenceStore;
  readonly keys: PersonKeys;
  readonly clock: Clock;
}

/**
 * How persons want to be told, by portal. Where they are reached is not among it: the portal alone knows what its handle
 * stands for, and says it when something is sent. They lie under the key of the quarter in which they were said or used
 * last, so that no old key is kept for their sake: what nobody has touched for as long as keys live lapses with its key.
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
    // A crash before this leaves older rows, which are read after the new one and go with the next change or use.
    await this.parts.store.eraseOthers(tagsOf(person, await keys.epochs()), caller.portal, tagged);
    return preference;
  }

  async get(caller: Caller, subject: string | undefined): Promise<Preference> {
    const [person] = ownSubjects(caller, subject) as [TypedSubject];
    const found = await this.of(person, caller.portal);
    if (found === undefined) throw notificationErrors.error('preferences-unset');
    return found;
  }

  /** What was said last at that portal and still opens; from now on it lies under the key of this quarter. */
  async of(person: TypedSubject, portal: string): Promise<Preference | undefined> {
    const { keys, clock } = this.parts;
    const tags = tagsOf(person, await keys.epochs());
    const found = await this.opened(tags, portal);
    if (found !== undefined && found.key.epoch < epochOf(clock.now())) await this.move(person, portal);
    return found?.preference;
  }

  private async opened(tags: readonly EpochTag[], portal: string, queries?: Queries): Promise<Opened | undefined> {
    const { store, keys } = this.parts;
    const rows = await store.find(tags, portal, queries);
    const dataKeys = await keys.find(rows.map(({ key }) => key));
    for (const row of rows) {
      const dataKey = dataKeys.get(epochTagKey(row.key));
      const preference = dataKey === undefined ? undefined : openPreference(dataKey, portal, row.preferenceEnc);
      if (preference !== undefined) return { ...row, preference };
    }
    return undefined;
  }

  /**
   * Writes them anew under the key of this quarter. That key is made before the old one is looked for: an erasure that
   * destroyed the old one earlier leaves nothing to move, and one that comes later destroys both.
   */
  private async move(person: TypedSubject, portal: string): Promise<void> {
    const { database, store, keys, clock } = this.parts;
    const tagged = await tagAt(person, clock.now(), keys);
    const tags = tagsOf(person, await keys.epochs());
    await database.transaction(async (queries: Queries) => {
      await queries.query('SELECT pg_advisory_xact_lock_shared($1)', [ERASURE_LOCK]);
      const { id: keyId, key } = (await keys.ensure([tagged])).get(epochTagKey(tagged)) as DataKey;
      const found = await this.opened(tags, portal, queries);
      if (found === undefined) return;
      const preferenceEnc = keepPreference(key, portal, found.preference);
      await store.move(queries, tagged, { portal, keyId, preferenceEnc, atMs: found.changedMs });
    });
    await store.eraseOthers(tags, portal, tagged);
  }
}
