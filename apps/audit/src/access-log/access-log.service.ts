import { randomBytes } from 'node:crypto';
import type { Bus } from '#bus';
import { fixedTopics } from '#contracts';
import { toBase64Url, type Clock } from '#kernel';
import type { Logger } from '#platform';
import { signStatement, type Signer } from '#signing';
import { accessLogErrors } from './access-log.errors.js';
import type { AccessLogStore, LeafPlace } from './access-log.store.js';
import { accessPayload, type Access } from './access-statement.js';

/** What a reader is told of the record of its query: with the salt it can show that this leaf is its query's. */
export interface AccessRecord {
  readonly id: string;
  /** Index of its leaf, and origin of the window in which that stands. */
  readonly leaf: number;
  readonly log: string;
  /** base64url. */
  readonly salt: string;
}

export interface AccessLogOptions {
  readonly bus: Pick<Bus, 'publish'>;
  readonly store: AccessLogStore;
  /** Audit's instance key. */
  readonly signer: Signer;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A leaf that does not stand by then: the query is not answered. */
  readonly patienceMs: number;
}

interface Waiting {
  readonly hash: Buffer;
  readonly jws: string;
  readonly untilMs: number;
  /** Written by `sendAgain`. */
  sentAtMs: number;
  readonly done: (place: LeafPlace | undefined) => void;
}

const MAX_WAITING = 256;
const POLL_MS = 15;
const SEND_AGAIN_MS = 1_000;

/**
 * Records every query in the log before it is answered: no access goes unrecorded, not the auditor's and not the
 * operator's either. What it states goes through `audit.stamp` like everyone's, so any process of audit can read; that
 * the leaf stands is seen in the tables, which the sequencer writes only with a signed head. A crash between leaf and
 * answer leaves a record of a query that nobody got an answer to, never the other way round.
 */
export class AccessLog {
  /** Written by `wait` and `look`; bounded. */
  private readonly waiting = new Map<string, Waiting>();
  /** Queries from their first step on; written by `record`. */
  private underWay = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: AccessLogOptions) {}

  /** Resolves when the leaf stands. Throws `access-unrecorded` if it does not in time; then nothing may be answered. */
  async record(access: Access): Promise<AccessRecord> {
    if (this.underWay >= MAX_WAITING) throw accessLogErrors.error('access-busy');
    this.underWay += 1;
    try {
      const { store, signer, clock } = this.options;
      const salt = randomBytes(32);
      const { jws, leafHash, payload } = await signStatement(accessPayload(access, salt, clock.now()), signer);
      await store.keep(payload.id, access, salt);
      const leaf = await this.wait(leafHash, jws);
      if (leaf === undefined) throw accessLogErrors.error('access-unrecorded');
      return { id: payload.id, leaf: leaf.index, log: leaf.log, salt: toBase64Url(salt) };
    } finally {
      this.underWay -= 1;
    }
  }

  /** Who still waits is told that it was not recorded. */
  stop(): void {
    clearTimeout(this.timer);
    for (const { done } of this.waiting.values()) done(undefined);
    this.waiting.clear();
  }

  private wait(hash: Buffer, jws: string): Promise<LeafPlace | undefined> {
    return new Promise((done) => {
      const waiting = { hash, jws, done, untilMs: performance.now() + this.options.patienceMs, sentAtMs: -Infinity };
      this.waiting.set(hash.toString('hex'), waiting);
      this.send(waiting);
      this.timer ??= setTimeout(() => void this.look(), POLL_MS);
    });
  }

  /** One question for all that wait. */
  private async look(): Promise<void> {
    try {
      const standing = await this.options.store.standing([...this.waiting.values()].map(({ hash }) => hash));
      for (const [hash, place] of standing) this.end(hash, place);
    } catch (cause) {
      this.options.logger.warn({ err: cause }, 'could not look whether accesses are recorded');
    }
    const nowMs = performance.now();
    for (const [hash, waiting] of this.waiting) {
      if (waiting.untilMs <= nowMs) this.end(hash, undefined);
      else if (waiting.sentAtMs + SEND_AGAIN_MS <= nowMs) this.send(waiting);
    }
    this.timer = this.waiting.size === 0 ? undefined : setTimeout(() => void this.look(), POLL_MS);
  }

  private end(hash: string, place: LeafPlace | undefined): void {
    this.waiting.get(hash)?.done(place);
    this.waiting.delete(hash);
  }

  /** Sending twice is harmless: the same bytes are one leaf. */
  private send(waiting: Waiting): void {
    waiting.sentAtMs = performance.now();
    this.options.bus
      .publish([{ topic: fixedTopics.stamp.name, partition: 0, value: Buffer.from(waiting.jws) }])
      .catch((cause: unknown) => this.options.logger.warn({ err: cause }, 'access not stamped, trying again'));
  }
}
