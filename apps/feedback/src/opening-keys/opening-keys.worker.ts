import type { Bus } from '#bus';
import { fixedTopics } from '#contracts';
import type { Clock } from '#kernel';
import { Rounds } from '#platform';
import type { PrivateJwk, Signer } from '#signing';
import type { InboxStore } from '../openings/inbox.store.js';
import { isSpent, type OpeningKey } from './opening-key.js';
import type { OpeningKeyStore, Rotation } from './opening-key.store.js';

export interface OpeningKeysParts {
  readonly bus: Bus;
  readonly store: OpeningKeyStore;
  readonly inbox: Pick<InboxStore, 'holds' | 'read'>;
  readonly clock: Clock;
  readonly instanceId: string;
  readonly rotateMs: number;
  /** The key that the snapshot publishes for feedback; undefined: no snapshot yet. */
  readonly signer: () => Signer | undefined;
  readonly sign: (signer: Signer, ...key: Parameters<Rotation['announce']>) => Promise<string>;
  readonly destroyed: (kid: string) => void;
  readonly failed: (cause: unknown) => void;
}

const TICK_MS = 60_000;
const SOON_MS = 500;
const RELOAD_MS = 5_000;

/** Everything that stood on the topic at `atMs` is read once these offsets are passed. */
interface Mark {
  readonly atMs: number;
  readonly ends: readonly bigint[];
}

/**
 * The keys with which openings are sealed: makes and announces another each day, keeps the older ones while anything
 * sealed with them may come, and destroys them after that. An announced key is in the key store before, so a restart
 * keeps all.
 */
export class OpeningKeys {
  /** By kid; written by `reload`. */
  private readonly keys = new Map<string, OpeningKey>();
  private reloadedAtMs = -Infinity;
  private announcedKid: string | undefined;
  private mark: Mark | undefined;
  /** All that was sent until then is read. */
  private readToMs = -Infinity;
  private readonly rounds: Rounds;

  constructor(private readonly parts: OpeningKeysParts) {
    this.rounds = new Rounds(() => this.tick(), parts.failed, SOON_MS);
  }

  start(): void {
    this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  /** For `/ready`: a key was announced by this process. */
  get isAnnounced(): boolean {
    return this.announcedKid !== undefined;
  }

  /** The private half; undefined: never ours, or destroyed. */
  async privateKey(kid: string): Promise<PrivateJwk | undefined> {
    const nowMs = this.parts.clock.now();
    // Another process of ours may have announced it.
    if (!this.keys.has(kid) && nowMs - this.reloadedAtMs >= RELOAD_MS) this.reload(await this.parts.store.list());
    return this.keys.get(kid)?.jwk;
  }

  private async tick(): Promise<number> {
    const { store, clock, rotateMs, signer: currentSigner, sign } = this.parts;
    const signer = currentSigner();
    if (signer === undefined) return SOON_MS;
    const announce: Rotation['announce'] = (...key) => sign(signer, ...key);
    const keys = await store.rotate({ nowMs: clock.now(), rotateMs, announce });
    this.reload(keys);
    await this.announce(keys[0]);
    await this.look();
    for (const key of keys.slice(1)) await this.destroyIfSpent(key);
    return TICK_MS;
  }

  /** Once by each process: a topic that was made anew has it again. */
  private async announce(newest: OpeningKey | undefined): Promise<void> {
    if (newest === undefined || newest.jwk.kid === this.announcedKid) return;
    const { bus, instanceId } = this.parts;
    const value = Buffer.from(newest.announcement);
    await bus.publish([{ topic: fixedTopics.openingKey.name, partition: 0, key: instanceId, value }]);
    this.announcedKid = newest.jwk.kid;
  }

  /** Where the topic ends now; once that is read, what was sent until now is read. */
  private async look(): Promise<void> {
    const { bus, inbox, clock } = this.parts;
    const { name, partitions } = fixedTopics.opening;
    if (this.mark === undefined) {
      const atMs = clock.now();
      const ends = Array.from({ length: partitions }, (_, partition) => bus.endOffset(name, partition));
      this.mark = { atMs, ends: await Promise.all(ends) };
    }
    const read = new Map((await inbox.read()).map(({ partition, offset }) => [partition, offset]));
    if (!this.mark.ends.every((end, partition) => end === 0n || (read.get(partition) ?? 0n) >= end)) return;
    this.readToMs = this.mark.atMs;
    this.mark = undefined;
  }

  private async destroyIfSpent(key: OpeningKey): Promise<void> {
    const { store, inbox, clock, destroyed } = this.parts;
    const at = { nowMs: clock.now(), readToMs: this.readToMs, retentionMs: fixedTopics.opening.retentionMs };
    if (!isSpent(key, at) || (await inbox.holds(key.jwk.kid))) return;
    await store.destroy(key.jwk.kid);
    this.keys.delete(key.jwk.kid);
    destroyed(key.jwk.kid);
  }

  private reload(keys: readonly OpeningKey[]): void {
    this.keys.clear();
    for (const key of keys) this.keys.set(key.jwk.kid, key);
    this.reloadedAtMs = this.parts.clock.now();
  }
}
