import { Piscina } from 'piscina';
import { isYoung, type Clock, type SubsystemId } from '#kernel';
import type { PublicJwk } from '#signing';
import { snapshotDigestOf } from '#snapshot';
import type { LogReaderStore } from '../log-reader.store.js';
import { readerAuthErrors } from './reader-auth.errors.js';
import type { FollowAnswer, FollowTask, KeyAnswer, KeyTask } from './reader-keys.worker.js';

const MAX_AGE_MS = 1_000;
/** Readers that wait for the thread at once. */
const MAX_WAITING = 1_024;
/** Before every manifest of every window. */
const FROM_THE_FIRST = { logId: 0, index: -1 };

type ReaderKeysThread = Pick<Piscina<FollowTask | KeyTask, FollowAnswer | KeyAnswer>, 'run' | 'close'>;

/**
 * Whose key is whose for readers: by the newest manifest in the log, at most a second old. It believes the tables as
 * intake wrote them, but walks all snapshots from the first, in a thread that remembers the members: one is as large as a
 * country's registry, and no stamp may wait for its signatures.
 */
export class ReaderKeys {
  /** Digest of the snapshot that the thread followed last. All four are written by `load` and `forget`. */
  private newest: string | undefined;
  private followedTo = FROM_THE_FIRST;
  private loadedAtMs = -Infinity;
  /** How often the thread was lost: an answer to what was asked before that counts for nothing. */
  private generation = 0;
  private loading: Promise<void> | undefined;
  /** Started when the first reader asks: an audit that nobody reads keeps no heap for it. */
  private started: ReaderKeysThread | undefined;
  private isClosed = false;

  constructor(
    private readonly store: Pick<LogReaderStore, 'manifestsAfter' | 'snapshot'>,
    private readonly clock: Clock,
    private readonly start: () => ReaderKeysThread = startThread,
  ) {}

  /** False while the log has no manifest. Throws `readers-unknown` where a snapshot cannot be read. */
  async areKnown(): Promise<boolean> {
    if (!isYoung(this.loadedAtMs, MAX_AGE_MS, this.clock.now())) {
      this.loading ??= this.load().finally(() => (this.loading = undefined));
      await this.loading;
    }
    return this.newest !== undefined;
  }

  /** The signing key that a subsystem has published and that is valid now. Throws `readers-unknown` where none can be. */
  async keyOf(subsystem: SubsystemId, kid: string, nowMs: number): Promise<PublicJwk | undefined> {
    const { newest: digest, generation } = this;
    if (digest === undefined) throw readerAuthErrors.error('readers-unknown');
    const answer = (await this.thread.run({ digest, subsystem, kid, nowMs }, { name: 'keyOf' })) as KeyAnswer;
    if (generation === this.generation && answer !== 'lost') return answer.jwk;
    // Another reader's question may just have moved it on.
    if (generation !== this.generation || digest !== this.newest) return this.keyOf(subsystem, kid, nowMs);
    throw this.forget();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.started?.close({ force: true });
  }

  private get thread(): ReaderKeysThread {
    if (this.isClosed) throw threadLost();
    return (this.started ??= this.start());
  }

  private async load(): Promise<void> {
    const { generation } = this;
    for (const { logId, index, digests } of await this.store.manifestsAfter(this.followedTo)) {
      const digest = snapshotDigestOf(digests);
      if (digest === undefined) throw readerAuthErrors.error('readers-unknown', { details: { index } });
      if (digest !== this.newest) await this.follow(digest, index, generation);
      this.followedTo = { logId, index };
    }
    this.requireStill(generation);
    this.loadedAtMs = this.clock.now();
  }

  private async follow(digest: string, index: number, generation: number): Promise<void> {
    const body = await this.store.snapshot(Buffer.from(digest, 'hex'));
    // Else the next would be taken for the first of all, and its members for known.
    this.requireStill(generation);
    if (body === undefined) throw readerAuthErrors.error('readers-unknown', { details: { index, digest } });
    const answer = await this.thread.run({ after: this.newest, digest, body }, { name: 'follow' });
    this.requireStill(generation);
    if (answer === 'lost') throw this.forget();
    if (answer !== 'followed') throw readerAuthErrors.error('readers-unknown', { details: { index, digest } });
    this.newest = digest;
  }

  private requireStill(generation: number): void {
    if (generation !== this.generation) throw threadLost();
  }

  /** The thread was started anew and knows nothing: whoever asks next has it walk all snapshots again. */
  private forget(): Error {
    this.generation += 1;
    this.newest = undefined;
    this.followedTo = FROM_THE_FIRST;
    this.loadedAtMs = -Infinity;
    return threadLost();
  }
}

function threadLost(): Error {
  return readerAuthErrors.error('readers-unknown', { details: { reason: 'thread-lost' } });
}

function startThread(): ReaderKeysThread {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Piscina<FollowTask | KeyTask, FollowAnswer | KeyAnswer>({
    filename: new URL(`./reader-keys.worker.${extension}`, import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
    maxQueue: MAX_WAITING,
    recordTiming: false,
  });
}
