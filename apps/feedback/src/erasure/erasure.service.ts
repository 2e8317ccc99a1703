import type { Clock } from '#kernel';
import type { Queries } from '#postgres';
import type { TypedSubject } from '#signing';
import type { DoomedKey, DoomedKeys } from '../key-store/doomed-keys.store.js';
import type { ErasureMark, ErasureMarks } from '../key-store/erasure-marks.store.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import { tagsOf } from '../key-store/person-tags.js';
import { tagOf } from '../key-store/tag.js';
import type { OwnStatements } from '../statements/own-statements.service.js';
import { erasurePayload, KEYS_PER_STATEMENT, refOfKeys } from './erasure-ref.js';
import type { ClosedCommitment, ErasureStore, LeafTime } from './erasure.store.js';

export interface ErasureParts {
  readonly store: ErasureStore;
  readonly keys: Pick<PersonKeys, 'epochs' | 'epochKey' | 'doom'>;
  readonly doomed: DoomedKeys;
  readonly marks: Pick<ErasureMarks, 'add' | 'any' | 'letGo'>;
  readonly statements: Pick<OwnStatements, 'sign' | 'keep' | 'wake'>;
  readonly clock: Clock;
  /** Commitments that were erased, as it is done. */
  readonly erased: (commitments: number) => void;
}

const DAY_MS = 24 * 60 * 60_000;
/** Gateways keep openings for 30 days at most, Kafka for two: nobody sends one that is older. */
const CLOSED_FOR_MS = 33 * DAY_MS;
const KEYS_PER_PAGE = 1_000;
/** Each look asks every log for each day of which an opening can come. */
const MARKS_PAUSE_MS = 10_000;
const RESTATED_AT_ONCE = 100;
const NOTHING = Buffer.alloc(0);

/**
 * Makes a person's records unreadable, for ever (`audit-log.md` §4.4). It promises that what was erased stays erased over
 * crashes and restores, and that the log tells of it, with a count and random ids and nothing that names anybody. It
 * never touches a leaf, nor another person's row, nor what is still concealed: that is under keys of its own, and neither
 * the answer nor the count in the log tells of it.
 *
 * The order, and what a crash behind each step leaves:
 * 0. Alone with the index: where commitments are unopened, it is marked how far the erasure holds, so that what opens one
 *    later is erased as it comes (`ErasedOpenings`). A crash here leaves rows that are shown still; the person was not
 *    answered and asks again.
 * 1. The person's data keys are destroyed; in the same statement their ids are kept among the doomed. From here on
 *    nothing opens, whatever happens: `shred` goes on where this ended, also in another process.
 * 2. Alone with the index: their commitments are marked, kept closed in the database of the keys, counted, and the
 *    statement is kept, in one transaction. It comes into the log whatever crashes (`OwnStatements`).
 * 3. The rows are deleted. A crash before leaves rows that open nothing; they are deleted by the next `shred`.
 * 4. The followed log shows the statement: the ids are known for ever, and the doomed ones forgotten (`replay`).
 */
export class Erasure {
  /** Doomed keys whose rows are gone, in hex; each until the log tells of it. A restart does them again, to no effect. */
  private readonly shredded = new Set<string>();
  /** When marks are looked through next; written by `letGo`. */
  private marksAgainMs = 0;

  constructor(private readonly parts: ErasureParts) {}

  /** Erases these persons. Whoever asks has shown that they may. Leaf hashes of the statements that tell of it. */
  async erase(subjects: readonly TypedSubject[]): Promise<Buffer[]> {
    await this.mark(subjects);
    const epochs = await this.parts.keys.epochs();
    const tags = subjects.flatMap((subject) => tagsOf(subject, epochs));
    const shown = await this.parts.store.concealedBefore(tags, this.parts.clock.now());
    return this.shredKeys(await this.parts.keys.doom([...tags, ...shown]));
  }

  /** Ends what was begun: rows of doomed keys, wherever a crash left them. */
  async shred(): Promise<void> {
    for (let after: Buffer | undefined = NOTHING; after !== undefined;) {
      const page: DoomedKey[] = await this.parts.doomed.after(after, KEYS_PER_PAGE);
      await this.shredKeys(page.filter(({ id }) => !this.shredded.has(id.toString('hex'))));
      after = page.length < KEYS_PER_PAGE ? undefined : page.at(-1)?.id;
    }
  }

  /**
   * Does again what the log says was erased: after a restore keys of those ids, and rows under them, may be back. In
   * quiet times it finds what `shred` has left, which is nothing. How many keys.
   */
  async replay(): Promise<number> {
    const { store, doomed } = this.parts;
    const ids = await store.due(KEYS_PER_PAGE);
    if (ids.length === 0) return 0;
    const known = await doomed.destroy(ids);
    await this.closeStated(known);
    const found = new Set(known.map(({ id }) => id.toString('hex')));
    const unknown = ids.filter((id) => !found.has(id.toString('hex')));
    if (unknown.length > 0) for await (const keys of store.walk(unknown)) await this.closeStated(keys);
    await store.deleteNamed(unknown);
    await doomed.forget(ids);
    await store.done(ids);
    for (const id of ids) this.shredded.delete(id.toString('hex'));
    return ids.length;
  }

  /** At the start: the database of the keys may be an older one than ours. */
  async destroyAgain(): Promise<void> {
    const { store, doomed } = this.parts;
    for (let after: Buffer | undefined = NOTHING; after !== undefined;) {
      const ids: Buffer[] = await store.erased(after, KEYS_PER_PAGE);
      await this.closeStated(await doomed.destroy(ids));
      await doomed.forget(ids);
      after = ids.length < KEYS_PER_PAGE ? undefined : ids.at(-1);
    }
  }

