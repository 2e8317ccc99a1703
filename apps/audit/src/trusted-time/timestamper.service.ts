import type { Bus } from '#bus';
import { fixedTopics } from '#contracts';
import type { Clock } from '#kernel';
import type { Logger } from '#platform';
import { signStatement, type Signer, type Statement } from '#signing';
import type { Certificate } from 'pkijs';
import { anchorId, anchorPayload, type AnchoredToken } from './anchor-statement.js';
import type { AnchorStore, StoredToken } from './anchor.store.js';
import type { TimeAuthority } from './authority.js';
import { askAuthority } from './time-authority-client.service.js';
import { delayMs, isAlarming, seen, UNKNOWN_TIME, type TimeState } from './time-gap.js';
import { stampedText, timeRequest } from './time-request.js';
import { checkStoredToken, checkToken, timeOf } from './time-token.js';
import type { Stampable, StampableCheckpoints } from './stampable-checkpoints.service.js';
import type { TrustedTimeMetrics } from './trusted-time-metrics.service.js';
import { trustedTimeErrors } from './trusted-time.errors.js';

/** A window that has its last leaf, and its last checkpoint. */
export interface ClosedLog {
  readonly store: AnchorStore;
  readonly size: number;
  readonly checkpoints: Pick<StampableCheckpoints, 'newest'>;
}

export interface TimestamperOptions {
  readonly bus: Pick<Bus, 'publish'>;
  /** Of the window that `head` is of. */
  readonly store: AnchorStore;
  /** Windows before it that were closed of late; each is stamped as it ended. */
  readonly closed?: () => Promise<readonly ClosedLog[]>;
  /** Audit's instance key and the name under which intake files its statements. */
  readonly signer: Signer;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly authorities: readonly TimeAuthority[];
  readonly roots: readonly Certificate[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Of the log as this process owns it; undefined while another does. */
  readonly head: () => { readonly size: number } | undefined;
  readonly checkpoints: Pick<StampableCheckpoints, 'newest' | 'holding'>;
  readonly metrics: TrustedTimeMetrics;
  readonly logger: Logger;
}

/** Tokens whose leaf is looked for. One is fetched in a minute at most, and stated at once. */
const RECENT = 50;
const FIRST_PASS_MS = 5_000;

/**
 * Has the newest published checkpoint stamped by a time-stamp authority (`audit-log.md` §5), checks the token, stores
 * it, and states its digest in the log. It never stands in the way of a stamp: whatever fails is tried again, and shows.
 *
 * A crash after the token is stored leaves it without a leaf: the next pass states it, under the same id, so once.
 */
export class Timestamper {
  private timer: NodeJS.Timeout | undefined;
  /** Ends when the pass under way does; never rejects. */
  private running: Promise<unknown> = Promise.resolve();
  private readonly closing = new AbortController();
  /** Passes that failed one after another. */
  private failures = 0;
  private isAlarmed = false;
  /** Written by every pass. */
  private state: TimeState = UNKNOWN_TIME;

  constructor(private readonly options: TimestamperOptions) {
    const { clock, metrics } = options;
    const secondsSince = (ms: number | undefined) => (ms === undefined ? undefined : (clock.now() - ms) / 1000);
    metrics.age.from({}, () => secondsSince(this.state.newestMs));
    metrics.gap.from({}, () => secondsSince(this.state.waitingSinceMs) ?? 0);
  }

  /** Does nothing if no authority is configured. */
  start(): void {
    if (this.options.authorities.length > 0) this.schedule(Math.min(this.options.intervalMs, FIRST_PASS_MS));
  }

  async stop(): Promise<void> {
    this.closing.abort();
    clearTimeout(this.timer);
    await this.running;
  }

  /** Undefined if no authority is configured. */
  get standing(): { readonly state: TimeState; readonly isAlarming: boolean } | undefined {
    const { authorities, clock } = this.options;
    if (authorities.length === 0) return undefined;
    return { state: this.state, isAlarming: isAlarming(this.state, clock.now()) };
  }

  /**
   * Has the head stamped once it is published, also if only our own leaves are new: for the last checkpoint of a window.
   * Resolves when a token of it is stored. Rejects with `checkpoint-unpublished`, `time-unavailable`, or with what the
   * database says; it may be called again.
   */
  stampNow(): Promise<void> {
    return this.inTurn(() => this.pass(true));
  }

  private schedule(afterMs: number): void {
    if (this.closing.signal.aborted) return;
    this.timer = setTimeout(() => {
      void this.inTurn(() => this.passSafely()).then(() => {
        this.schedule(delayMs(this.options.intervalMs, this.failures));
      });
    }, afterMs);
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const outcome = this.running.then(work);
    this.running = outcome.catch(() => undefined);
    return outcome;
  }

  private async passSafely(): Promise<void> {
    try {
      await this.pass(false);
      this.failures = 0;
    } catch (cause) {
      this.failures += 1;
      this.options.logger.warn({ err: cause }, 'no time-stamp token, trying again');
    }
    this.alarmIfDue();
  }

  private alarmIfDue(): void {
    const nowMs = this.options.clock.now();
    const wasAlarmed = this.isAlarmed;
    this.isAlarmed = isAlarming(this.state, nowMs);
    if (wasAlarmed || !this.isAlarmed) return;
    const { waitingSinceMs = nowMs } = this.state;
    this.options.logger.error({ alarm: 'no-trusted-time', forMs: nowMs - waitingSinceMs }, 'alarm');
  }

