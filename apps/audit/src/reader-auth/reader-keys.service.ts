import { Piscina } from 'piscina';
import type { Clock, SubsystemId } from '#kernel';
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

/**
 * Whose key is whose for readers: by the newest manifest in the log, at most a second old. It believes the tables as
 * intake wrote them, but walks all snapshots from the first, in a thread that remembers the members: one is as large as a
 * country's registry, and no stamp may wait for its signatures.
 */
export class ReaderKeys {
  private readonly thread: Piscina<FollowTask | KeyTask, FollowAnswer | KeyAnswer>;
  /** Digest of the snapshot that the thread followed last. All three are written by `load` and `forget`. */
  private newest: string | undefined;
  private followedTo = FROM_THE_FIRST;
  private loadedAtMs = -Infinity;
  private loading: Promise<void> | undefined;

  constructor(
    private readonly store: LogReaderStore,
    private readonly clock: Clock,
  ) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.thread = new Piscina<FollowTask | KeyTask, FollowAnswer | KeyAnswer>({
      filename: new URL(`./reader-keys.worker.${extension}`, import.meta.url).href,
      minThreads: 1,
      maxThreads: 1,
      maxQueue: MAX_WAITING,
    });
  }

  /** False while the log has no manifest. Throws `readers-unknown` where a snapshot cannot be read. */
  async areKnown(): Promise<boolean> {
    if (this.clock.now() - this.loadedAtMs >= MAX_AGE_MS) {
      this.loading ??= this.load().finally(() => (this.loading = undefined));
      await this.loading;
    }
    return this.newest !== undefined;
  }

  /** The signing key that a subsystem has published and that is valid now. */
  async keyOf(subsystem: SubsystemId, kid: string, nowMs: number): Promise<PublicJwk | undefined> {
    const digest = this.newest;
    if (digest === undefined) return undefined;
    const answer = (await this.thread.run({ digest, subsystem, kid, nowMs }, { name: 'keyOf' })) as KeyAnswer;
    if (answer === 'lost') {
      // Another reader's question may just have moved it on.
      if (digest !== this.newest) return this.keyOf(subsystem, kid, nowMs);
      throw this.forget();
    }
    return answer.jwk;
  }

  close(): Promise<void> {
    return this.thread.close({ force: true });
  }

  private async load(): Promise<void> {
    for (const { logId, index, digests } of await this.store.manifestsAfter(this.followedTo)) {
      const digest = snapshotDigestOf(digests);
      if (digest === undefined) throw readerAuthErrors.error('readers-unknown', { details: { index } });
      if (digest !== this.newest) await this.follow(digest, index);
      this.followedTo = { logId, index };
    }
    this.loadedAtMs = this.clock.now();
  }

  private async follow(digest: string, index: number): Promise<void> {
    const body = await this.store.snapshot(Buffer.from(digest, 'hex'));
    if (body === undefined) throw readerAuthErrors.error('readers-unknown', { details: { index, digest } });
    const answer = await this.thread.run({ after: this.newest, digest, body }, { name: 'follow' });
    if (answer === 'lost') throw this.forget();
    if (answer !== 'followed') throw readerAuthErrors.error('readers-unknown', { details: { index, digest } });
    this.newest = digest;
  }

  /** The thread was started anew and knows nothing: whoever asks next has it walk all snapshots again. */
  private forget(): Error {
    this.newest = undefined;
    this.followedTo = FROM_THE_FIRST;
    this.loadedAtMs = -Infinity;
    return readerAuthErrors.error('readers-unknown', { details: { reason: 'thread-lost' } });
  }
}
