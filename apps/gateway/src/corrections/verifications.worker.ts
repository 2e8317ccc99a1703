import { LRUCache } from 'lru-cache';
import { valueHash } from '#corrections';
import { fromBase64Url, type Clock, type SubsystemId } from '#kernel';
import type { Reading } from '#platform';
import type { CaseSteps } from './case-steps.service.js';
import type { CorrectionFilings, Unseen } from './correction-filing.store.js';
import { gatewayCorrectionErrors } from './corrections.errors.js';
import type { Asker, FeedbackCases } from './feedback-cases.service.js';
import type { Forgetting } from './forgetting.service.js';
import type { KeptFiling } from './kept-filing.js';
import type { Sealings } from './sealings.service.js';
import type { NotSeen, Rechecks, SeenAgain } from './recheck.service.js';
import { readingOfUnseen } from './unseen-reading.js';
import { isCorrected, readVerifications, type WantedVerification } from './verification.js';
import type { VerificationEvents } from './verification-events.js';

export interface VerificationsParts {
  readonly kept: CorrectionFilings;
  readonly feedback: FeedbackCases;
  readonly steps: CaseSteps;
  readonly rechecks: Rechecks;
  readonly clock: Clock;
  readonly everyMs: number;
  readonly forgetting: Forgetting;
  readonly sealings: Pick<Sealings, 'ofConsumer'>;
  /** Consumers of this gateway, by the registry of the moment. */
  readonly served: () => readonly SubsystemId[];
  readonly events: VerificationEvents;
  readonly failed: (what: string, cause: unknown) => void;
}

interface Postponed {
  readonly attempts: number;
  readonly untilMs: number;
}

/** The first wait, in rounds: a feedback or a connector that was away for a moment costs no more than that. */
const FIRST_WAIT_ROUNDS = 2;
const LONGEST_WAIT_MS = 6 * 60 * 60_000;
/** Feedback lists a case until the log shows what was stated. */
const STATED_WAIT_MS = 10 * 60_000;
/** After a day no log takes a statement any more; what feedback lists then was never stated. */
const LOST_MS = 25 * 60 * 60_000;
const INCOMPARABLE: NotSeen = { why: 'value-incomparable', isRefused: false };
const MOST_POSTPONED = 10_000;
const MOST_PAGES = 50;
const SWEEP_BATCH = 200;

/**
 * Looks at corrected data again (`corrections.md` §6, verification read) and states what it saw: neither the operator nor
 * the owner judges itself. No answer is no statement: it is asked again, more and more rarely. Killed anywhere it has
 * stated or it has not, and feedback lists what is not stated; each correction is looked at once; of two gateways that see the same, one is refused.
 */
export class VerificationsWorker {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The round under way; `stop` waits for it. */
  private round: Promise<void> = Promise.resolve();
  private isStopped = false;
  private unseen: readonly Unseen[] = [];
  /** By case, written after each attempt; after a restart each is tried at once. */
  private readonly postponed = new LRUCache<string, Postponed>({ max: MOST_POSTPONED });

  constructor(private readonly parts: VerificationsParts) {}

