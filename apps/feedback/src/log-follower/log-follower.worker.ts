import type { Clock } from '#kernel';
import { LogFiles, VerifiedLog, type LogFlaw, type NamedLog } from '#log-watch';
import { Rounds, type Reading } from '#platform';
import type { Checkpoint, NoteKey } from '#tlog';
import type { FollowedLogStore, Position } from './followed-log.store.js';
import { rowsOf, type KeyOwner } from './leaf-row.js';

/**
 * `forked`: two trees of one size. `shrunk`: less is shown than was read, for longer than an old copy explains.
 * `distrusted`: it contradicts what this process remembers of its checkpoints.
 */
export type FollowTrouble = Exclude<LogFlaw, 'incomplete'> | 'forked' | 'shrunk' | 'distrusted';

export interface FollowerParts {
  readonly files: Pick<LogFiles, 'read' | 'logs'>;
  readonly auditUrl: string;
  /** Of `trust.json`; a log whose key does not stand there is not followed. */
  readonly keys: readonly NoteKey[];
  readonly store: FollowedLogStore;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Something was sent a moment ago whose leaf is to be seen as soon as it is there. */
  readonly isAwaited?: () => boolean;
  /** Undefined: the registry is not known yet, so nobody's key is. */
  readonly keyOwner: () => KeyOwner | undefined;
  /** Told of every checkpoint that the log signed; false: what it says is not to be believed any more. */
  readonly believes: (checkpoint: Checkpoint, note: Buffer) => boolean;
  /** New leaves are in the database. */
  readonly advanced: (leaves: number) => void;
  /** Called once when trouble with a log begins. */
  readonly alarm: (trouble: FollowTrouble, origin: string) => void;
  readonly failed: (cause: unknown) => void;
}

interface FollowedLog {
  readonly origin: string;
  readonly log: VerifiedLog;
  /** As it stands in the database; undefined: to be read again. Written by `follow`. */
  position: Position | undefined;
  headSize: number;
  /** It was followed to the head that it showed, once at least since the start. Written by `follow`. */
  isRead: boolean;
  trouble: FollowTrouble | undefined;
  shrunkSinceMs: number | undefined;
}

const DISCOVERY_MS = 60_000;
const BUNDLES_PER_BATCH = 8;
const SHRUNK_MS = 60_000;
/** An idle log is asked this much more seldom. */
const IDLE_FACTOR = 4;
/** While a leaf is waited for; the head is one small file. */
const AWAITED_MS = 50;

/**
 * Follows every log that the audit service names and `trust.json` knows, also those that are closed, each from where it
 * was left. It promises that nothing is taken in which the log's key has not signed, or which contradicts what was taken
 * in before: then that log stands still, with an alarm, until it agrees again.
 */
export class LogFollower {
  /** By origin; grown by `discover`, never shrunk: a log that is not named any more is shown as unreachable. */
  private readonly logs = new Map<string, FollowedLog>();
  private discoveredAtMs = -Infinity;
  private readonly rounds: Rounds;
  /** The last pass did not end; written by every pass. */
  private failure: string | undefined = 'no log was read yet';
  private readToEndMs = -Infinity;
  /** On the process's clock: all logs were asked last then. Written by every such pass. */
  private allAskedMs = -Infinity;

  constructor(private readonly parts: FollowerParts) {
    const failed = (cause: unknown) => this.failedWith(cause);
    this.rounds = new Rounds(() => this.pass(), failed, parts.intervalMs * IDLE_FACTOR);
  }

