import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { fakeClock, type FakeClock } from '#testing';
import { DatabaseHealth } from './database-health.worker.js';

let clock: FakeClock;
let health: DatabaseHealth;

beforeEach(() => {
  clock = fakeClock();
  health = new DatabaseHealth({ ping: () => Promise.resolve() }, clock);
});
afterEach(() => health.stop());

test('a row that hangs for a second keeps calls out, until it is written', async () => {
  const row = Promise.withResolvers<undefined>();
  const watched = health.watched(row.promise);
  clock.advance(999);
  // Younger ones change nothing about the oldest.
  void health.watched(new Promise(() => undefined));
  expect(health.answers()).toBe(true);
  clock.advance(1);
  expect(health.answers()).toBe(false);
  row.resolve(undefined);
  await watched;
  expect(health.answers()).toBe(true);
  clock.advance(999);
  expect(health.answers()).toBe(false);
});

test('a row that failed is not waited for: what follows is the matter of its caller', async () => {
  const watched = health.watched(Promise.reject(new TypeError('gone')));
  await expect(watched).rejects.toThrow('gone');
  clock.advance(60_000);
  expect(health.answers()).toBe(true);
});
