import { memberOf, subsystemOf, type Clock, type ExchangeId, type ServiceId } from '#kernel';
import type { Logger } from '#platform';
import type { BodyBudget } from '../edge/body-budget.js';
import { parseHead } from '../edge/call-head.js';
import { failureOf, nativeProblem } from '../edge/edge-reply.service.js';
import { errorOf } from '../edge/error-catalogue.js';
import { exchangeRequestOf } from '../edge/exchange-request.js';
import { filterAnswerHeaders } from '../edge/header-rules.js';
import type { Exchanges, ExchangeOutcome, UnansweredExchange } from '../exchange/exchange.js';
import type { Rights } from '../rights/rights.js';
import { renderAnswer, type PartAnswer, type PartSource } from './answer.js';
import { DEFAULT_DEADLINE_MS, type Composition, type Part } from './composition.js';
import { partCall, type Caller } from './part-call.js';

export interface CompositionParts {
  readonly exchanges: Exchanges;
  readonly rights: Rights;
  /** Room for answers that wait for other parts. */
  readonly held: BodyBudget;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxHeaderBytes: number;
}

interface Ended {
  readonly outcome: ExchangeOutcome;
  readonly atMs: number;
}

/** A part under way. */
interface OpenPart {
  readonly part: Part;
  /** Undefined if the target could not be read; written when the part begins. */
  service: ServiceId | undefined;
  /** Written when the exchange is about to be sent. */
  exchangeId: ExchangeId | undefined;
  /** Written once, when the exchange has ended; not after the composition was answered. */
  ended: Ended | undefined;
  /** How to give the room of the answer back; undefined if there was none for it. */
  giveBack: (() => void) | undefined;
}

/**
 * Performs the parts of a composition side by side, each as the ordinary exchange that it would be by itself. Promises
 * an answer by the composition's deadline whatever becomes of any part, and claims no outcome that its exchange has not
 * claimed: a part that has not ended is `pending`, and goes on to its own end, in its row and in the log.
 */
export class CompositionService {
  constructor(private readonly parts: CompositionParts) {}

  async compose(composition: Composition, caller: Caller): Promise<Buffer> {
    const { clock } = this.parts;
    const { deadlineMs = DEFAULT_DEADLINE_MS } = composition;
    const answered = Promise.withResolvers<undefined>();
    const state = { isAnswered: false };
    // No await between the parts: what can leave in one batch does.
    const begun = composition.parts.map((part) => this.begin(part, composition, caller, state));
    const deadline = setTimeout(
      () => answered.resolve(undefined),
      Math.max(0, caller.receivedAtMs + deadlineMs - clock.now()),
    );
    void Promise.all(begun.map(({ done }) => done)).then(() => answered.resolve(undefined));
    await answered.promise;
    clearTimeout(deadline);
    state.isAnswered = true;
    try {
      const tookMs = clock.now() - caller.receivedAtMs;
      const parts = begun.map(({ open }) => this.answerOf(open, caller, tookMs));
      const count = parts.filter(({ head }) => head.outcome === 'answered').length;
      const head = { complete: count === parts.length, parts: parts.length, answered: count, deadlineMs, tookMs };
      return renderAnswer(head, parts, composition.answerBodies);
    } finally {
      for (const { open } of begun) open.giveBack?.();
    }
  }

  private begin(part: Part, composition: Composition, caller: Caller, state: { readonly isAnswered: boolean }) {
    const { clock, held } = this.parts;
    const open: OpenPart = { part, service: undefined, exchangeId: undefined, ended: undefined, giveBack: undefined };
    const done = this.perform(open, composition, caller).then((outcome) => {
      // Too late to be told: it stands in the exchange's row, where whoever asks for it finds it.
      if (state.isAnswered) return;
      open.ended = { outcome, atMs: clock.now() };
      if (outcome.kind === 'answered') open.giveBack = held.take(caller.consumer, outcome.body.length);
    });
    return { open, done };
  }

  /** Never rejects: what breaks in one part is no other part's matter. */
  private async perform(open: OpenPart, composition: Composition, caller: Caller): Promise<ExchangeOutcome> {
    const { exchanges, maxHeaderBytes, logger } = this.parts;
    const { consumer, receivedAtMs } = caller;
    try {
      const { head, body } = partCall(open.part, composition, caller);
      const parsed = parseHead(head, maxHeaderBytes);
      if (!parsed.ok) return { kind: 'refused', code: parsed.reason, side: 'consumer', decidedBy: 'gateway' };
      open.service = parsed.value.target.service;
      const { method, headers } = head;
      const request = exchangeRequestOf({ consumer, method, headers, ...parsed.value, body, receivedAtMs });
      return await exchanges.perform(request, (id) => {
        open.exchangeId = id;
      });
    } catch (cause) {
      logger.error({ err: cause }, 'a part of a composition broke');
      return open.exchangeId === undefined
        ? { kind: 'failed', code: 'internal', side: 'bus', decidedBy: 'gateway' }
        : pending(open.exchangeId);
    }
  }

  private answerOf(open: OpenPart, caller: Caller, tookMs: number): PartAnswer {
    const { part, ended, service } = open;
    const source = service === undefined ? undefined : this.sourceOf(service);
    const outcome = ended?.outcome ?? pending(open.exchangeId);
    const { exchangeId } = outcome;
    const about = {
      tookMs: ended === undefined ? tookMs : ended.atMs - caller.receivedAtMs,
      ...(source === undefined ? {} : { source }),
      ...(exchangeId === undefined ? {} : { exchangeId, evidence: `/v1/exchanges/${exchangeId}/evidence` }),
    };
    if (outcome.kind !== 'answered') {
      const { code, kind, retryAfterS } = outcome;
      const problem = nativeProblem(failureOf(outcome));
      const told = { outcome: code === 'outcome-pending' ? ('pending' as const) : kind, status: problem.status };
      return {
        head: { name: part.name, ...told, ...about, problem, ...(retryAfterS === undefined ? {} : { retryAfterS }) },
      };
    }
    const { status, headers, body, answeredAtMs } = outcome;
    const answered = { outcome: 'answered' as const, status, asOf: new Date(answeredAtMs).toISOString() };
    const head = { name: part.name, ...answered, ...about, headers: filterAnswerHeaders(headers) };
    if (open.giveBack !== undefined) return { head, body };
    const error = errorOf('composition-answer-left-out');
    return { head: { ...head, problem: nativeProblem({ error, side: 'bus', decidedBy: 'gateway', exchangeId }) } };
  }

  private sourceOf(service: ServiceId): PartSource {
    const view = this.parts.rights.current();
    const title = view?.service(service)?.title;
    const member = memberOf(service);
    const memberName = view?.member(member)?.name;
    return {
      service,
      ...(title === undefined ? {} : { title }),
      subsystem: subsystemOf(service),
      member,
      ...(memberName === undefined ? {} : { memberName }),
    };
  }
}

/** No outcome is claimed; without an id where none was made here, e.g. a repeat that waits for another call's end. */
function pending(exchangeId: ExchangeId | undefined): UnansweredExchange {
  const told = { kind: 'failed', code: 'outcome-pending', side: 'bus', decidedBy: 'gateway' } as const;
  return exchangeId === undefined ? told : { ...told, exchangeId };
}
