import { expect, test } from '@jest/globals';
import { BodyBudget } from './body-budget.js';

const declared = (contentLength?: string, transferEncoding?: string) => ({ contentLength, transferEncoding });

test('reserves what is declared, and the most that a body may be where nothing is', () => {
  const budget = new BodyBudget(100, 60);
  const giveBack = budget.reserve(declared('40'));
  expect(giveBack).toBeDefined();
  // Chunked: 60 at most, so 40 + 60 just fit, and nothing more does.
  const chunked = budget.reserve(declared(undefined, 'chunked'));
  expect(chunked).toBeDefined();
  expect(budget.reserve(declared('1'))).toBeUndefined();
  // Without a body nothing is taken.
  expect(budget.reserve(declared())).toBeDefined();
  giveBack?.();
  giveBack?.();
  expect(budget.reserve(declared('41'))).toBeUndefined();
  expect(budget.reserve(declared('40'))).toBeDefined();
});

test('reserves no more than a body may be, whatever is declared', () => {
  const budget = new BodyBudget(100, 60);
  expect(budget.reserve(declared('1000000'))).toBeDefined();
  expect(budget.reserve(declared('40'))).toBeDefined();
  expect(budget.reserve(declared('1'))).toBeUndefined();
});
