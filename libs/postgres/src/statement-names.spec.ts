import { expect, it } from '@jest/globals';
import { StatementNames } from './statement-names.js';

it('gives one name to one text, and none beyond its bound', () => {
  const names = new StatementNames();
  const first = names.of('SELECT $1');
  expect(first).toBeDefined();
  for (let number = 0; number < 1_000; number += 1) names.of(`SELECT $1 + ${number}`);
  expect(names.of('SELECT $1')).toBe(first);
  expect(names.of('SELECT $1 + 999')).toBeUndefined();
});