  start(): void {
    this.next();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  /** As it was after the last round: corrections that nobody can look at have nobody who says so but this. */
  reading(): Reading {
    return readingOfUnseen(this.unseen, this.parts.clock.now());
  }

  /** One round; public so that a test need not wait for the timer. */
  async run(): Promise<void> {
    const { kept, clock, forgetting } = this.parts;
    while (!this.isStopped && (await kept.sweep(clock.now(), SWEEP_BATCH)) > 0);
    for (const consumer of await kept.consumers()) {
      if (this.isStopped) return;
      // What breaks for one consumer is no other one's matter.
      await this.ofConsumer(consumer).catch((cause: unknown) => this.parts.failed('verifications', cause));
      await forgetting.ofConsumer(consumer).catch((cause: unknown) => this.parts.failed('filings-over', cause));
    }
    await this.sealAnew();
    this.unseen = await kept.allUnseen();
  }

  /** Requests whose owner was succeeded; a copy is feedback's, so that no row of this gateway is needed. */
  private async sealAnew(): Promise<void> {
    const { served, sealings, failed } = this.parts;
    for (const consumer of served()) {
      if (this.isStopped) return;
      await sealings.ofConsumer(consumer).catch((cause: unknown) => failed('sealings', cause));
    }
  }

  private next(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.round = this.run().catch((cause: unknown) => this.parts.failed('verifications', cause));
      void this.round.then(() => this.next());
    }, this.parts.everyMs);
  }

  private async ofConsumer(consumer: SubsystemId): Promise<void> {
    const { feedback, steps } = this.parts;
    let after = '';
    for (let page = 0; page < MOST_PAGES && !this.isStopped; page += 1) {
      const asker = steps.asker(consumer);
      const query = after === '' ? '' : `?after=${encodeURIComponent(after)}`;
      const read = readVerifications(await feedback.get(`/v1/portal/verifications${query}`, asker));
      if (read === undefined) throw gatewayCorrectionErrors.error('corrections-feedback-away');
      for (const wanted of read.verifications) await this.tried(asker, wanted);
      if (read.next === undefined || read.next === after) return;
      after = read.next;
    }
  }

  /** Never rejects: one case holds up no other. */
  private async tried(asker: Asker, wanted: WantedVerification): Promise<void> {
    const { clock, everyMs, failed } = this.parts;
    const { correctionId: id } = wanted;
    const before = this.postponed.get(id);
    if (this.isStopped || (before !== undefined && clock.now() < before.untilMs)) return;
    try {
      if (await this.verify(asker, wanted)) {
        this.postponed.set(id, { attempts: 0, untilMs: clock.now() + STATED_WAIT_MS });
        return;
      }
    } catch (cause) {
      failed('verification', cause);
    }
    const attempts = (before?.attempts ?? 0) + 1;
    const waitMs = Math.min(FIRST_WAIT_ROUNDS * everyMs * 2 ** Math.min(attempts - 1, 20), LONGEST_WAIT_MS);
    this.postponed.set(id, { attempts, untilMs: clock.now() + waitMs });
  }

  /** Whether something was stated. */
  private async verify(asker: Asker, wanted: WantedVerification): Promise<boolean> {
    const { kept, rechecks, clock, events } = this.parts;
    const { consumer } = asker;
    const { correctionId: id, seq } = wanted;
    const awaited = await kept.awaited(id, consumer);
    // Filed without a way to ask again, or by another gateway of this consumer.
    if (awaited?.filing.service !== wanted.service) return false;
    const { filing, verified } = awaited;
    if (verified?.seq === seq && clock.now() < verified.atMs + LOST_MS) return true;
    const seen = await rechecks.ask(consumer, filing);
    const isMatch = seen.ok ? isCorrected(filing, wanted.values, seen.value.json) : undefined;
    if (!seen.ok || isMatch === undefined) {
      const not = seen.ok ? INCOMPARABLE : seen.reason;
      events.verified(not.isRefused ? 'refused' : 'unanswered');
      await kept.unseen(id, consumer, not, clock.now());
      return false;
    }
    await this.state(asker, id, filing, { seen: seen.value, isMatch });
    events.verified(isMatch ? 'match' : 'mismatch');
    await kept.verified(id, consumer, seq, clock.now());
    return true;
  }

  private async state(
    asker: Asker,
    id: string,
    { salt }: KeptFiling,
    { seen: { exchangeId }, isMatch }: { readonly seen: SeenAgain; readonly isMatch: boolean },
  ): Promise<void> {
    const doc = valueHash(fromBase64Url(salt) ?? Buffer.alloc(0), { isMatch, exchangeId });
    const expected = isMatch
      ? { t: 'correction.verified' as const, id, doc }
      : { t: 'correction.reopened' as const, id, doc, why: 'old-value-seen' };
    // A fresh signer: the exchange may have taken its time.
    const signer = this.parts.steps.asker(asker.consumer);
    await this.parts.steps.step(signer, `/v1/portal/corrections/${id}/verification`, { isMatch, doc }, expected);
  }
}
