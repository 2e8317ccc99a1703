import type { Bus, Subscription } from '#bus';
import { encode, fixedTopics, message, UnopenedSchema } from '#contracts';
import { exchangeIdBytes, type ExchangeId, type InstanceId } from '#kernel';
import { openOpening, OpeningSessions, readSealedOpening, signOpeningKey, type OpenedOpening } from '#openings';
import { generateSealingKey, jwkSigner, type PrivateJwk } from '#signing';
import type { World } from './builders/world.js';
import { uniqueName } from './unique-name.js';

export const FEEDBACK = 'TEST/feedback1' as InstanceId;

/** A line for the world's definition, which ends with its instances. */
export function withFeedback(definition: string): string {
  return `${definition}  - { id: feedback1, kind: feedback, runBy: GOV/1009 }\n`;
}

export interface SeenOpening extends OpenedOpening {
  readonly kid: string;
}

/** Announces keys, opens what both ends send, and asks: as the feedback service does, which they only meet over Kafka. */
export class FeedbackStandIn {
  readonly opened: SeenOpening[] = [];
  /** Why records did not open. */
  readonly refused: string[] = [];
  private readonly keys = new Map<string, PrivateJwk>();
  private readonly sessions = new OpeningSessions(FEEDBACK, (kid) => this.keys.get(kid));
  private subscription: Subscription | undefined;

  private constructor(
    private readonly bus: Bus,
    private readonly world: World,
  ) {}

  static async start(bus: Bus, world: World): Promise<FeedbackStandIn> {
    const feedback = new FeedbackStandIn(bus, world);
    feedback.subscription = await bus.subscribe({
      topics: [fixedTopics.opening.name],
      group: uniqueName('feedback'),
      startAt: { kind: 'latest' },
      maxInFlight: 100,
      onError: (cause) => feedback.refused.push(String(cause)),
      each: ({ value }) => feedback.take(value),
    });
    return feedback;
  }

  /** A fresh key from `fromMs` on; its kid. `signer` where somebody else announces it. */
  async announce(fromMs: number, signer: PrivateJwk = this.world.keysOf(FEEDBACK).sign): Promise<string> {
    const key = generateSealingKey();
    this.keys.set(key.kid, key);
    const untilMs = Date.now() + 3_600_000;
    const jws = await signOpeningKey(
      { instance: FEEDBACK, kid: key.kid, jwk: key, fromMs, untilMs },
      jwkSigner(signer),
    );
    const topic = fixedTopics.openingKey.name;
    await this.bus.publish([{ topic, partition: 0, key: FEEDBACK, value: Buffer.from(jws) }]);
    return key.kid;
  }

  async ask(exchangeId: ExchangeId, statementHash: Uint8Array, from: string): Promise<void> {
    const id = exchangeIdBytes(exchangeId);
    const value = encode(UnopenedSchema, message(UnopenedSchema, { exchangeId: id, statementHash, from }));
    await this.bus.publish([{ topic: fixedTopics.unopened.name, partition: 0, key: id, value }]);
  }

  /** Records that open commitments of this exchange. */
  of(exchangeId: string | undefined): SeenOpening[] {
    return this.opened.filter((seen) => seen.exchangeId === exchangeId);
  }

  stop(): Promise<void> | undefined {
    return this.subscription?.stop();
  }

  private async take(value: Buffer): Promise<void> {
    const opened = await openOpening(value, this.sessions);
    if (!opened.ok) this.refused.push(opened.reason);
    else this.opened.push({ ...opened.value, kid: kidOf(value) });
  }
}

function kidOf(value: Buffer): string {
  const read = readSealedOpening(value);
  return read.ok ? read.value.kid : '';
}
