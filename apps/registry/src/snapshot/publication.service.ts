import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Bus } from '#bus';
import { encode, fixedTopics, ManifestSchema, message, replyTopic } from '#contracts';
import type { Clock } from '#kernel';
import { AppError } from '#kernel';
import type { Logger } from '#platform';
import { signStatement, type Signer } from '#signing';
import { digestList, snapshotBytes, topicSpecsOf } from '#snapshot';
import { firstSnapshot } from './first-snapshot.js';
import { manifestPayload } from './manifest.js';
import { publicationErrors } from './publication.errors.js';
import type { PublicationRecords, StoredManifest, StoredSnapshot } from './publication.store.js';
import type { ReplyConsumer } from './reply.consumer.js';
import { ManifestStamping } from './stamping.service.js';

export interface PublicationOptions {
  readonly instanceId: string;
  readonly vkeys: readonly string[];
  readonly renewEveryMs: number;
  readonly manifestLifetimeMs: number;
}

const RETRY_MS = 1_000;

const compress = promisify(gzip);

/**
 * Makes what stands in the registry's tables known to everybody, in the order of `bus.md` §6: topics, snapshot, stamp,
 * checked receipt, manifest. It never publishes a manifest that it has not seen proven to be in the log, and never signs
 * a second one while the first may still be logged. Each step may be repeated after a crash: snapshots and manifests
 * are compacted by key, stamps are de-duplicated by the log.
 */
export class PublicationService {
  /** Number of the snapshot whose record this process has put on the topic; written by `putSnapshot`. */
  private snapshotOnTopic = 0;
  /** The newest manifest that this process has published; written by `publishManifest`, read by readiness. */
  private published: StoredManifest | undefined;
  private isStopping = false;
  private wake = Promise.withResolvers<undefined>();
  private loop: Promise<void> | undefined;
  private readonly stamping: ManifestStamping;
  private readonly waiting = new Set<{ number: number; resolve: (isPublished: boolean) => void }>();

  constructor(
    private readonly options: PublicationOptions,
    private readonly store: PublicationRecords,
    private readonly bus: Bus,
    private readonly replies: ReplyConsumer,
    private readonly signer: Signer,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.stamping = new ManifestStamping({
      instanceId: options.instanceId,
      store,
      bus,
      replies,
      clock,
      logger,
      putSnapshotAgain: (number) => this.putSnapshotAgain(number),
      isStopping: () => this.isStopping,
    });
  }

  /** Makes the first snapshot where there is none, and the topics without which nothing can start. */
  async prepare(): Promise<void> {
    if ((await this.store.newestSnapshot()) === undefined) {
      const first = firstSnapshot(this.options.instanceId, this.options.vkeys);
      const bytes = snapshotBytes(first);
      await this.store.putFirst(first.number, bytes.toString('utf8'), digestList(bytes, []));
    }
    await this.bus.ensureTopics([...Object.values(fixedTopics), replyTopic(this.options.instanceId)]);
    await this.replies.start();
  }

  /** Publishes now and renews from now on, until `stop`. */
  start(): void {
    this.loop ??= this.run();
  }

  /** Something was applied: publish without waiting for the renewal. */
  notify(): void {
    this.wake.resolve(undefined);
  }

  /** Whether this number, or a later one, is in force within `timeoutMs`. */
  async isInForce(number: number, timeoutMs: number): Promise<boolean> {
    if (this.published !== undefined && this.published.number >= number) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiter = { number, resolve };
    this.waiting.add(waiter);
    const timer = setTimeout(() => resolve(false), timeoutMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.waiting.delete(waiter);
    }
  }

  /** The newest manifest that this process has published, if any. */
  get inForce(): { readonly number: number; readonly untilMs: number } | undefined {
    return this.published;
  }

  /** For `/ready`: undefined when a manifest of ours is in force. */
  missing(): string | undefined {
    if (this.published === undefined) return 'no manifest has been published since the start';
    return this.published.untilMs <= this.clock.now() ? 'the published manifest has expired' : undefined;
  }

