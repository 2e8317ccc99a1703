import { standsBefore, type LogPlace } from './log-place.js';

/** A leaf `access.concealment`. */
export interface ConcealmentLeaf {
  /** Everywhere that it stands: one statement may be a leaf of two windows. */
  readonly places: readonly LogPlace[];
  readonly tsMs: number;
  /** Subsystem that orders. */
  readonly authority: string;
  /** Subsystem of who runs the bus. */
  readonly operator: string;
  readonly untilMs: number;
  /** Digest of the act. */
  readonly doc: string;
  /** What this one countersigns; undefined: it is the order itself. */
  readonly order: ConcealmentLeaf | undefined;
  readonly isCountersignature: boolean;
}

/** The access for which a call names an order. */
export interface ClaimedAccess {
  /** Its request, or the leaf that tells the subject where the request is not in the log yet. */
  readonly place: LogPlace;
  readonly tsMs: number;
  /** Subsystem that asked. */
  readonly consumer: string;
}

/** Who may conceal, and for how long. */
export interface ConcealmentRule {
  /** Subsystems that may order. */
  readonly authorities: readonly string[];
  /** Member that runs the bus, `INSTANCE/CLASS/CODE`: a subsystem of it countersigns. */
  readonly operator: string | undefined;
  /** The longest from the order to its end. */
  readonly maxMs: number;
}

/** Why a named order conceals nothing. */
export type ClaimFlaw =
  | 'order-unknown'
  | 'order-not-countersigned'
  | 'order-not-agreed'
  | 'order-unentitled'
  | 'order-foreign'
  | 'order-late'
  | 'order-ended'
  | 'order-too-long';

/**
 * Whether the order that a call names conceals its access (`audit-log.md` §4.3): two statements of two members, both in
 * the log before the call, by an authority that may order, for a call of its own, not ended by then and not for longer
 * than the longest. Undefined: it does, until `countersigned.untilMs`.
 *
 * Times are those that the statements claim; intake holds them to within five minutes, those of orders to within a day.
 */
export function claimFlaw(
  countersigned: ConcealmentLeaf | undefined,
  access: ClaimedAccess,
  rule: ConcealmentRule,
): ClaimFlaw | undefined {
  if (countersigned === undefined) return 'order-unknown';
  if (!countersigned.isCountersignature) return 'order-not-countersigned';
  const { order, authority, operator, untilMs } = countersigned;
  if (order === undefined) return 'order-unknown';
  if (order.isCountersignature || !agree(order, countersigned)) return 'order-not-agreed';
  const flaw = orderFlaw({ authority, operator, untilMs, tsMs: order.tsMs }, access.tsMs, rule);
  if (flaw === 'order-unentitled') return flaw;
  if (memberOf(access.consumer) !== memberOf(authority)) return 'order-foreign';
  if (![order, countersigned].every(({ places }) => places.some((place) => standsBefore(place, access.place))))
    return 'order-late';
  return flaw;
}

/** Whether such an order could conceal anything at that time: who signs it, and for how long. */
export function orderFlaw(
  order: Pick<ConcealmentLeaf, 'authority' | 'operator' | 'untilMs' | 'tsMs'>,
  atMs: number,
  rule: ConcealmentRule,
): 'order-unentitled' | 'order-ended' | 'order-too-long' | undefined {
  const { authority, operator, untilMs, tsMs } = order;
  if (!isEntitled(authority, operator, rule)) return 'order-unentitled';
  if (untilMs <= atMs) return 'order-ended';
  return untilMs - tsMs > rule.maxMs ? 'order-too-long' : undefined;
}

function agree(order: ConcealmentLeaf, { authority, operator, untilMs, doc }: ConcealmentLeaf): boolean {
  return order.authority === authority && order.operator === operator && order.untilMs === untilMs && order.doc === doc;
}

/** Two members, so that neither conceals anything alone. */
function isEntitled(authority: string, operator: string, rule: ConcealmentRule): boolean {
  if (!rule.authorities.includes(authority) || memberOf(operator) !== rule.operator) return false;
  return memberOf(authority) !== memberOf(operator);
}

function memberOf(subsystem: string): string {
  return subsystem.split('/').slice(0, 3).join('/');
}
