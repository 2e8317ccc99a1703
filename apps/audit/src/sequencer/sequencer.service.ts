import type { AppError } from '#kernel';
import type { Logger } from '#platform';
import {
  checkpointText,
  EMPTY_ROOT,
  GrowingTree,
  signNote,
  type Extension,
  type NoteKey,
  type NoteSigner,
} from '#tlog';
import { checkHead, type StoredEdge } from './head-check.js';
import type { LogHead } from './log-head.js';
import type { LogStore, NewLeaf, NewManifest } from './log.store.js';
import { sequencerErrors } from './sequencer.errors.js';

/** One window of the shard, as it is written. */
export interface SequencedLog {
  readonly store: LogStore;
  readonly signer: NoteSigner;
  readonly key: NoteKey;
  /**
   * Compares a log of that size with what others remember of it; rejects if it is not the same, or cannot be told.
   * `isContinued`: it was compared in this epoch, and is byte for byte what we have made of it since.
   */
  readonly compare: (size: number, isContinued: boolean) => Promise<void>;
}

export interface SequencerOptions extends SequencedLog {
  readonly logger: Logger;
  /** Topic whose offsets the head carries. */
  readonly topic: string;
  /** The newest window of the shard, if it is not the one in hand: another process may have rotated (§3.7). */
  readonly newest?: (inHand: number) => Promise<SequencedLog | undefined>;
}

/** A batch after its commit: what receipts are made from. */
export interface Appended {
  readonly extension: Extension;
  readonly note: string;
}

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 2_000;

/**
 * The single writer of one log (`audit-log.md` §3.3–3.4). It promises that what `append` returns is committed, that
 * nothing it signed leaves it before that, and that it appends nothing once another owner has taken over. It never
 * repairs: a stored log that does not agree with its signed head is not extended.
 *
 * A crash before the commit leaves nothing; a crash after it leaves leaves whose receipts were not sent: stamps that
 * are sent again are duplicates then, and get receipts.
 */
export class Sequencer {
  /** In which the log is ours; set by `claim`, forgotten when we are fenced or let it go. */
  private epoch: bigint | undefined;
  /** The head and tree that the next batch extends; set by `takeOver`, moved by `append` after its commit. */
  private owned: { readonly head: LogHead; readonly tree: GrowingTree } | undefined;
  /** What we compared and then committed in this epoch; set by `takeOver` and `append`, forgotten with the epoch. */
  private known: LogHead | undefined;
  private stopped = false;
  /** What was found damaged; set by `condemn`, never taken back. */
  private condemned: string | undefined;

  /** Names the window in hand; moved by `moveToNewest` and `open`. */
  constructor(private options: SequencerOptions) {}

  /** Makes the log if it is not there, and refuses to go on with one that is damaged. Takes nothing over. */
  async prepare(): Promise<void> {
    await this.moveToNewest();
    const { store, signer, topic } = this.options;
    const note = await signNote(checkpointText(signer.name, 0, EMPTY_ROOT), [signer]);
    const nothing = { size: 0, root: EMPTY_ROOT, frontier: Buffer.alloc(0), nextOffset: 0n, epoch: 0n };
    await store.create({ ...nothing, origin: signer.name, note }, topic);
    const { head, edge } = await store.standing();
    this.check(head, edge);
  }

  /**
   * Fences the owner if it has given the log back, or has not been heard of for `leaseMs` where that is given. True if
   * the log is ours now; nothing is appended before `takeOver`.
   */
  async claim(leaseMs: number | undefined): Promise<boolean> {
    this.release();
    await this.moveToNewest();
    this.epoch = await this.options.store.claim(leaseMs);
    return this.isClaimed;
  }

  /** The epoch is ours, as far as we know. */
  get isClaimed(): boolean {
    return this.epoch !== undefined;
  }

  /** Tells those who stand by that we live. A database that does not answer tells nothing: that rejects. */
  async renew(): Promise<void> {
    const { epoch } = this;
    if (epoch === undefined || (await this.options.store.renew(epoch)) || this.epoch !== epoch) return;
    throw this.fenced();
  }

