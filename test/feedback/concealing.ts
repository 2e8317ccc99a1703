import { randomBytes } from 'node:crypto';
import { newExchangeId } from '#kernel';
import { h1, signStatement, type ConcealmentPayload, type Statement, type TypedSubject } from '#signing';
import { CONSUMER } from '../audit/audit-network.js';
import type { FeedbackNetwork, Stated } from './feedback-network.js';

export const OPERATOR = 'TEST/GOV/1009/operator';

export interface Ordered {
  readonly order: Statement<ConcealmentPayload>;
  readonly countersigned: Statement<ConcealmentPayload>;
}

/** An order of concealment and its countersignature; `more` changes the second alone. */
export async function ordered(
  { audit }: FeedbackNetwork,
  until: number,
  changes: Partial<ConcealmentPayload> = {},
  more: Partial<ConcealmentPayload> = {},
): Promise<Ordered> {
  const doc = h1(randomBytes(32), Buffer.from('act'));
  const parties = { from: CONSUMER, to: OPERATOR, until, doc };
  const base = { v: 1, t: 'access.concealment', ts: Date.now() } as const;
  const payload = { ...base, id: newExchangeId(), ...parties, ...changes };
  const order = await signStatement<ConcealmentPayload>(payload, audit.signerOf(payload.from));
  const second = { ...payload, id: newExchangeId(), prev: order.leafHash.toString('base64url'), ...more };
  return { order, countersigned: await signStatement<ConcealmentPayload>(second, audit.signerOf(second.to)) };
}

/** An access under an order that stands in the log; both ends have sent its opening, naming the order. */
export async function concealed(
  network: FeedbackNetwork,
  subjects: readonly TypedSubject[],
  untilMs: number,
): Promise<Stated> {
  const { order, countersigned } = await ordered(network, untilMs);
  await network.stamp(order);
  await network.stamp(countersigned);
  const made = await network.requested(subjects);
  await network.stamp(made.statement);
  const concealment = countersigned.leafHash;
  await network.send(await network.sealed(made, { concealment }), await network.sealed(made, { concealment }));
  return made;
}
