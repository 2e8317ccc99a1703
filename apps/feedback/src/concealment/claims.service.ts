import type { Queries } from '#postgres';
import type { StoredCommitment } from '../openings/index-row.store.js';
import { originsOf, requestsOf } from './concealed-access.store.js';
import { claimFlaw, type ClaimFlaw, type ConcealmentRule } from './judge-claim.js';
import { ordersOf } from './order.store.js';

/** An opened commitment of a call that names an order by the leaf hash of its countersignature. */
export interface Claim {
  readonly order: Buffer;
  readonly commitment: StoredCommitment;
}

/** Until when that access stays concealed, or why it does not. */
export type ClaimVerdict = { readonly untilMs: number } | { readonly flaw: ClaimFlaw };

/**
 * Judges claims of concealment by the log alone, in the transaction that indexes what they claim. What stood before a
 * call in its own log was taken in before it, so the verdict is the same whenever, and however often, it is given; an
 * order of an earlier window counts once that window was followed, as it is before a later one opens.
 */
export class ConcealmentClaims {
  constructor(private readonly rule: () => ConcealmentRule) {}

  /** One for each claim, in their order. */
  async judge(queries: Queries, claims: readonly Claim[]): Promise<ClaimVerdict[]> {
    if (claims.length === 0) return [];
    const orders = await ordersOf(
      queries,
      claims.map(({ order }) => order),
    );
    const requests = await requestsOf(
      queries,
      claims.map(({ commitment }) => commitment.exchange),
    );
    const origins = await originsOf(queries);
    const rule = this.rule();
    return claims.map(({ order, commitment }) => {
      const named = orders.get(order.toString('hex'));
      const { logId, index, tsMs, consumer } = commitment;
      // Without its request, which then stands behind it, an answer is the earliest leaf that there is.
      const asked = requests.get(commitment.exchange.toString('hex')) ?? {
        place: { log: origins.get(logId) ?? '', index },
        tsMs,
      };
      const flaw = claimFlaw(named, { ...asked, consumer }, rule);
      return flaw === undefined && named !== undefined ? { untilMs: named.untilMs } : { flaw: flaw ?? 'order-unknown' };
    });
  }
}