  /** Lets go of the log, and says so: whoever stands by need not wait. Never rejects; then they do wait. */
  async vacate(): Promise<void> {
    const { epoch } = this;
    this.release();
    try {
      if (epoch !== undefined) await this.options.store.vacate(epoch);
    } catch (cause) {
      this.options.logger.warn({ err: cause }, 'the log could not be given back');
    }
  }

  /** Becomes the writer of the log that was claimed. Returns where the stamps are to be read from. */
  async takeOver(): Promise<LogHead> {
    const { epoch } = this;
    this.owned = undefined;
    if (epoch === undefined) throw sequencerErrors.error('log-not-owned');
    const damage = this.condemned ?? (await this.options.store.damage());
    if (damage !== undefined) throw sequencerErrors.error('log-damaged', { details: { problem: damage } });
    const head = await this.options.store.ownHead(epoch);
    if (head === undefined) throw this.fenced();
    const tree = this.check(head, await this.options.store.edge(head.size));
    const { known } = this;
    // The epoch says that nobody else wrote. A database that lost what we committed, also the epochs of others after
    // ours, shows here, or in what those others published.
    if (known !== undefined && head.size < known.size)
      throw sequencerErrors.error('log-behind', { details: { size: head.size, remembered: known.size } });
    await this.options.compare(head.size, known !== undefined && isSameHead(head, known));
    if (this.epoch !== epoch) throw this.fenced();
    this.known = head;
    this.owned = { head, tree };
    this.options.logger.info({ size: head.size, epoch: head.epoch }, 'log taken over');
    return head;
  }

  /** Number of the window in hand. */
  get logId(): number {
    return this.options.store.logId;
  }

  /** Public key of the window in hand. */
  get vkey(): string {
    return this.options.signer.vkey;
  }

  get isOwner(): boolean {
    return this.owned !== undefined;
  }

  /** Of the log as it is owned. Rejects with `log-not-owned`. */
  get head(): LogHead {
    return this.state.head;
  }

  /**
   * Commits a batch, also an empty one (its records had no effect but must not be read again). One at a time. With
   * `isLast` the log is closed by it: after that only `open` goes on.
   */
  async append(
    leaves: readonly NewLeaf[],
    manifests: readonly NewManifest[],
    nextOffset: bigint,
    isLast = false,
  ): Promise<Appended> {
    const { head, tree } = this.state;
    if (head.isClosed === true) throw sequencerErrors.error('log-closed', { details: { origin: head.origin } });
    const extension = tree.extend(leaves.map((leaf) => leaf.leafHash));
    const { next } = extension;
    const text = checkpointText(this.options.signer.name, next.size, next.root());
    const note = leaves.length === 0 ? head.note : await signNote(text, [this.options.signer]);
    const fresh = {
      ...head,
      size: next.size,
      root: next.root(),
      frontier: next.frontier(),
      nextOffset,
      note,
      isClosed: isLast,
    };
    const append = { oldSize: head.size, head: fresh, leaves, tiles: extension.fullTiles, manifests };
    let isCommitted: boolean;
    try {
      isCommitted = await this.options.store.append(append);
    } catch (cause) {
      isCommitted = await this.wasCommitted(fresh, head, cause);
    }
    if (!isCommitted) throw this.fenced();
    this.own(fresh, next);
    return { extension, note };
  }

  /** After a commit. Its receipts may go out; but nothing follows it where the log was let go of meanwhile, or condemned. */
  private own(head: LogHead, tree: GrowingTree): void {
    if (this.epoch !== head.epoch) return;
    this.known = head;
    this.owned = this.condemned === undefined ? { head, tree } : undefined;
  }

  /** The stored log is damaged: nothing is appended any more, and no takeover succeeds. */
  condemn(problem: string): void {
    this.condemned ??= problem;
    this.release();
  }

