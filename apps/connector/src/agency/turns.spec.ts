import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Turns } from './turns.js';

const LONG_MS = 60_000;

/** Asks for turns and writes down in which order they are given. */
function asking(turns: Turns) {
  const given: string[] = [];
  const ask = (consumer: string, forMs = LONG_MS) =>
    turns.take(consumer, forMs).then((isTurn) => void given.push(isTurn ? consumer : `no ${consumer}`));
  return { given, ask };
}

describe('turns at an agency', () => {
  it('are given to so many at once, and to one consumer after the other', async () => {
    const turns = new Turns(2);
    const { given, ask } = asking(turns);
    const all = ['a', 'a', 'a', 'a', 'a', 'b', 'c', 'b'].map((consumer) => ask(consumer));
    await Promise.all(all.slice(0, 2));
    expect([given, turns.waiting]).toEqual([['a', 'a'], 6]);
    for (let count = 0; count < 6; count += 1) turns.pass();
    await Promise.all(all);
    expect(given.slice(2)).toEqual(['a', 'b', 'c', 'a', 'b', 'a']);
    expect(turns.waiting).toBe(0);
  });

  it('are not given to those who have gone', async () => {
    const turns = new Turns(1);
    const { given, ask } = asking(turns);
    await ask('a');
    await ask('late', 1);
    expect([given, turns.waiting]).toEqual([['a', 'no late'], 0]);
    turns.pass();
    await ask('b');
    expect(given).toEqual(['a', 'no late', 'b']);
  });

  it('never exceed the limit, and none is lost', async () => {
    const consumers = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 60 });
    const runs = fc.asyncProperty(fc.integer({ min: 1, max: 5 }), consumers, async (limit, asked) => {
      const turns = new Turns(limit);
      let open = 0;
      let most = 0;
      const call = async (consumer: string) => {
        await turns.take(consumer, LONG_MS);
        most = Math.max(most, (open += 1));
        await Promise.resolve();
        open -= 1;
        turns.pass();
      };
      await Promise.all(asked.map(call));
      expect(most).toBeLessThanOrEqual(limit);
      expect([turns.waiting, open]).toEqual([0, 0]);
      // All turns are free again.
      for (let count = 0; count < limit; count += 1) expect(await turns.take('a', 1)).toBe(true);
      expect(await turns.take('a', 1)).toBe(false);
    });
    await fc.assert(runs, { numRuns: 50 });
  });
});
