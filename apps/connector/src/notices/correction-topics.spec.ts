import { expect, it } from '@jest/globals';
import type { Subscription } from '#bus';
import type { SubsystemId } from '#kernel';
import type { RegistryView } from '#snapshot';
import { fakeClock } from '#testing';
import { CorrectionTopics } from './correction-topics.service.js';

const TO = 'TEST/GOV/1000/mygov' as SubsystemId;
const NOW = Date.parse('2026-11-27T12:00:00Z');
const view = (topics: object | undefined) => ({ correctionsOf: () => topics }) as unknown as RegistryView;

it('says since when the broker is silent', async () => {
  const clock = fakeClock(NOW);
  let heardMs = NOW;
  const subscription = { lastAnswerAtMs: () => heardMs, lastFetchAtMs: () => 0 } as Subscription;
  const listen = () => Promise.resolve(subscription);
  const topics = new CorrectionTopics({ subsystems: [TO], clock, listen, unheard: () => undefined });
  topics.follow(view({ topic: 'x', dead: 'y' }));
  await Promise.resolve();
  clock.advance(15_000);
  expect(topics.silentSince()).toBeUndefined();
  clock.advance(1);
  expect(topics.silentSince()).toBe(NOW);
  heardMs = NOW + 10_000;
  expect(topics.silentSince()).toBeUndefined();
});

it('has followed a subsystem once its topic is heard, or if it has none', async () => {
  const begun = Promise.withResolvers<Subscription>();
  const topics = new CorrectionTopics({
    ...{ subsystems: [TO], clock: fakeClock(NOW), listen: () => begun.promise, unheard: () => undefined },
  });
  expect(topics.isFollowed(TO)).toBe(false);
  topics.follow(view(undefined));
  expect(topics.isFollowed(TO)).toBe(true);
  topics.follow(view({ topic: 'x', dead: 'y' }));
  expect(topics.isFollowed(TO)).toBe(false);
  begun.resolve({} as Subscription);
  await begun.promise;
  await Promise.resolve();
  expect(topics.isFollowed(TO)).toBe(true);
});
