import type { Bus } from '#bus';
import { newExchangeId, type Clock, type InstanceId } from '#kernel';
import { signIfAvailable, type KeyRing, type RefusalsPayload, type Signer, type Statement } from '#signing';
import type { RegistryView } from '#snapshot';
import type { ExchangeEvents } from '../exchange/exchange-events.js';
import { stampRecord, type StampsWorker } from '../exchange/stamps.worker.js';
import type { RefusalTally, TalliedRefusals } from './refusal-tally.js';

export interface RefusalsParts {
  readonly tally: RefusalTally;
  readonly stamps: Pick<StampsWorker, 'keep'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly events: ExchangeEvents;
  readonly clock: Clock;
  /** This gateway's reply topic, once it is heard. */
  readonly hearing: () => string | undefined;
}

const FLUSH_MS = 60_000;
const KEEP_MS = 10 * 60_000;
/** A closing gateway waits no longer for the broker than this. */
const LAST_SEND_MS = 2_000;

/**
 * States each minute how many calls this gateway refused for what reason (`statements.md` §2, `refusals`), by its own
 * key. A crash loses the minute in hand; metrics have it. Without a key that the registry publishes nothing is stated.
 */
export class RefusalsWorker {
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: RefusalsParts,
    private readonly instanceId: InstanceId,
    private readonly signer: () => Signer | undefined,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      this.flushing = this.flush();
    }, FLUSH_MS);
  }

  /** What was counted until now goes out once more, without anybody who would send it again. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.flushing;
    const statements = await this.statements(this.parts.tally.take(Infinity));
    if (statements.length === 0) return;
    const records = statements.map(({ jws }) => stampRecord(jws, []));
    let late: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (late = setTimeout(resolve, LAST_SEND_MS)));
    const sent = this.parts.bus.publish(records).catch((cause: unknown) => this.parts.events.failed('refusals', cause));
    await Promise.race([sent, patience]);
    clearTimeout(late);
  }

  /** States the minutes that have ended. Never rejects. */
  async flush(): Promise<void> {
    const { tally, stamps, events, clock, hearing } = this.parts;
    const topic = hearing();
    // Kept until there is somebody to hear the receipts, and a key that signs; bounded like everything in the tally.
    if (topic === undefined || this.signer()?.trouble?.() !== undefined) return;
    try {
      const untilMs = clock.now() + KEEP_MS;
      for (const { jws, leafHash } of await this.statements(tally.take(clock.now()))) {
        const isKept = stamps.keep({ jws, leafHash, replyTopics: [topic], untilMs, ended: () => undefined });
        events.counted(isKept ? 'refusals-stated' : 'refusals-not-stated');
      }
    } catch (cause) {
      events.failed('refusals', cause);
    }
  }

  private async statements(tallied: readonly TalliedRefusals[]): Promise<Statement[]> {
    const signer = this.signer();
    if (signer === undefined) {
      tallied.forEach(() => this.parts.events.counted('refusals-not-stated'));
      return [];
    }
    const nowMs = this.parts.clock.now();
    const signed = await Promise.all(tallied.map((one) => signIfAvailable(this.payload(one, nowMs), signer)));
    const stated = signed.filter((one) => one !== undefined);
    signed.slice(stated.length).forEach(() => this.parts.events.counted('refusals-not-stated'));
    return stated;
  }

  private payload({ why, from, n, untilMs }: TalliedRefusals, nowMs: number): RefusalsPayload {
    const known = from === undefined ? {} : { from };
    return {
      v: 1,
      t: 'refusals',
      id: newExchangeId(),
      ts: nowMs,
      ...known,
      why,
      n,
      until: untilMs,
      ref: this.instanceId,
    };
  }
}

/** The gateway's own key, if it is both held and published as valid at the newest manifest. */
export function instanceSigner(
  view: RegistryView | undefined,
  manifest: Statement | undefined,
  keys: KeyRing,
  instanceId: InstanceId,
): Signer | undefined {
  const atMs = manifest?.payload.ts;
  const published = atMs === undefined ? undefined : view?.signingKey(instanceId, atMs);
  if (published === undefined || !keys.publicKeys(instanceId).some(({ kid }) => kid === published.kid))
    return undefined;
  return keys.signer(instanceId, new Set([published.kid]));
}
