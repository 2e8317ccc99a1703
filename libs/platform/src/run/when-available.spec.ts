import { expect, it } from '@jest/globals';
import { defineErrors } from '#kernel';
import { whenAvailable } from './when-available.js';

const errors = defineErrors('example', {
  'example-away': { kind: 'unavailable', message: 'Away', next: 'Wait' },
  'example-wrong': { kind: 'broken', message: 'Wrong', next: 'Mend' },
});

it('waits for what is away, and tells it once', async () => {
  const told: unknown[] = [];
  let calls = 0;
  const attempt = () => {
    calls += 1;
    return calls < 3 ? Promise.reject(errors.error('example-away')) : Promise.resolve('there');
  };
  expect(await whenAvailable('example', { warn: (...line: unknown[]) => told.push(line) }, attempt)).toBe('there');
  expect(calls).toBe(3);
  expect(told).toHaveLength(1);
});

it('waits for nothing else', async () => {
  const attempt = () => Promise.reject(errors.error('example-wrong'));
  await expect(whenAvailable('example', { warn: () => undefined }, attempt)).rejects.toMatchObject({
    code: 'example-wrong',
  });
});
