import { expect, it } from '@jest/globals';
import { eventually, uniqueName } from '#testing';
import type { BusUnderTest, NewTopic } from './bus-under-test.js';
import { batchOptions, collector, numbered, texts } from './collect.js';

/** Groups, offsets, bounds and the two ways of handing over. */
export function groupContract(under: () => BusUnderTest, newTopic: NewTopic): void {
  offsets(under, newTopic);
  sharing(under, newTopic);
  handing(under, newTopic);
  stopping(under, newTopic);
  batches(under, newTopic);
}

function offsets(under: () => BusUnderTest, newTopic: NewTopic): void {
  it('goes on behind what was settled, and repeats what was not', async () => {
    const { bus } = under();
    const topic = await newTopic();
    const group = uniqueName('group');
    await bus.publish(numbered(topic, 4));
    // Record 1 never settles: 0 may be committed, 2 and 3 may not, although they are done.
    const first = collector([topic], { kind: 'committed' }, { group });
    const stuck = await bus.subscribe({
      ...first.options,
      each: (record) => {
        first.records.push(record);
        return record.offset === 1n ? new Promise<void>(() => undefined) : undefined;
      },
    });
    await eventually(() => first.records.length === 4);
    await stuck.stop();
    const second = collector([topic], { kind: 'committed' }, { group });
    const again = await bus.subscribe(second.options);
    await eventually(() => second.records.length === 3);
    await again.stop();
    expect(second.texts()).toEqual(['1', '2', '3']);

    const third = collector([topic], { kind: 'committed' }, { group });
    const last = await bus.subscribe(third.options);
    await bus.publish(numbered(topic, 1, 'new'));
    await eventually(() => third.records.length > 0);
    expect(third.texts()).toEqual(['new0']);
    await last.stop();
  }, 30_000);
}

function sharing(under: () => BusUnderTest, newTopic: NewTopic): void {
  it('divides partitions among a group and hands them on when a member leaves', async () => {
    const another = await under().connectAnother();
    const topic = await newTopic(4);
    const group = uniqueName('group');
    const [one, two] = [
      collector([topic], { kind: 'committed' }, { group }),
      collector([topic], { kind: 'committed' }, { group }),
    ];
    const first = await under().bus.subscribe(one.options);
    const second = await another.subscribe(two.options);
    const publishAll = async (round: string) => {
      for (let partition = 0; partition < 4; partition += 1) {
        await under().bus.publish(numbered(topic, 1, `${round}.${partition}.`, partition));
      }
    };
    let round = 0;
    // The first member learns of the second at its next heartbeat.
    await eventually(async () => {
      const [before, beforeTwo] = [one.records.length, two.records.length];
      await publishAll(`r${(round += 1)}`);
      await eventually(() => one.records.length + two.records.length >= before + beforeTwo + 4);
      return one.records.length === before + 2 && two.records.length === beforeTwo + 2;
    });
    await first.stop();
    const before = two.records.length;
    await publishAll('last');
    await eventually(() => two.records.length === before + 4);
    const seen = [...one.texts(), ...two.texts()];
    expect(new Set(seen).size).toBe(seen.length);
    await second.stop();
    if (another !== under().bus) await another.close();
  }, 60_000);
}

function handing(under: () => BusUnderTest, newTopic: NewTopic): void {
  it('hands over no more than maxInFlight at once, and everything in the end', async () => {
    const { bus } = under();
    const topic = await newTopic(2);
    await bus.publish([...numbered(topic, 60, 'a'), ...numbered(topic, 60, 'b', 1)]);
    let inFlight = 0;
    let most = 0;
    let done = 0;
    const { options } = collector(
      [topic],
      { kind: 'earliest' },
      {
        maxInFlight: 7,
        each: async () => {
          inFlight += 1;
          most = Math.max(most, inFlight);
          await new Promise((resolve) => setImmediate(resolve));
          inFlight -= 1;
          done += 1;
        },
      },
    );
    const subscription = await bus.subscribe(options);
    await eventually(() => done === 120);
    expect(most).toBe(7);
    await subscription.stop();
  }, 30_000);

  it('tells of a handler that throws or rejects, and goes on', async () => {
    const { bus } = under();
    const topic = await newTopic();
    const seen = collector([topic], { kind: 'latest' });
    const subscription = await bus.subscribe({
      ...seen.options,
      each: (record) => {
        seen.records.push(record);
        if (record.offset === 0n) throw new TypeError('thrown');
        return record.offset === 1n ? Promise.reject(new TypeError('rejected')) : undefined;
      },
    });
    await bus.publish(numbered(topic, 3));
    await eventually(() => seen.records.length === 3 && seen.errors.length === 2);
    expect(seen.errors.map(String)).toEqual(['TypeError: thrown', 'TypeError: rejected']);
    await subscription.stop();
  }, 30_000);
}