  /** Makes anew what no log has taken in a day; else nobody would ever be told. */
  async restate(): Promise<number> {
    const { store, statements, clock } = this.parts;
    const count = await store.transaction(async (queries) => {
      const open = await store.givenUp(queries, RESTATED_AT_ONCE);
      for (const { leafHash, origin, n, ref } of open) {
        const statement = await statements.sign(erasurePayload(origin, n, ref, clock.now()));
        await statements.keep(queries, statement);
        await store.restated(queries, leafHash, statement.leafHash);
      }
      return open.length;
    });
    if (count > 0) statements.wake();
    return count;
  }

  /** What is remembered of openings that can come no more. */
  async letGo(): Promise<void> {
    const { store, doomed, marks, clock } = this.parts;
    const nowMs = clock.now();
    await doomed.letGo(nowMs, KEYS_PER_PAGE);
    if (nowMs < this.marksAgainMs || !(await marks.any())) return;
    await marks.letGo(await store.openedTo(openable(nowMs)), nowMs);
    this.marksAgainMs = nowMs + MARKS_PAUSE_MS;
  }

  /**
   * Alone: what was opened before has its row under a key that is doomed next, and what is opened afterwards finds the
   * mark. What the log has and feedback had not followed yet is not marked: better shown than hidden. Nor is what is too
   * old for any opening.
   */
  private mark(subjects: readonly TypedSubject[]): Promise<void> {
    const { store, keys, marks, clock } = this.parts;
    return store.alone(async (queries) => {
      const erasedMs = clock.now();
      const made = (await store.unopened(queries, openable(erasedMs))).map(
        async ({ epoch, ...log }): Promise<ErasureMark[]> => {
          const key = await keys.epochKey(epoch);
          return subjects.map((subject) => ({ ...log, epoch, tag: tagOf(key, subject), erasedMs }));
        },
      );
      await marks.add((await Promise.all(made)).flat(), erasedMs + CLOSED_FOR_MS);
    });
  }

  private async shredKeys(keys: readonly DoomedKey[]): Promise<Buffer[]> {
    const leaves: Buffer[] = [];
    for (let at = 0; at < keys.length; at += KEYS_PER_STATEMENT) {
      const batch = keys.slice(at, at + KEYS_PER_STATEMENT);
      leaves.push(...(await this.close(batch, (queries, closed) => this.state(queries, batch, closed))));
      for (const { id } of batch) this.shredded.add(id.toString('hex'));
    }
    if (leaves.length > 0) this.parts.statements.wake();
    return leaves;
  }

  /** For keys of whose end the log tells already. */
  private async closeStated(keys: readonly DoomedKey[]): Promise<void> {
    if (keys.length > 0) await this.close(keys, () => Promise.resolve([]));
  }

  private async close(
    keys: readonly DoomedKey[],
    state: (queries: Queries, closed: readonly ClosedCommitment[]) => Promise<Buffer[]>,
  ): Promise<Buffer[]> {
    const { store, doomed, clock, erased } = this.parts;
    const { closed, leaves } = await store.alone(async (queries) => {
      const marked = await store.closeCommitments(queries, keys);
      // Committed before the marks are: a crash in between closes them once more.
      await doomed.close(
        marked.map(({ value }) => value),
        clock.now() + CLOSED_FOR_MS,
      );
      return { closed: marked.length, leaves: await state(queries, marked) };
    });
    await store.deleteRows(keys);
    if (closed > 0) erased(closed);
    return leaves;
  }

  /**
   * One statement for each log that has leaves about the person; and one, of no leaf, for keys under which only links,
   * questions or the like lay: else a restore would bring those back.
   */
  private async state(
    queries: Queries,
    batch: readonly DoomedKey[],
    closed: readonly ClosedCommitment[],
  ): Promise<Buffer[]> {
    const { store, statements, clock } = this.parts;
    const told = await store.stating(queries);
    for (const { keyId } of closed) told.add(keyId.toString('hex'));
    const untold = batch.filter(({ id }) => !told.has(id.toString('hex'))).map(({ id }) => id);
    const log = untold.length === 0 ? undefined : await store.newestLog(queries);
    const leaves: Buffer[] = [];
    const add = async (of: { readonly logId: number; readonly origin: string }, n: number, ids: readonly Buffer[]) => {
      const ref = refOfKeys([...ids].sort((a, b) => a.compare(b)));
      const statement = await statements.sign(erasurePayload(of.origin, n, ref, clock.now()));
      await statements.keep(queries, statement);
      await store.addErasure(queries, { leafHash: statement.leafHash, logId: of.logId, n, ref });
      leaves.push(statement.leafHash);
    };
    if (log !== undefined) await add(log, 0, untold);
    for (const ofLog of Map.groupBy(closed, ({ logId }) => logId).values()) {
      const [one] = ofLog as [ClosedCommitment];
      const ids = new Map(ofLog.map(({ keyId }) => [keyId.toString('hex'), keyId]));
      await add(one, ofLog.length, [...ids.values()]);
    }
    return leaves;
  }
}

/**
 * Leaves whose openings can still come: a commitment that nobody ever opens holds up marks of its log for that time, and
 * not for ever. Intake takes no leaf that is minutes ahead of it; clocks may differ by a day here.
 */
function openable(nowMs: number): LeafTime {
  return { fromMs: nowMs - CLOSED_FOR_MS, toMs: nowMs + DAY_MS };
}
