import { gunzipSync } from 'node:zlib';
import type { Bus, ReceivedRecord, Subscription } from '#bus';
import { fixedTopics } from '#contracts';
import { sha256 } from '#kernel';
import type { Logger } from '#platform';
import { digestList, publicDigest, snapshotSchema } from '#snapshot';
import type { AnnouncedSnapshot } from './law.js';
import type { SnapshotStore } from './snapshot.store.js';

const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;
/** A manifest may come a moment before its snapshot has gone through the other topic. */
const PATIENCE_MS = 500;
const POLL_MS = 20;

/**
 * Keeps every snapshot that appears on `registry.snapshot`, before any manifest that names it can be accepted. It
 * promises that `announced` finds only what is committed; it believes nothing, signatures are the manifest's matter.
 */
export class SnapshotKeeper {
  private subscription: Subscription | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly store: SnapshotStore,
    private readonly logger: Logger,
    /** Told of each record that is neither snapshot nor manifest. */
    private readonly isAlien: () => void,
  ) {}

  /** Reads the topic from its beginning, which is short: it is compacted. */
  async start(group: string): Promise<void> {
    this.subscription = await this.bus.subscribe({
      topics: [fixedTopics.snapshot.name],
      group,
      startAt: { kind: 'earliest' },
      maxBatch: 8,
      maxInFlight: 16,
      // A batch that fails (the database is away) is handed over again, so no snapshot is passed over.
      batch: async (records) => {
        for (const record of records) await this.keep(record);
      },
      onError: (cause) => this.logger.error({ err: cause }, 'snapshot not stored, trying again'),
    });
  }

  isAssigned(): boolean {
    return this.subscription?.isAssigned() ?? false;
  }

  async stop(): Promise<void> {
    await this.subscription?.stop();
  }

  /** The stored snapshot that a manifest with this number and `doc` announces. Waits a moment for it. */
  async announced(number: number, doc: string): Promise<AnnouncedSnapshot | undefined> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      for (const { digest, body } of await this.store.byNumber(number)) {
        const found = announcedBy(digest, body);
        if (found !== undefined && publicDigest(found.digests) === doc) return found;
      }
      if (performance.now() >= deadline) return undefined;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** A snapshot whose digest list the log has recorded. */
  async recorded(digest: Buffer, digests: string): Promise<AnnouncedSnapshot | undefined> {
    const body = await this.store.byDigest(digest);
    const found = body === undefined ? undefined : announcedBy(digest, body);
    return found?.digests === digests ? found : undefined;
  }

  private async keep(record: ReceivedRecord): Promise<void> {
    const key = record.key?.toString('utf8');
    // Read from the stamp topic, where it is a leaf.
    if (key === 'manifest') return;
    const bytes = key?.startsWith('snapshot.') === true ? unzip(record.value) : undefined;
    const snapshot = bytes === undefined ? undefined : parse(bytes);
    if (bytes === undefined || snapshot === undefined) {
      this.isAlien();
      this.logger.error({ offset: record.offset }, 'record on the snapshot topic is no snapshot');
      return;
    }
    await this.store.store(sha256(bytes), snapshot.number, record.value);
  }
}

function announcedBy(digest: Buffer, body: Buffer): AnnouncedSnapshot | undefined {
  const bytes = unzip(body);
  const snapshot = bytes === undefined ? undefined : parse(bytes);
  if (bytes === undefined || snapshot === undefined || !sha256(bytes).equals(digest)) return undefined;
  return { digest, bytes, digests: digestList(bytes, snapshot.members) };
}

function parse(bytes: Buffer) {
  try {
    const parsed = snapshotSchema.safeParse(JSON.parse(bytes.toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // No JSON: the caller says what the record was.
    return undefined;
  }
}

function unzip(body: Buffer): Buffer | undefined {
  try {
    return gunzipSync(body, { maxOutputLength: MAX_SNAPSHOT_BYTES });
  } catch {
    // Not gzip, or larger than any snapshot may be.
    return undefined;
  }
}
