import { deadLetterRecord, type Bus, type OutgoingRecord } from '#bus';
import { fixedTopics, OpeningEnd } from '#contracts';
import { openOpening, type OpeningSessions } from '#openings';
import type { Database, Queries } from '#postgres';
import type { ClaimVerdict, ConcealmentClaims } from '../concealment/claims.service.js';
import { addConcealed, type ConcealedAccess } from '../concealment/concealed-access.store.js';
import type { ClaimFlaw } from '../concealment/judge-claim.js';
import { ERASURE_LOCK } from '../ingest-lock.js';
import type { DataKey, PersonKeys } from '../key-store/person-keys.store.js';
import { tagAt } from '../key-store/person-tags.js';
import { epochTagKey, type EpochTag } from '../key-store/tag.js';
import type { ErasedOpenings, TaggedRow } from './erased-openings.service.js';
import type { InboxStore, Lane, WaitingOpening } from './inbox.store.js';
import {
  addIndexRows,
  commitmentsOf,
  nameActors,
  setState,
  setWithheld,
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
  readonly erased: ErasedOpenings;
  readonly bus: Pick<Bus, 'publish'>;
  readonly sessions: OpeningSessions;
  readonly claims: Pick<ConcealmentClaims, 'judge'>;
  /** As the registry has it now; undefined: there is no snapshot yet, and openings wait. */
  readonly people: () => KindOfPerson | undefined;
  /** All that the logs showed last was taken in; until then an order that is not known yet may still come. */
  readonly isCaughtUp: () => boolean;
}

/** An opening that is put away, with the consumer whose statement it does not open. */
export interface Flawed {
  readonly flaw: OpeningFlaw;
  /** Of `concealment-false`: why the order conceals nothing. */
  readonly claim?: ClaimFlaw | undefined;
  readonly consumer: string | undefined;
  readonly exchangeId: string | undefined;
}

export interface Matched {
  readonly openings: number;
  readonly rows: number;
  readonly flawed: readonly Flawed[];
  /** There may be others, also where some of those that were looked at wait for their order. */
  readonly isFull: boolean;
}

interface Judged extends Judgement<StoredCommitment> {
  readonly waiting: WaitingOpening;
  readonly commitments: readonly StoredCommitment[];
  /** Leaf hash of the order that its call names. */
  readonly order?: Buffer | undefined;
  /** As it says itself. */
  readonly end: OpeningEnd;
  readonly claim?: ClaimFlaw | undefined;
  /** Of `opened`, in its order: until when each stays concealed. */
  readonly untilMs: readonly (number | undefined)[];
}

/** What an opening opens, before the order that it names was looked at. */
type Opened = Omit<Judged, 'claim' | 'untilMs'>;

/**
 * Turns openings into rows of the index. It promises one row for each commitment that anybody opens, however many openings
 * of it come, and that a row's key is committed before the row: one transaction takes openings out of the inbox and puts
 * rows into the index. Who acted is said by the first opening that says it, also where another made the row. What does
 * not open is put away on `dead.feedback`, sealed as it came, before it is let go.
 */
export class OpeningMatch {
  constructor(private readonly parts: OpeningMatchParts) {}

