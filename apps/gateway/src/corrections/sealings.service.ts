import { outlineOf, readContent } from '#corrections';
import { CASE_KINDS } from '#deliveries';
import { newExchangeId, type SubsystemId } from '#kernel';
import type { CaseSteps } from './case-steps.service.js';
import { gatewayCorrectionErrors } from './corrections.errors.js';
import type { Asker, FeedbackCases } from './feedback-cases.service.js';
import { openCopy } from './portal-copy.js';
import { readSealingOrder, readSealings } from './sealing-order.js';

export interface SealingsParts {
  readonly steps: CaseSteps;
  readonly feedback: FeedbackCases;
  /** Of the copies that were handed over with the filings. */
  readonly copyKey: Buffer;
  readonly failed: (what: string, cause: unknown) => void;
}

const MOST_PAGES = 50;

/**
 * Seals requests anew for who succeeds their owner (E56). Promises: for nobody but whom this gateway's own registry says
 * to stand in the owner's place, and only what it has sealed itself. Asked for again until it is done; twice changes nothing.
 */
export class Sealings {
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
    const { feedback, steps, copyKey } = this.parts;
    const path = `/v1/portal/corrections/${id}/sealing`;
    const order = readSealingOrder(await feedback.get(path, asker, 'large'));
    if (order?.correctionId !== id) throw gatewayCorrectionErrors.error('corrections-feedback-away');
    const successor = order.successor as SubsystemId;
    // Feedback names whom it is for; values are shown to those only whom the registry names as well.
    if (!steps.isSuccessor(successor)) throw gatewayCorrectionErrors.error('correction-owner-unsealable');
    const bytes = openCopy(copyKey, id, asker.consumer, order.copy);
    // Another gateway of this consumer has filed it, and will be asked too.
    if (bytes === undefined) return;
    const read = readContent(bytes);
    if (!read.ok) throw gatewayCorrectionErrors.error('correction-owner-unsealable');
    const content = read.value;
    const { kind, service, endpoint } = order;
    const asked = { correctionId: id, kind, service, endpoint, content };
    const sealed = await steps.seal(newExchangeId(), CASE_KINDS.request, successor, asked);
    await feedback.post(path, { successor, outline: outlineOf(content), content: sealed }, asker);
  }
}
