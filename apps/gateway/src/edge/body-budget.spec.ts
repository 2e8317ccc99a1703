import { expect, test } from '@jest/globals';
import { BodyBudget } from './body-budget.js';

const declared = (contentLength?: string, transferEncoding?: string) => ({ contentLength, transferEncoding });

test('reserves what is declared, and the most that a body may be where nothing is', () => {
  const budget = new BodyBudget(100, 60);
  const giveBack = budget.reserve('a', declared('40'));
  expect(giveBack).toBeDefined();
  // Chunked: 60 at most, so 40 + 60 just fit, and nothing more does.
  const chunked = budget.reserve('b', declared(undefined, 'chunked'));
  expect(chunked).toBeDefined();
  expect(budget.reserve('c', declared('1'))).toBeUndefined();
  // Without a body nothing is taken.
  expect(budget.reserve('c', declared())).toBeDefined();
  giveBack?.();
  giveBack?.();
  expect(budget.reserve('c', declared('41'))).toBeUndefined();
  expect(budget.reserve('c', declared('40'))).toBeDefined();
});

test('reserves no more than a body may be, whatever is declared', () => {
  const budget = new BodyBudget(100, 60);
  expect(budget.reserve('a', declared('1000000'))).toBeDefined();
  expect(budget.reserve('b', declared('40'))).toBeDefined();
  expect(budget.reserve('c', declared('1'))).toBeUndefined();
});

test('keeps room for others beside one whose uploads never end', () => {
  const budget = new BodyBudget(100, 60);
  const slow = Array.from({ length: 10 }, () => budget.reserve('slow', declared('10')));
  expect(slow.filter((giveBack) => giveBack !== undefined)).toHaveLength(5);
  expect(budget.reserve('another', declared('25'))).toBeDefined();
});
