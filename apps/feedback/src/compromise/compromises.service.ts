import { newExchangeId, type Clock } from '#kernel';
import type { Database } from '#postgres';
import { commit, type CompromisedPayload, type TypedSubject } from '#signing';
import type { Caller } from '../caller/caller-auth.service.js';
import { ERASURE_LOCK } from '../ingest-lock.js';
import type { DataKey, PersonKeys } from '../key-store/person-keys.store.js';
import { tagAt, tagsOf } from '../key-store/person-tags.js';
import { epochTagKey } from '../key-store/tag.js';
import { keepOpening, openKept } from '../openings/kept-opening.js';
import type { OwnStatements } from '../statements/own-statements.service.js';
import { compromiseErrors } from './compromise.errors.js';
import type { CompromiseStore, KeptCompromise } from './compromise.store.js';

export interface CompromisesParts {
  readonly database: Database;
  readonly store: CompromiseStore;
  readonly keys: PersonKeys;
  readonly statements: OwnStatements;
  readonly clock: Clock;
  /** How long the statement is waited for until it stands in the log. */
  readonly settleMs: number;
}

/** Since when a person is compromised, and the leaf that says so. */
export interface Compromised {
  readonly since: string;
  readonly leaf: string;
  /** Where it stands; absent: no log has taken it in a day, and it is kept here alone. */
  readonly log?: string;
  readonly index?: number;
}

const MOST_PER_PERSON = 10;

/**
 * A person says that since some instant others have perhaps signed in as them. It is a leaf that names nobody, and a mark
 * in their history from then on. Only the earliest instant counts: a later one changes nothing and nothing ends it,
 * because whoever could end it might be who signed in. What crashes before the transaction is not there; after it, the
 * statement goes out until the log holds it.
 */
export class Compromises {
  constructor(private readonly parts: CompromisesParts) {}

  async say({ portal, person: { user } }: Caller, sinceMs: number): Promise<Compromised> {
    const { clock, statements, settleMs } = this.parts;
    // Also where it is no instant of the calendar.
    if (!(sinceMs >= 0 && sinceMs <= clock.now())) throw compromiseErrors.error('since-ahead');
    const said = await this.saidOf(user);
    const [earliest] = said;
    const stands = earliest !== undefined && earliest.sinceMs <= sinceMs;
    if (!stands && said.length >= MOST_PER_PERSON) throw compromiseErrors.error('compromised-too-often');
    const { leafHash, ...kept } = stands ? earliest : await this.add(user, portal, sinceMs);
    const settled = await statements.settled(leafHash, settleMs);
    return {
      since: new Date(kept.sinceMs).toISOString(),
      leaf: leafHash.toString('base64url'),
      ...(settled.ok ? settled.value : {}),
    };
  }

  /** Undefined: this person never said so, or was erased since. */
  async since(person: TypedSubject): Promise<number | undefined> {
    return (await this.saidOf(person))[0]?.sinceMs;
  }

  /** The earliest first. */
  private async saidOf(person: TypedSubject): Promise<KeptCompromise[]> {
    const { store, keys } = this.parts;
    const said = await store.find(tagsOf(person, await keys.epochs()));
    const dataKeys = await keys.find(said.map(({ key }) => key));
    return said.filter(({ key, leafHash, openingEnc }) => {
      const dataKey = dataKeys.get(epochTagKey(key));
      return dataKey !== undefined && openKept(dataKey, placeIn(leafHash), openingEnc) !== undefined;
    });
  }

  private async add(person: TypedSubject, portal: string, sinceMs: number): Promise<KeptCompromise> {
    const { database, store, keys, statements, clock } = this.parts;
    const nowMs = clock.now();
    const { commitment, opening } = commit('subject', person);
    const statement = await statements.sign<CompromisedPayload>({
      ...{ v: 1, t: 'subject.compromised', id: newExchangeId(), ts: nowMs },
      ...{ from: portal, subj: [commitment], until: sinceMs },
    });
    const { leafHash } = statement;
    const kept = await database.transaction(async (queries) => {
      await queries.query('SELECT pg_advisory_xact_lock_shared($1)', [ERASURE_LOCK]);
      const key = await tagAt(person, nowMs, keys);
      const dataKey = (await keys.ensure([key])).get(epochTagKey(key)) as DataKey;
      const row = { key, leafHash, sinceMs, openingEnc: keepOpening(dataKey.key, placeIn(leafHash), opening) };
      await store.add(queries, row, dataKey.id);
      await statements.keep(queries, statement);
      return row;
    });
    statements.wake();
    return kept;
  }
}

/** The leaf has one commitment. */
function placeIn(leafHash: Buffer) {
  return { exchange: leafHash, index: 0, kind: 'subject', position: 0 } as const;
}
