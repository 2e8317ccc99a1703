import { expect, it } from '@jest/globals';
import { TopicProgress } from './topic-progress.js';

it('is behind the oldest record that is not done with', () => {
  const progress = new TopicProgress();
  expect(progress.lowWater(0)).toBeUndefined();
  progress.begin(0, 5n, 8n);
  expect([progress.lowWater(0), progress.backlog]).toEqual([5n, 3]);
  for (const offset of [5n, 6n, 7n, 8n]) progress.saw(0, offset, offset !== 7n);
  progress.done(0, 6n);
  expect([progress.lowWater(0), progress.backlog]).toEqual([5n, 3]);
  progress.done(0, 5n);
  expect([progress.lowWaters(), progress.backlog]).toEqual([[[0, 8n]], 0]);
});

it('has no backlog where everything was gone through before', () => {
  const progress = new TopicProgress();
  progress.begin(0, 8n, 8n);
  expect(progress.backlog).toBe(0);
});

it('after a break goes on, and what is open stays open', () => {
  const progress = new TopicProgress();
  progress.begin(0, 0n, 2n);
  for (const offset of [0n, 1n, 2n]) progress.saw(0, offset, offset === 1n);
  progress.begin(0, 1n, 9n);
  for (const offset of [1n, 2n]) progress.saw(0, offset, offset === 1n);
  expect([progress.lowWater(0), progress.backlog]).toEqual([1n, 1]);
  progress.done(0, 1n);
  expect([progress.lowWater(0), progress.backlog]).toEqual([3n, 0]);
});

it('a topic that ends before what is known of it is another one', () => {
  const progress = new TopicProgress();
  progress.begin(0, 0n, 9n);
  progress.saw(0, 0n, true);
  progress.begin(0, 0n, 1n);
  expect(progress.backlog).toBe(1);
  progress.saw(0, 0n, false);
  expect([progress.lowWater(0), progress.backlog]).toEqual([1n, 0]);
});
