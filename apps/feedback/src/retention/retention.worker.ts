import type { Clock } from '#kernel';
import { Rounds } from '#platform';
import { publicDigest } from '#snapshot';
import { erasurePayload, refOfRetention } from '../erasure/erasure-ref.js';
import type { ErasureStore } from '../erasure/erasure.store.js';
import { epochOf } from '../key-store/epoch.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import type { OwnStatements } from '../statements/own-statements.service.js';
import { wasShown, type RetentionClasses } from './retention-class.js';
import type { KeptRow, OpenPass, RetentionStore } from './retention.store.js';

export interface RetentionParts {
  readonly store: RetentionStore;
  readonly erasures: Pick<ErasureStore, 'addErasure'>;
  readonly keys: Pick<PersonKeys, 'destroyUpTo'>;
  readonly statements: Pick<OwnStatements, 'sign' | 'keep' | 'wake'>;
  readonly classes: RetentionClasses;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** The log was followed to its end: what it says was deleted is known. */
  readonly isFollowed: () => boolean;
  readonly erased: (commitments: number) => void;
  readonly failed: (cause: unknown) => void;
}

const ROWS_PER_PAGE = 2_000;
const KEYS_AT_ONCE = 1_000;
const NOT_FOLLOWED_MS = 5_000;

/**
 * Deletes accesses that are older than their class says, and states for each class and log how many, until which instant:
 * the certificate of deletion (`audit-log.md` §4.4). What is concealed waits until it has been shown. A crash leaves rows
 * for the next pass, and in `retention_pass` what was deleted and not certified. After a restore rows come back that the
 * log says were deleted: they go again, and are not counted again.
 */
export class RetentionWorker {
  private readonly rounds: Rounds;

  constructor(private readonly parts: RetentionParts) {
    this.rounds = new Rounds(() => this.round(), parts.failed, parts.intervalMs);
  }

  start(): void {
    this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  private async round(): Promise<number> {
    const { store, classes, clock, intervalMs, isFollowed } = this.parts;
    if (!isFollowed()) return Math.min(intervalMs, NOT_FOLLOWED_MS);
    const nowMs = clock.now();
    const certified = await store.certified();
    const lastEpoch = epochOf(nowMs - classes.shortestMs);
    for (let after: KeptRow | undefined, isEnd = false; !isEnd;) {
      // Ended in the middle, a pass certifies nothing; the next one goes on from the first row that is left.
      if (this.rounds.isStopping) return intervalMs;
      const rows: KeptRow[] = await store.page(after, lastEpoch, ROWS_PER_PAGE);
      await this.delete(
        rows.filter((row) => this.isDue(row, nowMs)),
        nowMs,
        certified,
      );
      after = rows.at(-1);
      isEnd = rows.length < ROWS_PER_PAGE;
    }
    await this.certify();
    await this.destroyKeys(nowMs);
    return intervalMs;
  }

  private isDue({ purpose, tsMs, concealedUntilMs }: KeptRow, nowMs: number): boolean {
    return tsMs < nowMs - this.parts.classes.of(purpose).keepMs && wasShown(concealedUntilMs, nowMs);
  }

  private async delete(due: readonly KeptRow[], nowMs: number, certified: ReadonlyMap<string, number>): Promise<void> {
    if (due.length === 0) return;
    const { store, erased } = this.parts;
    const closed = await store.transaction(async (queries) => {
      const marked = await store.close(queries, due);
      const fresh = marked.filter((row) => !this.isCertified(row, certified));
      await store.addToPasses(queries, this.passesOf(fresh, nowMs));
      return marked.length;
    });
    await store.deleteRows(due);
    erased(closed);
  }

  private isCertified({ origin, purpose, tsMs, concealedUntilMs }: KeptRow, certified: ReadonlyMap<string, number>) {
    const { name, keepMs } = this.parts.classes.of(purpose);
    const untilMs = certified.get(`${publicDigest(origin)} ${name}`) ?? -Infinity;
    return tsMs < untilMs && wasShown(concealedUntilMs, untilMs + keepMs);
  }

  private passesOf(rows: readonly KeptRow[], nowMs: number): OpenPass[] {
    const passes = Map.groupBy(rows, ({ logId, purpose }) => `${logId} ${this.parts.classes.of(purpose).name}`);
    return [...passes.values()].map((ofClass) => {
      const [{ logId, origin, purpose }] = ofClass as [KeptRow];
      const { name, keepMs } = this.parts.classes.of(purpose);
      return { logId, origin, name, untilMs: nowMs - keepMs, n: ofClass.length };
    });
  }

  private async certify(): Promise<void> {
    const { store, erasures, statements, clock } = this.parts;
    const certifyOne = () =>
      store.transaction(async (queries) => {
        const pass = await store.takePass(queries);
        if (pass === undefined) return false;
        const ref = refOfRetention(pass.name, pass.untilMs);
        const statement = await statements.sign(erasurePayload(pass.origin, pass.n, ref, clock.now()));
        await statements.keep(queries, statement);
        await erasures.addErasure(queries, { leafHash: statement.leafHash, logId: pass.logId, n: pass.n, ref });
        return true;
      });
    while (await certifyOne()) statements.wake();
  }

  /** Of epochs that are over for every class, and of which no row is left. */
  private async destroyKeys(nowMs: number): Promise<void> {
    const { store, keys, classes } = this.parts;
    const lastEpoch = epochOf(nowMs - classes.longestMs) - 1;
    if (await store.holds(lastEpoch)) return;
    await store.deleteWishes(lastEpoch);
    while ((await keys.destroyUpTo(lastEpoch, KEYS_AT_ONCE)) === KEYS_AT_ONCE);
  }
}