  start(): void {
    this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  /** Something was sent whose leaf is waited for. */
  wake(): void {
    this.rounds.soon();
  }

  /** For `/status` and `/ready`. */
  reading(): Reading {
    const logs = [...this.logs.values()];
    const details = Object.fromEntries(logs.map(({ origin, position }) => [origin, position?.frontier.size ?? 0]));
    const troubled = logs.find(({ trouble }) => trouble !== undefined);
    if (troubled !== undefined)
      return { state: 'down', reason: `nothing is taken in from ${troubled.origin}: ${troubled.trouble}`, details };
    if (this.failure !== undefined) return { state: 'degraded', reason: this.failure, details };
    return { state: 'ok', details };
  }

  /** All that the logs showed last is taken in: what they say is known here, whatever backup this database is. */
  isCaughtUp(): boolean {
    const logs = [...this.logs.values()];
    return this.reading().state === 'ok' && logs.length > 0 && logs.every(({ isRead }) => isRead) && this.lag() === 0;
  }

  /** Every leaf that stood in a log then was taken in. */
  get caughtUpAtMs(): number {
    return this.readToEndMs;
  }

  /** Leaves that the logs have and feedback does not, as far as it knows. */
  lag(): number {
    return [...this.logs.values()].reduce(
      (sum, { headSize, position }) => sum + Math.max(0, headSize - (position?.frontier.size ?? 0)),
      0,
    );
  }

  private async pass(): Promise<number> {
    const startedMs = this.parts.clock.now();
    await this.discover();
    const { intervalMs, isAwaited } = this.parts;
    // What is awaited comes in the window that is written: the last one of those that audit names.
    const isForAwaited = this.isWell() && performance.now() - this.allAskedMs < intervalMs;
    if (!isForAwaited) this.allAskedMs = performance.now();
    const taken = await this.followEach([...this.logs.values()].slice(isForAwaited ? -1 : 0));
    if (!isForAwaited && this.isWell() && this.lag() === 0) this.readToEndMs = startedMs;
    if (isAwaited?.() === true && this.isWell()) return Math.min(intervalMs, AWAITED_MS);
    return taken > 0 ? intervalMs : intervalMs * IDLE_FACTOR;
  }

  /** How many leaves came; what is wrong with one log holds up no other. */
  private async followEach(logs: readonly FollowedLog[]): Promise<number> {
    const isKeyOf = this.parts.keyOwner();
    this.failure = isKeyOf === undefined ? 'no snapshot of the registry yet' : undefined;
    if (isKeyOf === undefined) return 0;
    let taken = 0;
    for (const log of logs) taken += await this.follow(log, isKeyOf).catch((cause: unknown) => this.failedWith(cause));
    return taken;
  }

  /** The last pass asked some log, and nothing was wrong with any. */
  private isWell(): boolean {
    return this.logs.size > 0 && this.reading().state === 'ok';
  }

  private failedWith(cause: unknown): number {
    this.failure = 'the log could not be read; openings wait for their leaves';
    this.parts.failed(cause);
    return 0;
  }

  private async discover(): Promise<void> {
    const { files, auditUrl, keys, clock } = this.parts;
    if (clock.now() - this.discoveredAtMs < DISCOVERY_MS) return;
    for (const named of await files.logs(auditUrl)) {
      const key = keys.find(({ name }) => name === named.origin);
      if (key !== undefined && !this.logs.has(named.origin)) this.logs.set(named.origin, this.newLog(named, key));
    }
    this.discoveredAtMs = clock.now();
  }

  private newLog({ origin }: NamedLog, key: NoteKey): FollowedLog {
    const log = new VerifiedLog(this.parts.files, LogFiles.prefixOf(this.parts.auditUrl, origin), key);
    return {
      origin,
      log,
      position: undefined,
      headSize: 0,
      isRead: false,
      trouble: undefined,
      shrunkSinceMs: undefined,
    };
  }

  /** Takes in what a log has more than was read; returns how many leaves. */
  private async follow(followed: FollowedLog, isKeyOf: KeyOwner): Promise<number> {
    const head = await followed.log.head();
    if (!head.ok) return this.troubled(followed, 'unsigned');
    if (head.value === undefined) {
      followed.isRead = true;
      return 0;
    }
    const { checkpoint, note } = head.value;
    followed.headSize = checkpoint.size;
    if (!this.parts.believes(checkpoint, note)) return this.troubled(followed, 'distrusted');
    let position = await this.positionOf(followed);
    const from = position.frontier.size;
    if (checkpoint.size < from) return this.shrunk(followed);
    followed.shrunkSinceMs = undefined;
    if (checkpoint.size === from && !checkpoint.root.equals(position.frontier.root()))
      return this.troubled(followed, 'forked');
    while (!this.rounds.isStopping && position.frontier.size < checkpoint.size) {
      if (!(await this.take(followed, position, checkpoint, isKeyOf))) return 0;
      position = await this.positionOf(followed);
    }
    followed.isRead = position.frontier.size >= checkpoint.size;
    followed.trouble = undefined;
    return position.frontier.size - from;
  }

  private async positionOf(followed: FollowedLog): Promise<Position> {
    followed.position ??= await this.parts.store.position(followed.origin);
    return followed.position;
  }

  private async take(followed: FollowedLog, position: Position, head: Checkpoint, isKeyOf: KeyOwner): Promise<boolean> {
    const { store, clock, advanced } = this.parts;
    const next = await followed.log.next(position.frontier, head, BUNDLES_PER_BATCH);
    if (!next.ok) {
      if (next.reason !== 'incomplete') this.troubled(followed, next.reason);
      return false;
    }
    const { frontier, leaves } = next.value;
    // Whatever becomes of the commit, the database says where we are.
    followed.position = undefined;
    if (!(await store.take(position, frontier, rowsOf(leaves, isKeyOf), clock.now()))) return true;
    followed.position = { ...position, frontier };
    advanced(leaves.length);
    return true;
  }

  /** A checkpoint may be a copy of some seconds ago; one that stays smaller is of a log that was cut. */
  private shrunk(followed: FollowedLog): number {
    followed.shrunkSinceMs ??= this.parts.clock.now();
    if (this.parts.clock.now() - followed.shrunkSinceMs >= SHRUNK_MS) this.troubled(followed, 'shrunk');
    return 0;
  }

  private troubled(followed: FollowedLog, trouble: FollowTrouble): number {
    if (followed.trouble !== trouble) this.parts.alarm(trouble, followed.origin);
    followed.trouble = trouble;
    return 0;
  }
}
