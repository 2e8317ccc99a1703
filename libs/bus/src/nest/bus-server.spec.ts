import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, type INestMicroservice } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { eventually } from '#testing';
import type { Bus, OutgoingRecord, ReceivedRecord } from '../bus.js';
import { createInProcessBus } from '../in-process/in-process-bus.js';
import { collector, numbered } from '../spec-support/collect.js';
import { BusContext } from './bus-context.js';
import { BusServer, type BusRoute } from './bus-server.js';
import { BUS, BusModule } from './bus.module.js';

const seen: string[] = [];

@Controller()
class EchoController {
  constructor(@Inject(BUS) private readonly bus: Bus) {}

  // Two parameters: without the type argument TypeScript picks the overload for typed event maps.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-arguments -- it chooses the overload
  @EventPattern<string>('notice')
  notice(@Payload() record: ReceivedRecord, @Ctx() context: BusContext): void {
    if (record.value.toString() === 'notice1') throw new TypeError('bad notice');
    seen.push(`${context.pattern}:${record.value.toString()}`);
  }

  @EventPattern('bulk')
  async bulk(@Payload() records: ReceivedRecord[]): Promise<void> {
    await this.bus.endOffset('bulk', 0);
    seen.push(records.map(({ value }) => value.toString()).join('+'));
  }

  @MessagePattern('request')
  answer(@Payload() record: ReceivedRecord): OutgoingRecord {
    return { topic: 'replies', partition: 0, value: Buffer.from(`re:${record.value.toString()}`) };
  }
}

describe('BusServer', () => {
  let bus: Bus;
  let app: INestMicroservice | undefined;
  const errors: unknown[] = [];

  const route = (pattern: string): BusRoute => ({
    pattern,
    topics: [pattern],
    group: pattern,
    startAt: { kind: 'earliest' },
    maxInFlight: 10,
    onError: (cause) => errors.push(cause),
  });

  const start = async (routes: readonly BusRoute[]) => {
    const testing = await Test.createTestingModule({
      imports: [BusModule.of(bus)],
      controllers: [EchoController],
    }).compile();
    app = testing.createNestMicroservice({ strategy: new BusServer({ bus, routes }), logger: false });
    await app.listen();
  };

  beforeEach(async () => {
    seen.length = 0;
    errors.length = 0;
    bus = createInProcessBus();
    const topics = ['notice', 'bulk', 'request', 'replies'];
    await bus.ensureTopics(topics.map((name) => ({ name, partitions: 1, retentionMs: -1 })));
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await bus.close();
  });

  it('calls an event handler per record, tells of a failure and goes on', async () => {
    await start([route('notice')]);
    await bus.publish(numbered('notice', 3, 'notice'));
    await eventually(() => seen.length === 2);
    expect(seen).toEqual(['notice:notice0', 'notice:notice2']);
    // Nest's default filter logs what was thrown and hands on this; an app that wants more registers its own.
    expect(errors).toEqual([{ status: 'error', message: 'Internal server error' }]);
  });

  it('calls a batch handler with all that came', async () => {
    await bus.publish(numbered('bulk', 3));
    await start([{ ...route('bulk'), maxBatch: 100 }]);
    await eventually(() => seen.length === 1);
    expect(seen).toEqual(['0+1+2']);
  });

  it('publishes what a message handler returns', async () => {
    const replies = collector(['replies'], { kind: 'earliest' });
    await bus.subscribe(replies.options);
    await start([route('request')]);
    await bus.publish(numbered('request', 2, 'q'));
    await eventually(() => replies.records.length === 2);
    expect(replies.texts()).toEqual(['re:q0', 're:q1']);
  });

  it('does not start with a route that nobody handles, and leaves no subscription behind', async () => {
    await expect(start([route('notice'), { ...route('bulk'), pattern: 'nobody' }])).rejects.toMatchObject({
      code: 'bus-pattern-unknown',
    });
    await bus.publish(numbered('notice', 1, 'x'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
  });

  it('stops its subscriptions with the app and leaves the bus open', async () => {
    await start([route('notice')]);
    await app?.close();
    app = undefined;
    await bus.publish(numbered('notice', 1, 'x'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
    expect(await bus.isReachable()).toBe(true);
  });
});
