import { newExchangeId, type Clock } from '#kernel';
import { signIfAvailable } from '#signing';
import type { RefusalTally } from '../refusals/refusal-tally.js';
import type { Refusal } from './admission.js';
import type { ConsumerKeys } from './consumer-keys.js';
import type { ExchangeEvents } from './exchange-events.js';
import type { ExchangeRequest, UnansweredExchange } from './exchange.js';
import { sideOf } from './refusal-side.js';
import type { StampsWorker } from './stamps.worker.js';

const KEEP_MS = 5 * 60_000;

/**
 * Answers what admission refused, and states it where `statements.md` §2 wants that: right, purpose, context or schema
 * of an authenticated consumer. The statement is not waited for, and a full queue drops it rather than growing. All
 * others are counted, and stated as numbers each minute.
 */
export class RefusalsService {
  constructor(
    private readonly keys: ConsumerKeys,
    private readonly stamps: StampsWorker,
    private readonly events: ExchangeEvents,
    private readonly clock: Clock,
    private readonly tally: RefusalTally,
  ) {}

  async refuse(request: ExchangeRequest, refusal: Refusal, replyTopic: string): Promise<UnansweredExchange> {
    const { code, retryAfterS, limits, stated, problems } = refusal;
    const answer: UnansweredExchange = {
      kind: 'refused',
      code,
      side: sideOf(code),
      decidedBy: 'gateway',
      ...(retryAfterS === undefined ? {} : { retryAfterS }),
      ...(limits === undefined ? {} : { limits }),
      ...(problems === undefined ? {} : { problems }),
    };
    const nowMs = this.clock.now();
    const signer = stated === undefined ? undefined : this.keys.signer(stated.view, request.consumer);
    if (stated === undefined || signer === undefined) {
      this.tally.add(code, request.consumer, nowMs);
      return answer;
    }
    const id = newExchangeId();
    const { provider, service } = request.target;
    const parties = { from: request.consumer, to: provider, svc: service, ep: stated.endpoint };
    const said = {
      v: 1,
      t: 'exchange.refused',
      id,
      ts: nowMs,
      ...parties,
      why: code,
      snap: stated.view.number,
    } as const;
    const statement = await signIfAvailable(said, signer);
    if (statement === undefined) {
      this.tally.add(code, request.consumer, nowMs);
      return answer;
    }
    const isKept = this.stamps.keep({
      jws: statement.jws,
      leafHash: statement.leafHash,
      replyTopics: [replyTopic],
      untilMs: nowMs + KEEP_MS,
      ended: () => undefined,
    });
    this.events.counted(isKept ? 'refusal-stated' : 'refusal-not-stated');
    if (!isKept) this.tally.add(code, request.consumer, nowMs);
    return isKept ? { ...answer, exchangeId: id } : answer;
  }
}
