import {
  bytesEqual,
  ok,
  refuse,
  sha256,
  toHex,
  type Clock,
  type ExchangeId,
  type Result,
  type ServiceId,
  type SubsystemId,
} from '#kernel';
import type { Prepared, Unprepared } from './delivery.service.js';
import type { DatabaseHealth } from './database-health.worker.js';
import { endedElsewhere } from './ending.js';
import type { ExchangeEvents } from './exchange-events.js';
import type { Claim, ExchangeStore } from './exchange.store.js';
import type { ExchangeOutcome, ExchangeRequest, UnansweredExchange } from './exchange.js';
import type { RowOutcome } from './row.js';
import type { TakeoverService } from './takeover.service.js';
import { within } from './within.js';

/** A call under a key, with what is needed to make it if the key is free. */
export interface KeyedCall {
  readonly request: ExchangeRequest;
  readonly key: string;
  readonly fingerprint: Buffer;
  readonly deadlineAtMs: number;
  readonly prepare: () => Promise<Result<Prepared, Unprepared>>;
  readonly send: (prepared: Prepared) => Promise<ExchangeOutcome>;
}

/** Why a call under a free key is not sent: whoever asked answers it as any other refusal. */
export type Unsent = Unprepared | 'database-unavailable';
type Performed = Result<ExchangeOutcome, Unsent>;

interface Open {
  readonly fingerprint: Buffer;
  /** Of the exchange that this call makes or waits for; set when the key's holder is known. */
  exchangeId: ExchangeId | undefined;
}

/** A call under way, and what becomes of it. */
interface Joinable {
  readonly open: Open;
  readonly outcome: Promise<Performed>;
}

const POLL_MS = 200;
const CLAIM_TIMEOUT_MS = 5_000;

/**
 * One exchange per key, consumer and service within 24 hours (`bus.md` §4.1). The key is taken in the database before
 * anything is sent, so two gateways over one database never call twice; in this process a repeat joins the open call.
 * It never tells an answer twice over the network of time: what has ended is 409 with id and outcome.
 */
export class IdempotencyService {
  /** Calls under way here, by consumer, service and key; bounded by admission. */
  private readonly open = new Map<string, Joinable>();

  constructor(
    private readonly store: ExchangeStore,
    private readonly database: DatabaseHealth,
    private readonly takeover: TakeoverService,
    private readonly events: ExchangeEvents,
    private readonly clock: Clock,
  ) {}

  /** Whether the call bears a key that is taken, so that `perform` makes no other. False if the database does not say. */
  async isRepeat({ consumer, target, context }: ExchangeRequest): Promise<boolean> {
    if (context.idempotencyKey === undefined) return false;
    const keyHash = sha256(context.idempotencyKey);
    if (this.open.has(nameOf(consumer, target.service, keyHash))) return true;
    try {
      const held = this.store.isHeld({ consumer, service: target.service, keyHash, nowMs: this.clock.now() });
      return await within(this.database.watched(held), CLAIM_TIMEOUT_MS);
    } catch (cause) {
      this.events.failed('look-up', cause);
      return false;
    }
  }

  async perform(call: KeyedCall): Promise<Performed> {
    const { consumer, target } = call.request;
    const keyHash = sha256(call.key);
    const name = nameOf(consumer, target.service, keyHash);
    const joined = this.open.get(name);
    if (joined !== undefined) return this.join(call, joined);
    // Registered before the first await: a repeat in the same instant joins.
    const open: Open = { fingerprint: call.fingerprint, exchangeId: undefined };
    const outcome = this.start(call, keyHash, open).finally(() => this.open.delete(name));
    this.open.set(name, { open, outcome });
    return outcome;
  }

  /** Waits with the first call, but no longer than its own deadline: that of the first may be far behind it. */
  private async join(call: KeyedCall, { open, outcome }: Joinable): Promise<Performed> {
    if (!bytesEqual(open.fingerprint, call.fingerprint)) return ok(conflict('idempotency-key-reused'));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<Performed>((resolve) => {
      const leftMs = Math.max(0, call.deadlineAtMs - this.clock.now());
      timer = setTimeout(() => resolve(ok(stillOpen(open.exchangeId))), leftMs);
    });
    try {
      return await Promise.race([outcome, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async start(call: KeyedCall, keyHash: Buffer, open: Open): Promise<Performed> {
    const ready = await call.prepare();
    if (!ready.ok) return ready;
    const claim = await this.claim(ready.value, keyHash);
    if (claim === undefined) return refuse('database-unavailable');
    return ok(await this.claimed(call, ready.value, claim, open));
  }

  private async claimed(call: KeyedCall, prepared: Prepared, claim: Claim, open: Open): Promise<ExchangeOutcome> {
    if (claim.kind === 'erased') return { ...conflict('exchange-ended'), exchangeId: claim.exchangeId };
    open.exchangeId = claim.kind === 'claimed' ? prepared.row.id : claim.holder.exchangeId;
    if (claim.kind === 'claimed') return call.send(prepared);
    if (!bytesEqual(claim.holder.fingerprint, call.fingerprint)) return conflict('idempotency-key-reused');
    return this.awaitOutcome(call, claim.holder.exchangeId, claim.holder.deadlineMs);
  }

  /** Once more after an error: the first attempt may have taken the key for us. Undefined: nothing may be sent. */
  private async claim({ row }: Prepared, keyHash: Buffer): Promise<Claim | undefined> {
    for (const isLast of [false, true]) {
      try {
        return await within(this.database.watched(this.store.claim({ row, keyHash })), CLAIM_TIMEOUT_MS);
      } catch (cause) {
        this.events.failed('claim', cause);
        if (isLast) this.database.suspect();
      }
    }
    return undefined;
  }

  /** The call is under way, or was, at another instance. */
  private async awaitOutcome(
    call: KeyedCall,
    id: Prepared['row']['id'],
    deadlineMs: number,
  ): Promise<UnansweredExchange> {
    for (;;) {
      const outcome = await this.lookUp(call, id, deadlineMs);
      if (outcome !== undefined) return endedElsewhere(id, outcome);
      if (this.clock.now() >= call.deadlineAtMs) return stillOpen(id);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  private async lookUp(
    call: KeyedCall,
    id: Prepared['row']['id'],
    deadlineMs: number,
  ): Promise<RowOutcome | undefined> {
    try {
      const row = await within(this.store.find(id, call.request.consumer), CLAIM_TIMEOUT_MS);
      if (row?.outcome !== undefined || row === undefined) return row?.outcome;
      return await this.takeover.take(row, deadlineMs);
    } catch (cause) {
      // Asked again until the caller's deadline; nothing is claimed meanwhile.
      this.events.failed('look-up', cause);
      return undefined;
    }
  }
}

function nameOf(consumer: SubsystemId, service: ServiceId, keyHash: Buffer): string {
  return `${consumer} ${service} ${toHex(keyHash)}`;
}

function stillOpen(exchangeId: ExchangeId | undefined): UnansweredExchange {
  return { ...conflict('exchange-open'), ...(exchangeId === undefined ? {} : { exchangeId }) };
}

function conflict(code: 'idempotency-key-reused' | 'exchange-open' | 'exchange-ended'): UnansweredExchange {
  return { kind: 'refused', code, side: 'consumer', decidedBy: 'gateway' };
}