  /**
   * Opens the successor of the closed log in hand with its first leaves, and sequences it from now on. It starts at the
   * offset at which its predecessor ended. Rejects with `log-fenced` if another process did, or may do, the same.
   */
  async open(log: SequencedLog, leaves: readonly NewLeaf[], manifests: readonly NewManifest[]): Promise<Appended> {
    const { nextOffset, epoch } = this.state.head;
    const extension = GrowingTree.empty().extend(leaves.map((leaf) => leaf.leafHash));
    const { next } = extension;
    const note = await signNote(checkpointText(log.signer.name, next.size, next.root()), [log.signer]);
    const tree = { size: next.size, root: next.root(), frontier: next.frontier() };
    const head: LogHead = { origin: log.signer.name, ...tree, nextOffset, epoch, note, isClosed: false };
    const append = { oldSize: 0, head, leaves, tiles: extension.fullTiles, manifests };
    const opening = { predecessor: this.logId, topic: this.options.topic, append };
    let isOpen: boolean;
    try {
      isOpen = await log.store.open(opening);
    } catch (cause) {
      isOpen = await this.wasOpened(log, head, cause);
    }
    if (!isOpen) throw this.fenced();
    this.options = { ...this.options, ...log };
    this.own(head, next);
    this.options.logger.info({ origin: head.origin, nextOffset }, 'window opened');
    return { extension, note };
  }

  /** Appends nothing until the next takeover, but keeps others from it. */
  pause(): void {
    this.owned = undefined;
  }

  /** Ends waiting for a database that does not answer. */
  stop(): void {
    this.stopped = true;
    this.release();
  }

  private release(): void {
    this.owned = undefined;
    this.known = undefined;
    this.epoch = undefined;
  }

  private get state() {
    if (this.owned === undefined) throw sequencerErrors.error('log-not-owned');
    return this.owned;
  }

  /**
   * The answer to the commit was lost, or the statement failed. The head tells: byte for byte ours ⇒ it took place;
   * the old one with our epoch ⇒ it did not, and `cause` is thrown so that the batch is done again; else we are fenced.
   */
  private async wasCommitted(fresh: LogHead, before: LogHead, cause: unknown): Promise<boolean> {
    this.options.logger.warn({ err: cause }, 'outcome of a commit unknown, asking the head');
    const now = await this.asked(() => this.options.store.head(true), cause);
    if (now.epoch !== fresh.epoch) return false;
    if (isSameHead(now, fresh)) return true;
    if (isSameHead(now, before)) throw cause;
    return false;
  }

  /** As `wasCommitted`, for the first batch of a successor: there is no head of it if that did not take place. */
  private async wasOpened({ store }: SequencedLog, fresh: LogHead, cause: unknown): Promise<boolean> {
    this.options.logger.warn({ err: cause }, 'outcome of an opening unknown, asking for the head');
    const now = await this.asked(() => store.headIfAny(), cause);
    if (now === undefined) throw cause;
    return now.epoch === fresh.epoch && isSameHead(now, fresh);
  }

  private async moveToNewest(): Promise<void> {
    const newest = await this.options.newest?.(this.logId);
    if (newest !== undefined) this.options = { ...this.options, ...newest };
  }

  /** Asks until the database answers. */
  private async asked<Answer>(question: () => Promise<Answer>, cause: unknown): Promise<Answer> {
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, MAX_RETRY_MS)) {
      if (this.stopped) throw sequencerErrors.error('commit-unknown', { cause });
      try {
        return await question();
      } catch (failure) {
        this.options.logger.warn({ err: failure }, 'head not readable, trying again');
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  private fenced(): AppError {
    this.release();
    return sequencerErrors.error('log-fenced');
  }

  private check(head: LogHead, edge: StoredEdge): GrowingTree {
    const checked = checkHead(head, edge, this.options.key);
    if (checked.ok) return checked.value;
    throw sequencerErrors.error('log-damaged', { details: { problem: checked.reason, size: head.size } });
  }
}

function isSameHead(a: LogHead, b: LogHead): boolean {
  return a.size === b.size && a.note === b.note && a.nextOffset === b.nextOffset;
}
