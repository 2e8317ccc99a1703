import { LRUCache } from 'lru-cache';
import { valueHash } from '#corrections';
import { fromBase64Url, type Clock, type SubsystemId } from '#kernel';
import type { CaseSteps } from './case-steps.service.js';
import type { CorrectionFilings } from './correction-filing.store.js';
import { gatewayCorrectionErrors } from './corrections.errors.js';
import type { Asker, FeedbackCases } from './feedback-cases.service.js';
import type { KeptFiling } from './kept-filing.js';
import type { Rechecks, SeenAgain } from './recheck.service.js';
import { isCorrected, readVerifications, type WantedVerification } from './verification.js';

export interface VerificationsParts {
  readonly kept: CorrectionFilings;
  readonly feedback: FeedbackCases;
  readonly steps: CaseSteps;
  readonly rechecks: Rechecks;
  readonly clock: Clock;
  readonly everyMs: number;
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
const MOST_POSTPONED = 10_000;
const MOST_PAGES = 50;
const SWEEP_BATCH = 200;

/**
 * Looks at corrected data again (`corrections.md` §6, verification read) and states what it saw: neither the operator nor
 * the owner judges itself. No answer is no statement: it is asked again, more and more rarely. Killed anywhere it has
 * stated or it has not, and feedback lists what is not stated; of two gateways that see the same, one is refused.
 */
export class VerificationsWorker {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The round under way; `stop` waits for it. */
  private round: Promise<void> = Promise.resolve();
  private isStopped = false;
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

  /** One round; public so that a test need not wait for the timer. */
  async run(): Promise<void> {
    const { kept, clock } = this.parts;
    while (!this.isStopped && (await kept.sweep(clock.now(), SWEEP_BATCH)) > 0);
    for (const consumer of await kept.consumers()) {
      if (this.isStopped) return;
      // What breaks for one consumer is no other one's matter.
      await this.ofConsumer(consumer).catch((cause: unknown) => this.parts.failed('verifications', cause));
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
    const { kept, rechecks } = this.parts;
    const { consumer } = asker;
    const filing = await kept.find(wanted.correctionId, consumer);
    // Filed without a way to ask again, or by another gateway of this consumer.
    if (filing === undefined || filing.service !== wanted.service) return false;
    const seen = await rechecks.ask(consumer, filing);
    const isMatch = seen === undefined ? undefined : isCorrected(filing, wanted.values, seen.json);
    if (seen === undefined || isMatch === undefined) return false;
    await this.state(asker, wanted.correctionId, filing, { seen, isMatch });
    // Where it does not match the case goes on, and what is corrected then is looked at too.
    if (isMatch) await kept.drop(wanted.correctionId, consumer);
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
