import type { CaseEvent } from '#corrections';
import type { Clock, SubsystemId } from '#kernel';
import { signingKeyOf } from '#reader-auth';
import { documentKid, verifyDocument } from '#signing';
import { callerErrors } from '../../caller/caller.errors.js';
import { standingOfCase } from '../case-standing.js';
import type { Cases, GivenStep } from '../cases.service.js';
import { correctionErrors } from '../corrections.errors.js';
import type { KeptCase } from '../kept-case.js';
import type { OwnerActs } from '../owner-acts.service.js';
import { caseOrder, isSameOrder, orderOf, type CaseOrder, type OrderedAct } from './case-order.js';
import type { OversightPage, OversightStore } from './oversight.store.js';
import { supervisedCase, type SupervisedCase } from './supervised-case.js';

export interface OversightParts {
  readonly store: OversightStore;
  readonly cases: Cases;
  readonly owners: Pick<OwnerActs, 'transferTo'>;
  readonly clock: Clock;
  /** Subsystems of the supervisory authority, and of the operator. */
  readonly supervisors: readonly string[];
  readonly operators: readonly string[];
}

export type OrderOutcome = { readonly order: CaseOrder } | { readonly standing: SupervisedCase };

const ORDER_TYPE = 'kerege-case-order+jwt';
/** Between the proposal of an order and its signature. */
const SIGNING_MS = 5 * 60_000;

/**
 * Supervisor and operator, who have no part in a case (`corrections.md` §6, 5 and 12). Feedback states what they order;
 * their own word, signed over the case as they saw it, is kept beside the step, so that neither can deny it nor feedback
 * invent it. Whatever they see or do is written down before.
 */
export class Oversight {
  constructor(private readonly parts: OversightParts) {}

  async page(
    reader: SubsystemId,
    { limit, ...page }: OversightPage,
  ): Promise<{ cases: SupervisedCase[]; next?: string }> {
    const { store, clock, supervisors } = this.parts;
    if (!supervisors.includes(reader)) throw callerErrors.error('caller-not-supervisor');
    const nowMs = clock.now();
    const found = await store.page({ ...page, limit: limit + 1 }, nowMs);
    const cases = found.slice(0, limit).map(supervisedCase);
    const ids = cases.map(({ id }) => id);
    await store.note(ids, { by: reader, role: 'supervisor', what: 'list' }, nowMs);
    const next = found.length > limit ? ids.at(-1) : undefined;
    return { cases, ...(next === undefined ? {} : { next }) };
  }

  reopen(by: SubsystemId, id: string, given: string | undefined): Promise<OrderOutcome> {
    if (!this.parts.supervisors.includes(by)) throw callerErrors.error('caller-not-supervisor');
    const act = { act: 'reopen', reason: 'supervisor-order' } as const;
    return this.order(by, id, act, () => ({ type: 'reopen', by: { role: 'supervisor' }, reason: act.reason }), given);
  }

  /** `content`: what the former owner has sealed anew for the target, who could open nothing else. */
  transfer(
    by: SubsystemId,
    id: string,
    target: SubsystemId,
    given: string | undefined,
    content: GivenStep['content'],
  ): Promise<OrderOutcome> {
    if (!this.parts.operators.includes(by)) throw callerErrors.error('caller-not-operator');
    if (given !== undefined && content === undefined)
      throw correctionErrors.error('case-outline', { extensions: { problem: 'sealed' } });
    const act = { act: 'transfer', reason: 'operator-assigned', target } as const;
    const eventOf = (kept: KeptCase): CaseEvent => ({
      ...{ type: 'transfer', by: { role: 'operator' }, reason: act.reason },
      ...this.parts.owners.transferTo(kept, target),
    });
    return this.order(by, id, act, eventOf, given, content);
  }

  private async order(
    by: SubsystemId,
    id: string,
    act: OrderedAct,
    eventOf: (kept: KeptCase) => CaseEvent,
    given: string | undefined,
    content?: GivenStep['content'],
  ): Promise<OrderOutcome> {
    const { store, cases, clock } = this.parts;
    const role = act.act === 'reopen' ? 'supervisor' : 'operator';
    const nowMs = clock.now();
    const kept = await cases.find(id);
    await store.note([id], { by, role, what: given === undefined ? `${act.act}-proposed` : act.act }, nowMs);
    if (given !== undefined && (await store.isKept(id, given))) return { standing: supervisedCase(kept) };
    const { leaf = '' } = standingOfCase(kept);
    if (given === undefined) {
      cases.checkEvent(kept, eventOf(kept));
      return { order: orderOf(act, { correctionId: id, leaf, by, at: nowMs }) };
    }
    const order = this.checked(given, by, nowMs);
    if (!isSameOrder(order, orderOf(act, { correctionId: id, leaf, by, at: order.at })))
      throw correctionErrors.error('order-not-this', { extensions: { problem: 'payload' } });
    await cases.order(id, eventOf, content, (queries, leafHash) =>
      store.keepOrder(queries, leafHash, { caseId: id, by, statement: given, atMs: nowMs }),
    );
    return { standing: supervisedCase(await cases.find(id)) };
  }

  /** Signed by whoever orders, just now. */
  private checked(jws: string, by: SubsystemId, nowMs: number): CaseOrder {
    const jwk = signingKeyOf(this.parts.cases.view(), by, documentKid(ORDER_TYPE, jws) ?? '', nowMs);
    const verified = jwk && verifyDocument(ORDER_TYPE, jws, jwk);
    const read = verified?.ok === true ? caseOrder.safeParse(verified.value) : undefined;
    const problem = read?.success !== true ? 'signature' : Math.abs(read.data.at - nowMs) > SIGNING_MS ? 'time' : '';
    if (read?.success !== true || problem !== '')
      throw correctionErrors.error('order-not-this', { extensions: { problem } });
    return read.data;
  }
}
