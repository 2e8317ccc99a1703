import { subsystemOf, type Clock } from '#kernel';
import { isSequelOf, signIfAvailable, slotFor, verifyStatement, type RequestedPayload, type Statement } from '#signing';
import type { RegistryView } from '#snapshot';
import type { ConsumerKeys } from './consumer-keys.js';
import { failedPayload } from './ending.js';
import type { ExchangeEvents } from './exchange-events.js';
import type { ExchangeStore } from './exchange.store.js';
import { requestedOf, type RowOutcome, type StoredRow } from './row.js';

/** What the log says of an exchange. */
export interface LoggedOutcomes {
  /**
   * The statement that the audit service shows for the provider's slot; proven to be a leaf, and nothing else of it is
   * checked. Undefined: no such leaf. Rejects when the log cannot be asked.
   */
  providerLeaf(requested: Statement<RequestedPayload>): Promise<Statement | undefined>;
}

const LOST_AFTER_MS = 60_000;

/**
 * Ends an exchange whose gateway has died (`bus.md` §4.9): the provider's leaf if there is one, else
 * `failed: gateway-lost`, by the same compare-and-set as any end. The kept answer is not opened and nothing is called
 * again. What it states is sent by the worker that resends outcomes without a receipt.
 */
export class TakeoverService {
  constructor(
    private readonly store: ExchangeStore,
    private readonly log: LoggedOutcomes,
    private readonly keys: ConsumerKeys,
    private readonly registry: { current(): RegistryView | undefined },
    private readonly events: Pick<ExchangeEvents, 'alarm'>,
    private readonly clock: Clock,
  ) {}

  /** The row's outcome if it has one or is taken now; undefined while its own gateway may still end it. */
  async take(row: StoredRow, deadlineMs: number = row.deadlineMs): Promise<RowOutcome | undefined> {
    if (row.outcome !== undefined) return row.outcome;
    if (this.clock.now() < deadlineMs + LOST_AFTER_MS) return undefined;
    const requested = requestedOf(row);
    if (requested === undefined) return undefined;
    const outcome = await this.outcomeFor(row, requested);
    if (outcome === undefined) return undefined;
    const won = await this.store.end(row.id, outcome);
    return won ? outcome : this.store.outcomeOf(row.id);
  }

  private async outcomeFor(row: StoredRow, requested: Statement<RequestedPayload>): Promise<RowOutcome | undefined> {
    const endedMs = this.clock.now();
    const view = this.registry.current();
    if (view === undefined) return undefined;
    const logged = await this.log.providerLeaf(requested);
    if (logged !== undefined) {
      const problem = problemOf(logged, row, view);
      if (problem !== undefined) {
        // Somebody's leaf, shown in the provider's place: it is no outcome, and no proof that there is none.
        this.events.alarm('takeover-leaf-refused', { reason: problem, exchangeId: row.id });
        return undefined;
      }
      // The provider's own leaf about another request than ours holds its slot, and counts for nothing.
      if (isSequelOf(logged, requested)) return loggedOutcome(logged, endedMs);
    }
    const signer = this.keys.signer(view, row.consumer);
    if (signer === undefined) return undefined;
    const failure = { code: 'gateway-lost', side: 'bus' } as const;
    const statement = await signIfAvailable(failedPayload(requested, failure, endedMs), signer);
    // Still open then: whoever asks again when the token is back ends it.
    if (statement === undefined) return undefined;
    return { kind: 'failed', ...failure, jws: statement.jws, by: 'gateway', endedMs };
  }
}

/** Why this leaf is not the provider's word about this exchange. When its key was valid, intake has judged. */
function problemOf(
  leaf: Statement,
  { id, service }: StoredRow,
  view: RegistryView,
): 'leaf-alien' | 'leaf-slot' | 'leaf-unknown-key' | 'leaf-bad-signature' | undefined {
  const provider = subsystemOf(service);
  if (leaf.payload.id !== id || leaf.payload.to !== provider) return 'leaf-alien';
  if (slotFor(leaf.payload, 'to') !== 'p1') return 'leaf-slot';
  const key = view.keyOf(provider, leaf.kid);
  if (key?.use !== 'sign') return 'leaf-unknown-key';
  return verifyStatement(leaf, key.jwk) ? undefined : 'leaf-bad-signature';
}

function loggedOutcome({ jws, payload }: Statement, endedMs: number): RowOutcome {
  const kind = payload.t === 'exchange.answered' ? 'answered' : payload.t === 'exchange.refused' ? 'refused' : 'failed';
  return { kind, code: payload.why, side: payload.side, jws, by: 'provider', endedMs };
}