  private async pass(isWanted: boolean): Promise<void> {
    // Of one window, also if the log goes on to the next while an authority is waited for.
    const { clock, store, checkpoints } = this.options;
    const head = this.options.head();
    if (head === undefined) {
      // Another process writes, and watches.
      this.state = UNKNOWN_TIME;
      return;
    }
    const tokens = anchored(await store.newest(RECENT));
    const [newest] = tokens;
    const hasMoved = await this.hasMoved(store, head.size, tokens, isWanted);
    this.state = seen(this.state, newest?.timeMs, hasMoved, clock.now());
    await this.stateMissing(tokens, store);
    for (const log of (await this.options.closed?.()) ?? []) await this.stampLast(log);
    if (!hasMoved) return;
    const checkpoint = isWanted
      ? await checkpoints.holding(head.size, this.closing.signal)
      : await checkpoints.newest(newest?.size ?? 0);
    if (checkpoint === undefined || !(await this.hasMoved(store, checkpoint.size, tokens, isWanted))) return;
    const token = await this.obtain(checkpoint);
    await store.add({ ...token, source: token.authority });
    this.options.metrics.tokens.add({});
    this.state = seen(this.state, token.timeMs, false, clock.now());
    await this.stateMissing([token], store);
  }

  /** The statement about that token goes into the window that is written now. */
  private async stampLast({ store, size, checkpoints }: ClosedLog): Promise<void> {
    const tokens = anchored(await store.newest(RECENT));
    await this.stateMissing(tokens, store);
    if ((tokens[0]?.size ?? 0) >= size) return;
    const checkpoint = await checkpoints.newest(size - 1);
    if (checkpoint === undefined) return;
    const token = await this.obtain(checkpoint);
    await store.add({ ...token, source: token.authority });
    this.options.metrics.tokens.add({});
    await this.stateMissing([token], store);
  }

  /** Our own leaves about tokens are no reason for another token: a silent log would feed itself. */
  private async hasMoved(
    store: AnchorStore,
    size: number,
    tokens: readonly AnchoredToken[],
    isWanted: boolean,
  ): Promise<boolean> {
    const stamped = tokens[0]?.size ?? 0;
    if (size <= stamped) return false;
    return isWanted || store.holdsOthers(stamped, size, tokens.map(anchorId));
  }

  /** From the first authority that gives a good token; what the others did is logged and counted. */
  private async obtain({ size, note }: Stampable): Promise<AnchoredToken> {
    for (const authority of this.options.authorities) {
      if (this.closing.signal.aborted) break;
      try {
        return { authority: authority.name, size, ...(await this.ask(authority, note)) };
      } catch (cause) {
        this.options.logger.warn({ err: cause, authority: authority.name }, 'time-stamp authority gave no good token');
      }
    }
    throw trustedTimeErrors.error('time-unavailable', { details: { size } });
  }

  private async ask(authority: TimeAuthority, note: string): Promise<{ data: Buffer; timeMs: number }> {
    const { clock, metrics, roots, timeoutMs } = this.options;
    const request = timeRequest(stampedText(note));
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), this.closing.signal]);
    const data = await askAuthority(authority, request.der, signal).catch((cause: unknown) => {
      metrics.failures.add({ reason: 'unreachable' });
      throw cause;
    });
    const checked = await checkToken(data, { request, roots, nowMs: clock.now() });
    if (checked.ok) return { data, timeMs: checked.value.timeMs };
    metrics.failures.add({ reason: checked.reason });
    throw trustedTimeErrors.error('time-token-refused', { details: { reason: checked.reason } });
  }

  /** States the tokens of `store` that have no leaf yet and are still what was checked before they were stored. */
  private async stateMissing(tokens: readonly AnchoredToken[], store: AnchorStore): Promise<void> {
    const { bus, clock, instanceId, signer } = this.options;
    const stated = tokens.length === 0 ? new Set() : await store.stated(tokens.map(anchorId), instanceId);
    const nowMs = clock.now();
    const statements: Statement[] = [];
    for (const token of tokens) {
      if (stated.has(anchorId(token).toString('hex')) || !(await this.isStillGood(token, store))) continue;
      statements.push(await signStatement(anchorPayload(token, nowMs), signer));
    }
    if (statements.length === 0) return;
    const topic = fixedTopics.stamp.name;
    await bus.publish(statements.map(({ jws }) => ({ topic, partition: 0, value: Buffer.from(jws) })));
  }

  /** Whoever owns the database may have changed the row since; the scrub finds it, and no leaf may vouch for it. */
  private async isStillGood({ authority, data, size }: AnchoredToken, store: AnchorStore): Promise<boolean> {
    const { clock, logger, roots } = this.options;
    const text = stampedText((await store.stampedNote(size)) ?? '');
    const checked = await checkStoredToken(data, { text, roots, nowMs: clock.now() });
    if (!checked.ok)
      logger.error({ alarm: 'time-token-altered', authority, size, reason: checked.reason }, 'alarm: not stated');
    return checked.ok;
  }
}

/** One that can no longer be read is left to the scrub. */
function anchored(rows: readonly StoredToken[]): AnchoredToken[] {
  return rows.flatMap(({ size, source, data }) => {
    const timeMs = timeOf(data);
    return timeMs === undefined ? [] : [{ authority: source, size, data, timeMs }];
  });
}
