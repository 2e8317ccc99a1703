import { deadLetterRecord, type Bus, type OutgoingRecord } from '#bus';
import { fixedTopics } from '#contracts';
import { openOpening, readSealedOpening, type OpeningSessions } from '#openings';
import type { Database, Queries } from '#postgres';
import { ERASURE_LOCK } from '../ingest-lock.js';
import { epochOf } from '../key-store/epoch.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { epochTagKey, tagOf, type EpochTag } from '../key-store/tag.js';
import type { InboxStore, WaitingOpening } from './inbox.store.js';
import {
  addIndexRows,
  commitmentsOf,
  nameActors,
  type IndexRow,
  type KnownActor,
  type StoredCommitment,
} from './index-row.store.js';
import { judgeOpening, type Judgement, type KindOfPerson, type OpenedCommitment } from './judge-opening.js';
import { keepOpening } from './kept-opening.js';
import type { OpeningFlaw } from './opening-flaw.js';

export interface OpeningMatchParts {
  readonly database: Database;
  readonly inbox: InboxStore;
  readonly keys: PersonKeys;
  readonly bus: Pick<Bus, 'publish'>;
  readonly sessions: OpeningSessions;
  /** As the registry has it now; undefined: there is no snapshot yet, and openings wait. */
  readonly people: () => KindOfPerson | undefined;
}

/** An opening that is put away, with the consumer whose statement it does not open. */
export interface Flawed {
  readonly flaw: OpeningFlaw;
  readonly consumer: string | undefined;
  readonly exchangeId: string | undefined;
}

export interface Matched {
  readonly openings: number;
  readonly rows: number;
  readonly flawed: readonly Flawed[];
}

interface Judged extends Judgement<StoredCommitment> {
  readonly waiting: WaitingOpening;
  readonly commitments: readonly StoredCommitment[];
}

/**
 * Turns openings into rows of the index. It promises one row for each commitment that anybody opens, however many openings
 * of it come, and that a row's key is committed before the row: one transaction takes openings out of the inbox and puts
 * rows into the index. Who acted is said by the first opening that says it, also where another made the row. What does
 * not open is put away on `dead.feedback`, sealed as it came, before it is let go.
 */
export class OpeningMatch {
  constructor(private readonly parts: OpeningMatchParts) {}

  /** The oldest `limit` openings whose leaves are there. */
  async match(limit: number): Promise<Matched> {
    const { database, inbox, people } = this.parts;
    const kindOf = people();
    if (kindOf === undefined) return NOTHING;
    return database.transaction(async (queries) => {
      await queries.query('SELECT pg_advisory_xact_lock_shared($1)', [ERASURE_LOCK]);
      const waiting = await inbox.ready(queries, limit);
      if (waiting.length === 0) return NOTHING;
      const judged = await this.judge(queries, waiting, kindOf);
      const opened = distinct(judged);
      const rows = await this.rowsOf(opened.filter(({ commitment }) => commitment.isPending));
      if (rows.length > 0) await addIndexRows(queries, rows);
      const actors = await this.actorsOf(opened.filter(({ commitment }) => !commitment.isPending));
      if (actors.length > 0) await nameActors(queries, actors);
      const flawed = judged.filter(({ flaw }) => flaw !== undefined);
      await this.putAway(flawed.map(({ waiting: opening, flaw }) => ({ opening, flaw: flaw as OpeningFlaw })));
      await inbox.remove(queries, waiting);
      return { openings: waiting.length, rows: rows.length, flawed: flawed.map(asFlawed) };
    });
  }

  /** Lets go of openings whose leaf has not come by `beforeMs`; how many they were. */
  async expire(beforeMs: number, limit: number): Promise<number> {
    const { database, inbox } = this.parts;
    return database.transaction(async (queries) => {
      const expired = await inbox.expired(queries, beforeMs, limit);
      await this.putAway(expired.map((opening) => ({ opening, flaw: 'leaf-unknown' as const })));
      if (expired.length > 0) await inbox.remove(queries, expired);
      return expired.length;
    });
  }

