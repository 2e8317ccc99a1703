import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isModest, partDeadlineMs, problemsOf, type Part } from './composition.js';

const part = (name: string, more: Partial<Part> = {}): Part => ({ name, target: '/r1/x', ...more });

describe('a composition', () => {
  test('names each part differently, and the pointer shows the second', () => {
    expect(problemsOf({ parts: [part('a'), part('b')] })).toEqual([]);
    expect(problemsOf({ parts: [part('a'), part('b'), part('a')] })).toEqual([
      { pointer: '#/parts/2/name', message: 'another part has this name' },
    ]);
  });

  test('takes base64 in its one spelling', () => {
    const problems = (body?: string) => problemsOf({ parts: [part('a', { body, bodyEncoding: 'base64' } as Part)] });
    expect([problems(), problems('AA=='), problems('')]).toEqual([[], [], []]);
    for (const wrong of ['AA', 'AB==', 'A A=', 'ä', '_-8=']) expect(problems(wrong)).toHaveLength(1);
    expect(problemsOf({ parts: [part('a', { body: 'ä' })] })).toEqual([]);
  });

  test('is validated only if it is small in every direction', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect([isModest(nested(6)), isModest(nested(7)), isModest(nested(3_000))]).toEqual([true, false, false]);
    expect([isModest(Array.from({ length: 64 })), isModest(Array.from({ length: 65 }))]).toEqual([true, false]);
    expect(isModest({ parts: [{ headers: [{ name: 'a', value: 'b' }] }] })).toBe(true);
  });

  test('gives no part longer than itself, and time to record a failure', () => {
    const times = fc.record({
      whole: fc.integer({ min: 100, max: 600_000 }),
      own: fc.integer({ min: 1, max: 600_000 }),
    });
    fc.assert(
      fc.property(times, ({ whole, own }) => {
        const composition = { deadlineMs: whole, parts: [] };
        const given = partDeadlineMs(composition, part('a'));
        expect(given).toBeGreaterThanOrEqual(whole * 0.9);
        expect(whole - given).toBeGreaterThanOrEqual(10);
        expect(whole - given).toBeLessThanOrEqual(250);
        expect(partDeadlineMs(composition, part('a', { deadlineMs: own }))).toBe(Math.min(own, given));
      }),
    );
    expect(partDeadlineMs({ parts: [] }, part('a'))).toBe(9_750);
  });
});
