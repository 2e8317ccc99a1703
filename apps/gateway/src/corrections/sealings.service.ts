import { LRUCache } from 'lru-cache';
import { outlineOf } from '#corrections';
import { CASE_KINDS } from '#deliveries';
import { newExchangeId, type Clock, type SubsystemId } from '#kernel';
import type { CaseSteps } from './case-steps.service.js';
import { gatewayCorrectionErrors } from './corrections.errors.js';
import type { Asker, FeedbackCases } from './feedback-cases.service.js';
import { alienSuccessor, type AlienSuccessor } from './lawful-successor.js';
import { openCopy } from './portal-copy.js';
import { readSealingOrder, readSealings } from './sealing-order.js';

export interface SealingsParts {
  readonly steps: CaseSteps;
  readonly feedback: FeedbackCases;
  /** Of the copies that were handed over with the filings. */
  readonly copyKey: Buffer;
  readonly clock: Clock;
  readonly events: SealingEvents;
  readonly failed: (what: string, cause: unknown) => void;
}

export interface SealingEvents {
  /** Somebody wants a request for whom it is not. */
  readonly alarm: (reason: 'sealing-refused', details: Readonly<Record<string, string>>) => void;
}

const MOST_PAGES = 50;
const MOST_REFUSED = 10_000;

/**
 * Seals requests anew for who succeeds their owner (E56). Promises: for nobody but whom this gateway's own registry says
 * to stand in the owner's place, and only what it has sealed itself. Asked for again until it is done; twice changes nothing.
 */
export class Sealings {
  /**
   * By case and target, how often it was refused, written by `refuse`. Alarmed the second time and only then: the first may
   * be before this gateway has the snapshot that feedback goes by. After a restart it is alarmed anew.
   */
  private readonly refused = new LRUCache<string, number>({ max: MOST_REFUSED });

  constructor(private readonly parts: SealingsParts) {}

  async ofConsumer(consumer: SubsystemId): Promise<void> {
    const { feedback, steps } = this.parts;
    let after = '';
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const asker = steps.asker(consumer);
      const query = after === '' ? '' : `?after=${encodeURIComponent(after)}`;
      const read = readSealings(await feedback.get(`/v1/portal/sealings${query}`, asker));
      if (read === undefined) throw gatewayCorrectionErrors.error('corrections-feedback-away');
      for (const { correctionId } of read.sealings) await this.tried(asker, correctionId);
      if (read.next === undefined || read.next === after) return;
      after = read.next;
    }
  }

  /** Never rejects: one case holds up no other. */
  private async tried(asker: Asker, id: string): Promise<void> {
    try {
      await this.seal(asker, id);
    } catch (cause) {
      this.parts.failed('sealing', cause);
    }
  }

  private async seal(asker: Asker, id: string): Promise<void> {
    const { feedback, steps, copyKey, clock } = this.parts;
    const path = `/v1/portal/corrections/${id}/sealing`;
    const order = readSealingOrder(await feedback.get(path, asker, 'large'));
    if (order?.correctionId !== id) throw gatewayCorrectionErrors.error('corrections-feedback-away');
    const successor = order.successor as SubsystemId;
    const copied = openCopy(copyKey, id, asker.consumer, order.copy);
    // Another gateway of this consumer has filed it, and will be asked too.
    if (copied === undefined) return;
    // Feedback says for whom; this gateway's own registry says whether they may read it.
    const why = alienSuccessor(copied, successor, steps.view(), clock.now());
    if (why !== undefined) this.refuse(id, successor, why);
    const { kind, service, endpoint, content } = copied;
    const asked = { correctionId: id, kind, service, endpoint, content };
    const sealed = await steps.seal(newExchangeId(), CASE_KINDS.request, successor, asked);
    await feedback.post(path, { successor, outline: outlineOf(content), content: sealed }, asker);
  }

  private refuse(id: string, successor: SubsystemId, why: AlienSuccessor): never {
    const key = `${id} ${successor}`;
    const times = (this.refused.get(key) ?? 0) + 1;
    this.refused.set(key, times);
    if (times === 2) this.parts.events.alarm('sealing-refused', { correctionId: id, to: successor, why });
    throw gatewayCorrectionErrors.error('correction-successor-alien', { extensions: { why } });
  }
}