  /** The oldest `limit` openings of a lane whose leaves are there; waits while another matches that lane. */
  async match(limit: number, lane: Lane): Promise<Matched> {
    const { database, inbox, people } = this.parts;
    const kindOf = people();
    if (kindOf === undefined) return NOTHING;
    return database.transaction(async (queries) => {
      await queries.query('SELECT pg_advisory_xact_lock_shared($1)', [ERASURE_LOCK]);
      const waiting = await inbox.ready(queries, limit, lane);
      if (waiting.length === 0) return NOTHING;
      const isFollowed = this.parts.isCaughtUp();
      const judged = (await this.judge(queries, waiting, kindOf)).filter(
        ({ claim }) => isFollowed || claim !== 'order-unknown',
      );
      const opened = distinct(judged);
      const pending = await this.tagAll(opened.filter(({ commitment }) => commitment.isPending));
      const { open, closed, late } = await this.parts.erased.sort(pending);
      const rows = await this.rowsOf(open);
      const dead = this.parts.erased.rowsOf(late);
      if (rows.length + dead.length > 0) await addIndexRows(queries, [...rows, ...dead]);
      await setState(queries, closed, 'erased');
      await setWithheld(queries, withheldOf(open), true);
      await setWithheld(queries, broughtOf(opened), false);
      await addConcealed(queries, rows.flatMap(concealedAccess));
      const actors = await this.actorsOf(opened.filter(({ commitment }) => !commitment.isPending));
      if (actors.length > 0) await nameActors(queries, actors);
      const flawed = judged.filter(({ flaw }) => flaw !== undefined);
      await this.putAway(flawed.map(({ waiting: opening, flaw }) => ({ opening, flaw: flaw as OpeningFlaw })));
      const done = judged.map((one) => one.waiting);
      await inbox.remove(queries, done);
      await this.parts.erased.bury(dead);
      const isFull = waiting.length === limit && done.length > 0;
      return { openings: done.length, rows: rows.length, flawed: flawed.map(asFlawed), isFull };
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
    const statements = waiting.map(({ statement }) => statement);
    const byStatement = Map.groupBy(await commitmentsOf(queries, statements), ({ statement }) => nameOf(statement));
    const opened = await Promise.all(
      waiting.map(async (one): Promise<Opened> => {
        const commitments = byStatement.get(nameOf(one.statement)) ?? [];
        return { waiting: one, commitments, ...(await this.judgeOne(one.value, commitments, kindOf)) };
      }),
    );
    return this.judgeClaims(queries, opened);
  }

  /** Whether what was opened stays concealed. An order that conceals nothing delays nothing, and is told. */
  private async judgeClaims(queries: Queries, openings: readonly Opened[]): Promise<Judged[]> {
    const claims = openings.flatMap(({ order, opened }) =>
      order === undefined ? [] : opened.map(({ commitment }) => ({ order, commitment })),
    );
    const verdicts = (await this.parts.claims.judge(queries, claims)).values();
    return openings.map((opening) => {
      if (opening.order === undefined) return { ...opening, untilMs: [] };
      const own = opening.opened.map(() => verdicts.next().value as ClaimVerdict);
      const claim = own.flatMap((verdict) => ('flaw' in verdict ? [verdict.flaw] : [])).at(0);
      const untilMs = own.map((verdict) => ('flaw' in verdict ? undefined : verdict.untilMs));
      return { ...opening, claim, untilMs, flaw: claim === undefined ? opening.flaw : 'concealment-false' };
    });
  }

  private async judgeOne(
    value: Buffer,
    commitments: readonly StoredCommitment[],
    kindOf: KindOfPerson,
  ): Promise<Pick<Opened, 'opened' | 'flaw' | 'order' | 'end'>> {
    const [first] = commitments;
    const end = OpeningEnd.UNSPECIFIED;
    if (first === undefined) return { opened: [], flaw: 'leaf-unknown', end };
    const opening = await openOpening(value, this.parts.sessions);
    if (!opening.ok) return { opened: [], flaw: opening.reason, end };
    const { exchangeId, content } = opening.value;
    if (exchangeId !== first.exchangeId) return { opened: [], flaw: 'opening-foreign', end };
    const order = content.concealment.length === 0 ? undefined : Buffer.from(content.concealment);
    return { ...judgeOpening(content, commitments, kindOf), order, end: content.end };
  }

  private tagAll(rows: readonly OpenedRow[]): Promise<(OpenedRow & TaggedRow)[]> {
    return Promise.all(rows.map(async (row) => ({ ...row, at: await this.tagged(row) })));
  }

  private async rowsOf(open: readonly (OpenedRow & TaggedRow)[]): Promise<IndexRow[]> {
    const keys = await this.parts.keys.ensure(open.map(({ at }) => at));
    return open.map(({ opening, at, ...row }) => {
      const { id: keyId, key } = keys.get(epochTagKey(at)) as DataKey;
      return { ...at, ...row, keyId, openingEnc: keepOpening(key, row.commitment, opening) };
    });
  }

  /** Where nobody acted, every opening of the row knows it. */
  private actorsOf(indexed: readonly OpenedRow[]): Promise<KnownActor[]> {
    const telling = indexed.filter(({ endUser }) => endUser !== 'unknown' && endUser !== 'none');
    return Promise.all(
      telling.map(async (opened) => {
        const { commitment, endUser } = opened;
        return { ...(await this.tagged(opened)), commitment, endUser };
      }),
    );
  }

  private async tagged({ commitment, opening, concealed }: OpenedRow): Promise<EpochTag> {
    return { ...(await tagAt(opening, commitment.tsMs, this.parts.keys)), concealedUntilMs: concealed?.untilMs };
  }

  /** Before the inbox lets go: a crash in between puts them away twice. */
  private async putAway(doomed: readonly { opening: WaitingOpening; flaw: OpeningFlaw }[]): Promise<void> {
    if (doomed.length > 0) await this.parts.bus.publish(doomed.map(({ opening, flaw }) => deadLetter(opening, flaw)));
  }
}

const NOTHING: Matched = { openings: 0, rows: 0, flawed: [], isFull: false };

/** A row to be, or one that there is, with the opening still in the open. */
type OpenedRow = OpenedCommitment<StoredCommitment> &
  Pick<IndexRow, 'concealed'> & {
    /** The provider's end has opened it, and no other. */
    readonly isOneSided: boolean;
  };

/**
 * Each commitment that somebody opens, once. Both ends open it: what only one of them knows of who acted, or says of an
 * order that conceals it, holds.
 */
function distinct(judged: readonly Judged[]): OpenedRow[] {
  const rows = new Map<string, OpenedRow>();
  for (const row of judged.flatMap(openedRows)) {
    const name = placeName(row.commitment);
    const known = rows.get(name);
    const endUser = row.endUser === 'unknown' ? (known?.endUser ?? 'unknown') : row.endUser;
    const isOneSided = row.isOneSided && known?.isOneSided !== false;
    rows.set(name, { ...row, endUser, isOneSided, concealed: known?.concealed ?? row.concealed });
  }
  return [...rows.values()];
}

function openedRows({ opened, order, untilMs, end }: Judged): OpenedRow[] {
  return opened.map((one, at) => {
    const until = untilMs[at];
    return {
      ...one,
      isOneSided: end === OpeningEnd.PROVIDER,
      concealed: order === undefined || until === undefined ? undefined : { by: order, untilMs: until },
    };
  });
}

/**
 * Of a request the consumer's end knows everything, and has stated it. Of an answer it knows nothing before it has read
 * it, and is asked for nothing.
 */
function withheldOf(rows: readonly OpenedRow[]): StoredCommitment[] {
  return rows.flatMap(({ commitment, isOneSided }) =>
    isOneSided && commitment.statement.equals(commitment.exchange) ? [commitment] : [],
  );
}

/** What the consumer's end has brought behind the other. */
function broughtOf(rows: readonly OpenedRow[]): StoredCommitment[] {
  return rows.flatMap(({ commitment, isOneSided }) => (commitment.isWithheld && !isOneSided ? [commitment] : []));
}

function concealedAccess({ commitment, concealed }: IndexRow): ConcealedAccess[] {
  return concealed === undefined ? [] : [{ commitment, leafHash: concealed.by, untilMs: concealed.untilMs }];
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

function asFlawed({ flaw, claim, commitments: [first] }: Judged): Flawed {
  return { flaw: flaw as OpeningFlaw, claim, consumer: first?.consumer, exchangeId: first?.exchangeId };
}

function placeName({ logId, index, kind, position }: StoredCommitment): string {
  return `${logId}/${index}/${kind}/${position}`;
}

function nameOf(statement: Buffer): string {
  return statement.toString('latin1');
}