  private async judge(queries: Queries, waiting: readonly WaitingOpening[], kindOf: KindOfPerson): Promise<Judged[]> {
    const read = waiting.map((one) => readSealedOpening(one.value));
    const statements = read.flatMap((one) => (one.ok ? [one.value.statementHash] : []));
    const byStatement = Map.groupBy(await commitmentsOf(queries, statements), ({ statement }) => nameOf(statement));
    return Promise.all(
      waiting.map(async (one, at): Promise<Judged> => {
        const named = read[at];
        const commitments = named?.ok === true ? (byStatement.get(nameOf(named.value.statementHash)) ?? []) : [];
        return { waiting: one, commitments, ...(await this.judgeOne(one.value, commitments, kindOf)) };
      }),
    );
  }

  private async judgeOne(
    value: Buffer,
    commitments: readonly StoredCommitment[],
    kindOf: KindOfPerson,
  ): Promise<Judgement<StoredCommitment>> {
    const [first] = commitments;
    if (first === undefined) return { opened: [], flaw: 'leaf-unknown' };
    const opening = await openOpening(value, this.parts.sessions);
    if (!opening.ok) return { opened: [], flaw: opening.reason };
    const { exchangeId, content } = opening.value;
    if (exchangeId !== first.exchangeId) return { opened: [], flaw: 'opening-foreign' };
    return judgeOpening(content, commitments, kindOf);
  }

  private async rowsOf(pending: readonly OpenedCommitment<StoredCommitment>[]): Promise<IndexRow[]> {
    const tagged = await Promise.all(pending.map(async (opened) => ({ opened, at: await this.tagged(opened) })));
    const keys = await this.parts.keys.ensure(tagged.map(({ at }) => at));
    return tagged.map(({ opened: { commitment, opening, endUser }, at }) => {
      const key = keys.get(epochTagKey(at)) as Buffer;
      return { ...at, commitment, endUser, openingEnc: keepOpening(key, commitment, opening) };
    });
  }

  /** Where nobody acted, every opening of the row knows it. */
  private actorsOf(indexed: readonly OpenedCommitment<StoredCommitment>[]): Promise<KnownActor[]> {
    const telling = indexed.filter(({ endUser }) => endUser !== 'unknown' && endUser !== 'none');
    return Promise.all(
      telling.map(async (opened) => {
        const { commitment, endUser } = opened;
        return { ...(await this.tagged(opened)), commitment, endUser };
      }),
    );
  }

  private async tagged({ commitment, opening }: OpenedCommitment<StoredCommitment>): Promise<EpochTag> {
    const epoch = epochOf(commitment.tsMs);
    return { epoch, tag: tagOf(await this.parts.keys.epochKey(epoch), opening) };
  }

  /** Before the inbox lets go: a crash in between puts them away twice. */
  private async putAway(doomed: readonly { opening: WaitingOpening; flaw: OpeningFlaw }[]): Promise<void> {
    if (doomed.length > 0) await this.parts.bus.publish(doomed.map(({ opening, flaw }) => deadLetter(opening, flaw)));
  }
}

const NOTHING: Matched = { openings: 0, rows: 0, flawed: [] };

/** Each commitment that somebody opens, once; of its openings one that knows who acted. */
function distinct(judged: readonly Judged[]): OpenedCommitment<StoredCommitment>[] {
  const opened = new Map<string, OpenedCommitment<StoredCommitment>>();
  for (const one of judged.flatMap((each) => each.opened)) {
    const name = placeName(one.commitment);
    if (one.endUser !== 'unknown' || !opened.has(name)) opened.set(name, one);
  }
  return [...opened.values()];
}

function deadLetter({ value, partition, offset, atMs }: WaitingOpening, flaw: OpeningFlaw): OutgoingRecord {
  const record = {
    topic: fixedTopics.opening.name,
    partition,
    offset,
    timestampMs: atMs,
    key: null,
    value,
    headers: {},
  };
  return deadLetterRecord(fixedTopics.deadFeedback.name, record, flaw);
}

function asFlawed({ flaw, commitments: [first] }: Judged): Flawed {
  return { flaw: flaw as OpeningFlaw, consumer: first?.consumer, exchangeId: first?.exchangeId };
}

function placeName({ logId, index, kind, position }: StoredCommitment): string {
  return `${logId}/${index}/${kind}/${position}`;
}

function nameOf(statement: Buffer): string {
  return statement.toString('latin1');
}
