import { describe, expect, it } from '@jest/globals';
import type { OutgoingRecord, ReceivedRecord } from '#bus';
import { buildWorld, fakeClock } from '#testing';
import { parseSubsystemId } from '#kernel';
import type { RegistryView } from '#snapshot';
import { DeadLetters } from './dead-letters.service.js';

const record: ReceivedRecord = {
  topic: 'request',
  partition: 1,
  offset: 7n,
  timestampMs: 0,
  key: null,
  value: Buffer.from('letter'),
  headers: {},
};

/** A broker that refuses `faults` times, each attempt taking `attemptMs`. */
async function office(faults: number, attemptMs = 0) {
  const { view } = await buildWorld();
  const provider = parseSubsystemId('TEST/GOV/1001/population');
  if (!provider.ok) throw new TypeError('the provider of the specs is no subsystem');
  const clock = fakeClock();
  const [sent, alarms]: [OutgoingRecord[], string[]] = [[], []];
  const known: { view: RegistryView | undefined } = { view };
  const publish = (records: readonly OutgoingRecord[]) => {
    clock.advance(attemptMs);
    if (faults-- > 0) return Promise.reject(new TypeError('the broker does not answer'));
    sent.push(...records);
    return Promise.resolve();
  };
  const silent = () => undefined;
  const events = {
    contract: () => undefined,
    stated: silent,
    receipted: () => undefined,
    watch: () => ({ passed: () => undefined, ended: () => undefined }),
    dropped: silent,
    deadLettered: silent,
    failed: silent,
  };
  const alarm = (reason: string) => alarms.push(reason);
  const letters = new DeadLetters({ publish }, { current: () => known.view }, clock, { ...events, alarm });
  return { known, sent, alarms, send: () => letters.send(record, provider.value, 'request-malformed') };
}

describe('a dead letter', () => {
  it('is sent again until the broker has it', async () => {
    const { send, sent, alarms } = await office(2);
    await send();
    expect(sent.map(({ value }) => String(value))).toEqual(['letter']);
    expect(alarms).toEqual(['dead-letter']);
  });

  it('is not lost without an alarm when the broker stays away', async () => {
    const { send, alarms } = await office(100, 30_000);
    await send();
    expect(alarms).toEqual(['dead-letter', 'dead-letter-lost']);
  });

  it('finds the topic of a snapshot that has expired, and alarms if none was ever known', async () => {
    const remembering = await office(0);
    await remembering.send();
    remembering.known.view = undefined;
    await remembering.send();
    expect(remembering.sent).toHaveLength(2);
    const ignorant = await office(0);
    ignorant.known.view = undefined;
    await ignorant.send();
    expect(ignorant.alarms).toEqual(['dead-letter', 'dead-letter-lost']);
  });
});
