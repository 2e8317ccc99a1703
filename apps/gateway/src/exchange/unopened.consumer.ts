import { LRUCache } from 'lru-cache';
import type { Bus, OutgoingRecord, ReceivedRecord } from '#bus';
import { decode, fixedTopics, UnopenedSchema } from '#contracts';
import { bytesEqual, exchangeIdFromBytes, toHex, type ExchangeId, type InstanceId } from '#kernel';
import { hasFeedback, openingRecord, PatientSubscription, type OpeningSealer } from '#openings';
import type { RegistryView } from '#snapshot';
import type { ExchangeEvents } from './exchange-events.js';
import type { ExchangeStore } from './exchange.store.js';
import { openingsOfRow, requestedOf, type StoredRow } from './row.js';

export interface UnopenedParts {
  readonly bus: Pick<Bus, 'subscribe' | 'publish'>;
  readonly store: Pick<ExchangeStore, 'rowsOf'>;
  readonly openings: OpeningSealer;
  readonly registry: { current(): RegistryView | undefined };
  readonly instanceId: InstanceId;
  readonly events: Pick<ExchangeEvents, 'failed'>;
}

interface Ask {
  readonly name: string;
  readonly exchangeId: ExchangeId;
  readonly statementHash: Uint8Array;
  readonly from: string;
}

const MAX_BATCH = 200;
const MAX_ANSWERED = 10_000;
/** Anybody may ask, and be it a thousand times: one answer goes out in this time. */
const ANSWERED_MS = 5 * 60_000;

/**
 * Answers feedback's question for openings that have not come, from the rows of this gateway's exchanges. It answers for
 * consumers that it serves, while their row is there; what was erased stays erased. A crash before the offset is
 * committed sends an answer twice, which feedback reads as one.
 */
export class UnopenedConsumer {
  private readonly subscription: PatientSubscription;
  /** By exchange and statement; written by `answer`, after the broker has taken the record. */
  private readonly answered = new LRUCache<string, true>({ max: MAX_ANSWERED, ttl: ANSWERED_MS });

  constructor(private readonly parts: UnopenedParts) {
    const { bus, instanceId, events } = parts;
    this.subscription = new PatientSubscription(
      bus,
      () => ({
        topics: [fixedTopics.unopened.name],
        // Shared by the processes of an instance: one of them answers.
        group: `unopened.${instanceId.replaceAll('/', '.')}`,
        startAt: { kind: 'committed' },
        maxInFlight: MAX_BATCH,
        maxBatch: MAX_BATCH,
        onError: (cause) => events.failed('unopened', cause),
        batch: (records) => this.answer(records),
      }),
      (cause) => events.failed('unopened-subscription', cause),
    );
  }

  /** Feedback can only ask once a snapshot names it. */
  adopt(view: RegistryView): void {
    if (hasFeedback(view)) this.subscription.start();
  }

  stop(): Promise<void> {
    return this.subscription.stop();
  }

  private async answer(records: readonly ReceivedRecord[]): Promise<void> {
    const { bus, store, openings } = this.parts;
    const asks = this.asksIn(records);
    if (asks.length === 0) return;
    const rows = new Map((await store.rowsOf(asks.map(({ exchangeId }) => exchangeId))).map((row) => [row.id, row]));
    const answers = await Promise.all(asks.map((ask) => this.answerTo(ask, rows.get(ask.exchangeId))));
    const known = answers.flatMap((answer) => answer ?? []);
    if (known.length > 0) await bus.publish(known.map(({ record }) => record));
    for (const { name } of known) {
      this.answered.set(name, true);
      openings.count('asked-again');
    }
  }

  /** Of those, the ones about consumers of ours that were not answered just now; each once. */
  private asksIn(records: readonly ReceivedRecord[]): Ask[] {
    const { registry, instanceId } = this.parts;
    const serves = new Set<string>(registry.current()?.instanceEntry(instanceId)?.serves);
    const asks = records.flatMap(({ value }) => readAsk(value) ?? []).filter(({ from }) => serves.has(from));
    return [...new Map(asks.map((ask) => [ask.name, ask])).values()].filter(({ name }) => !this.answered.has(name));
  }

  private async answerTo(
    { name, exchangeId, statementHash, from }: Ask,
    row: StoredRow | undefined,
  ): Promise<{ name: string; record: OutgoingRecord } | undefined> {
    const { openings } = this.parts;
    const leafHash = row?.consumer === from ? requestedOf(row)?.leafHash : undefined;
    if (row === undefined || leafHash === undefined || !bytesEqual(leafHash, statementHash)) {
      openings.count('asked-unknown');
      return undefined;
    }
    const value = await openings.seal({ exchangeId, statementHash: leafHash, ...openingsOfRow(row) });
    return value === undefined ? undefined : { name, record: openingRecord(exchangeId, value) };
  }
}

function readAsk(value: Buffer): Ask | undefined {
  try {
    const { exchangeId: bytes, statementHash, from } = decode(UnopenedSchema, value);
    const exchangeId = exchangeIdFromBytes(bytes);
    if (exchangeId === undefined) return undefined;
    return { name: `${exchangeId} ${toHex(statementHash)}`, exchangeId, statementHash, from };
  } catch {
    // Nobody asked anything in these bytes.
    return undefined;
  }
}