function stopping(under: () => BusUnderTest, newTopic: NewTopic): void {
  it('waits for what is in flight when it stops, and hands over nothing after', async () => {
    const { bus } = under();
    const topic = await newTopic();
    const finish = Promise.withResolvers<undefined>();
    const seen = collector([topic], { kind: 'latest' }, { maxInFlight: 1 });
    const subscription = await bus.subscribe({
      ...seen.options,
      each: (record) => {
        seen.records.push(record);
        return finish.promise;
      },
    });
    await bus.publish(numbered(topic, 3));
    await eventually(() => seen.records.length === 1);
    let stopped = false;
    const stopping = subscription.stop().then(() => (stopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    finish.resolve(undefined);
    await stopping;
    expect(seen.texts()).toEqual(['0']);
    expect(subscription.isAssigned()).toBe(false);
  }, 30_000);
}

function batches(under: () => BusUnderTest, newTopic: NewTopic): void {
  it('forms the next batch from all that came meanwhile, one batch at a time', async () => {
    const { bus } = under();
    const topic = await newTopic();
    const gate = Promise.withResolvers<undefined>();
    const batches: string[][] = [];
    const subscription = await bus.subscribe(
      batchOptions(topic, {
        maxBatch: 30,
        batch: async (records) => {
          batches.push(records.map(({ value }) => value.toString()));
          if (batches.length === 1) await gate.promise;
        },
      }),
    );
    await bus.publish(numbered(topic, 1, 'first'));
    await eventually(() => batches.length === 1);
    for (let call = 0; call < 4; call += 1) await bus.publish(numbered(topic, 10, `${call}.`));
    const probe = collector([topic], { kind: 'earliest' });
    const other = await bus.subscribe(probe.options);
    await eventually(() => probe.records.length === 41);
    await other.stop();
    expect(batches).toHaveLength(1);
    gate.resolve(undefined);
    await eventually(() => batches.flat().length === 41);
    expect(batches.flat()).toEqual(['first0', ...[0, 1, 2, 3].flatMap((call) => texts(10, `${call}.`))]);
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(30);
    expect(batches.length).toBeLessThan(10);
    await subscription.stop();
  }, 30_000);

  it('hands a rejected batch over again from its first record and breaks no order', async () => {
    const { bus } = under();
    const topic = await newTopic();
    const attempts: string[][] = [];
    const errors: unknown[] = [];
    const subscription = await bus.subscribe(
      batchOptions(topic, {
        batch: (records) => {
          attempts.push(records.map(({ value }) => value.toString()));
          return attempts.length < 3 ? Promise.reject(new TypeError('not now')) : Promise.resolve();
        },
        onError: (cause) => errors.push(cause),
      }),
    );
    await bus.publish(numbered(topic, 3));
    await bus.publish(numbered(topic, 2, 'late'));
    await eventually(() => attempts.flat().includes('late1') && attempts.length >= 3);
    expect(errors).toHaveLength(2);
    expect(attempts[1]).toEqual(attempts[0]);
    expect(attempts[2]).toEqual(attempts[0]);
    expect(attempts.slice(2).flat()).toEqual(['0', '1', '2', 'late0', 'late1']);
    await subscription.stop();
  }, 30_000);
}
