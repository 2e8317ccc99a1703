import type { Bus } from '#bus';
import { fixedTopics } from '#contracts';
import type { Clock } from '#kernel';
import { Rounds } from '#platform';
import type { PrivateJwk, Signer } from '#signing';
import type { InboxStore } from '../openings/inbox.store.js';
import { isSpent, newestKey, type OpeningKey } from './opening-key.js';
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
/** Whoever came late, or to a topic that has lost it, waits no longer for the key. */
const ANNOUNCE_EVERY_MS = 60 * 60_000;

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
  private announced: { readonly kid: string; readonly atMs: number } | undefined;
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
    return this.announced !== undefined;
  }

  /** The private half; undefined: never ours, or destroyed. */
  async privateKey(kid: string): Promise<PrivateJwk | undefined> {
    const nowMs = this.parts.clock.now();
    // Another process of ours may have announced it.
    if (!this.keys.has(kid) && nowMs - this.reloadedAtMs >= RELOAD_MS) this.reload(await this.parts.store.list());
    return this.keys.get(kid)?.jwk;
  }

  /** One round; the milliseconds until the next. */
  async tick(): Promise<number> {
    const { store, clock, rotateMs, signer: currentSigner, sign } = this.parts;
    const signer = currentSigner();
    if (signer === undefined) return SOON_MS;
    const announce: Rotation['announce'] = (...key) => sign(signer, ...key);
    const keys = await store.rotate({ nowMs: clock.now(), rotateMs, announce });
    this.reload(keys);
    const newest = newestKey(keys, clock.now());
    await this.announce(newest);
    await this.look();
    for (const key of keys) if (key.jwk.kid !== newest?.jwk.kid) await this.destroyIfSpent(key);
    return TICK_MS;
  }

  /** Once an hour by each process: a topic that was made anew has it again, and so has whoever displaced it. */
  private async announce(newest: OpeningKey | undefined): Promise<void> {
    const { bus, clock, instanceId } = this.parts;
    const { kid, atMs } = this.announced ?? { kid: undefined, atMs: -Infinity };
    const nowMs = clock.now();
    if (newest === undefined || (newest.jwk.kid === kid && Math.abs(nowMs - atMs) < ANNOUNCE_EVERY_MS)) return;
    const value = Buffer.from(newest.announcement);
    await bus.publish([{ topic: fixedTopics.openingKey.name, partition: 0, key: instanceId, value }]);
    this.announced = { kid: newest.jwk.kid, atMs: nowMs };
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
    const { retentionMs } = fixedTopics.opening;
    if (!isSpent(key, { nowMs: clock.now(), readToMs: this.readToMs, retentionMs })) return;
    // What was sealed in time came by then; who seals with it later keeps nothing alive.
    if (await inbox.holds(key.jwk.kid, key.untilMs + retentionMs)) return;
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
