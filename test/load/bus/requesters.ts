import { ClientKafka } from '@nestjs/microservices';
import { firstValueFrom, timeout } from 'rxjs';
import type { Bus } from '#bus';
import { loadErrors } from '../harness/load.errors.js';
import { OURS, PAYLOAD_BYTES, STOCK } from './topics.js';

export interface Requester {
  readonly call: () => Promise<void>;
  close(): Promise<void>;
}

const ANSWER_TIMEOUT_MS = 20_000;

/** Request and reply over libs/bus, matched by the eight bytes in front of the payload. */
export async function ourRequester(bus: Bus): Promise<Requester> {
  const waiting = new Map<bigint, () => void>();
  const subscription = await bus.subscribe({
    topics: [OURS.reply],
    group: 'bench-requester',
    startAt: { kind: 'latest' },
    maxInFlight: 10_000,
    each: ({ value }) => {
      const id = value.readBigUInt64BE(0);
      waiting.get(id)?.();
      waiting.delete(id);
    },
    onError: (cause) => process.stderr.write(`${String(cause)}\n`),
  });
  let next = 0n;
  const call = async (): Promise<void> => {
    const id = (next += 1n);
    const value = Buffer.alloc(PAYLOAD_BYTES, 0x78);
    value.writeBigUInt64BE(id, 0);
    const answered = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(loadErrors.error('bench-wrong-answer')), ANSWER_TIMEOUT_MS);
      waiting.set(id, () => {
        clearTimeout(timer);
        resolve();
      });
    });
    await Promise.all([bus.publish([{ topic: OURS.request, partition: 0, value }]), answered]);
  };
  return { call, close: () => subscription.stop() };
}

/** The same with Nest's client. */
export async function stockRequester(brokers: string): Promise<Requester> {
  const client = new ClientKafka({
    client: { brokers: brokers.split(','), clientId: 'bench-stock-requester' },
    consumer: { groupId: 'bench-stock-requester' },
  });
  client.subscribeToResponseOf(STOCK.request);
  await client.connect();
  const payload = 'x'.repeat(PAYLOAD_BYTES);
  const call = async (): Promise<void> => {
    const answer$ = client.send<unknown>(STOCK.request, payload).pipe(timeout(ANSWER_TIMEOUT_MS));
    if ((await firstValueFrom(answer$)) !== payload) throw loadErrors.error('bench-wrong-answer');
  };
  return { call, close: () => client.close() };
}