  /** Also lets go of requests that wait for `isInForce`; what was begun is ended at the next start. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.wake.resolve(undefined);
    this.replies.giveUp();
    for (const waiter of this.waiting) waiter.resolve(false);
    await this.loop;
    await this.replies.stop();
  }

  private hasToStop(): boolean {
    return this.isStopping;
  }

  private async run(): Promise<void> {
    while (!this.hasToStop()) {
      let pauseMs = this.options.renewEveryMs;
      this.wake = Promise.withResolvers<undefined>();
      try {
        await this.publishOnce();
      } catch (err) {
        if (this.hasToStop()) return;
        // What failed is still to be done: every step looks at the tables first, so it is simply tried again.
        this.logger.error({ err: err instanceof AppError ? err : undefined }, 'publication failed, trying again');
        pauseMs = RETRY_MS;
      }
      await this.pause(pauseMs);
    }
  }

  /** One pass: ends a manifest that was begun before, then publishes the newest snapshot under a new manifest. */
  private async publishOnce(): Promise<void> {
    const newest = await this.store.newestSnapshot();
    if (newest === undefined) return;
    const begun = await this.store.stampingManifest();
    await this.putSnapshot(newest);
    // Logged or given up for good: in both cases the next one names the last that is proven to stand in the log.
    if (begun !== undefined) await this.stamping.settle(begun);
    await this.putSnapshot(newest);
    const manifest = await this.sign(newest);
    const receipt = await this.stamping.settle(manifest);
    if (receipt !== undefined) return this.publishManifest(manifest, receipt);
    throw publicationErrors.error('manifest-refused', { details: { number: manifest.number } });
  }

  /** The log has not seen it; the newest one is put after it again, since both may share a key. */
  private async putSnapshotAgain(number: number): Promise<void> {
    const stored = await this.store.snapshotNumbered(number);
    if (stored === undefined) return;
    this.snapshotOnTopic = 0;
    await this.putSnapshot(stored);
  }

  /** Topics before the snapshot that names them; the snapshot before the manifest, since audit takes it from the topic. */
  private async putSnapshot({ snapshot, body }: StoredSnapshot): Promise<void> {
    if (this.snapshotOnTopic === snapshot.number) return;
    await this.bus.ensureTopics(topicSpecsOf(snapshot));
    const value = await compress(body);
    const key = `snapshot.${snapshot.number % 2}`;
    await this.bus.publish([{ topic: fixedTopics.snapshot.name, partition: 0, key, value }]);
    this.snapshotOnTopic = snapshot.number;
  }

  private async sign({ snapshot, digests }: StoredSnapshot): Promise<StoredManifest> {
    const previous = (await this.store.lastLogged())?.leafHash;
    const { manifestLifetimeMs: lifetimeMs } = this.options;
    const payload = manifestPayload({
      number: snapshot.number,
      digests,
      nowMs: this.clock.now(),
      lifetimeMs,
      previous,
    });
    const { jws, leafHash } = await signStatement(payload, this.signer);
    const manifest = { leafHash, number: snapshot.number, statement: jws, digests, untilMs: payload.until };
    await this.store.insertStamping(manifest);
    return manifest;
  }

  private async publishManifest(manifest: StoredManifest, receipt: Uint8Array): Promise<void> {
    const { statement, digests } = manifest;
    const value = encode(ManifestSchema, message(ManifestSchema, { statement, digests, receipt }));
    await this.bus.publish([{ topic: fixedTopics.snapshot.name, partition: 0, key: 'manifest', value }]);
    await this.store.markPublished(manifest.leafHash);
    if (this.published?.number !== manifest.number) this.logger.info({ number: manifest.number }, 'snapshot in force');
    this.published = manifest;
    for (const waiter of this.waiting) if (waiter.number <= manifest.number) waiter.resolve(true);
  }

  private async pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), ms);
    await Promise.race([promise, this.wake.promise]);
    clearTimeout(timer);
  }
}
