import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { commit } from '#signing';
import type { LoggedStatement } from '../verify-log/index.js';
import { compareCounts, compareRepeated, compareSample, type CountedLog } from './compare.js';
import { erasedByLog, LogCounter } from './log-count.js';
import { sampleIndices } from './sample.js';

const ROOT = Buffer.alloc(32, 1);
const NONCE = Buffer.alloc(32, 2);

describe('the sample', () => {
  it('is what the specification says, each leaf once', () => {
    const sha = (i: number) => {
      const number = Buffer.from(i.toString(16).padStart(16, '0'), 'hex');
      return BigInt(`0x${createHash('sha256').update(ROOT).update(NONCE).update(number).digest('hex')}`);
    };
    const expected = new Set(Array.from({ length: 50 }, (_, i) => Number(sha(i) % 1_000n)));
    const indices = sampleIndices(ROOT, NONCE, 1_000, 50);
    expect(new Set(indices)).toEqual(expected);
    expect(indices).toEqual([...indices].sort((a, b) => a - b));
  });

  it('is another one for another root or nonce, and nothing of an empty log', () => {
    const one = sampleIndices(ROOT, NONCE, 1e9, 20);
    expect(sampleIndices(ROOT, Buffer.alloc(32, 3), 1e9, 20)).not.toEqual(one);
    expect(sampleIndices(Buffer.alloc(32, 3), NONCE, 1e9, 20)).not.toEqual(one);
    expect(sampleIndices(ROOT, NONCE, 0, 20)).toEqual([]);
    expect(sampleIndices(ROOT, NONCE, 1, 20)).toEqual([0]);
  });
});

describe('erasures in the log', () => {
  it('count once, also where feedback had to tell them again after a restore', () => {
    const leaf = (n: number, ref: string, doc = 'h0:a') => ({ index: 0, n, doc, ref });
    const totals = erasedByLog([
      leaf(3, 'k1 k2'),
      leaf(3, 'k2 k1'),
      leaf(1, 'k3'),
      leaf(5, 'k3', 'h0:b'),
      leaf(7, 'retention default until 2026-01-01T00:00:00.000Z'),
      leaf(7, 'retention default until 2026-01-01T00:00:00.000Z'),
      leaf(2, 'retention default until 2026-01-02T00:00:00.000Z'),
    ]);
    expect([...totals]).toEqual([
      ['h0:a', 13],
      ['h0:b', 5],
    ]);
  });
});

describe('statements that stand in two logs', () => {
  const seen = new Set<number>();
  const statement = (leaf: string): LoggedStatement => {
    const fields = { t: 'exchange.requested', subj: ['c1:a', 'c1:b'], user: ['c1:c'] };
    return { leaf: createHash('sha256').update(leaf).digest('base64url'), fields } as unknown as LoggedStatement;
  };
  const counted = (...leaves: string[]) => {
    const counter = new LogCounter(100, new Set(), seen);
    leaves.forEach((leaf, index) => counter.statement(index, statement(leaf)));
    return [counter.commitments, counter.repeated];
  };

  it('are counted again where they stand again', () => {
    expect(counted('a', 'b')).toEqual([6, 0]);
    expect(counted('b', 'c')).toEqual([6, 3]);
  });

  it('are as many as feedback leaves out', () => {
    const of = (repeated: number) => [{ origin: 'log', erasedInLog: 3, said: { ...SAID, repeated } }];
    expect(compareRepeated(of(3), 3)).toEqual([]);
    expect(compareRepeated(of(4), 3).map(({ finding }) => finding)).toEqual(['repeated-differs']);
    const other = { origin: 'other', erasedInLog: 5, said: { ...SAID, erased: 5, stating: 0 } };
    expect(compareRepeated([...of(3), other], 3)).toEqual([]);
    const hidden = { ...other, said: { ...other.said, erased: 6 } };
    expect(compareRepeated([...of(3), hidden], 3).map(({ finding }) => finding)).toEqual(['erased-differs']);
  });
});

const SAID = { size: 9, rows: 3, concealed: 1, pending: 2, erased: 4, repeated: 0, stating: 1 };

describe('what feedback says', () => {
  const said = SAID;
  const log: CountedLog = { origin: 'log', verified: true, size: 9, commitments: 10, erasedInLog: 3, said };
  const found = (changes: Partial<CountedLog>) => compareCounts({ ...log, ...changes }).map(({ finding }) => finding);

  it('adds up', () => expect(found({})).toEqual([]));

  it.each<[string, Partial<CountedLog>, string[]]>([
    ['one more row', { said: { ...said, rows: 4 } }, ['count-differs']],
    ['one pending that is none', { said: { ...said, rows: 2, pending: 2 } }, ['count-differs']],
    ['one erased for one that is shown', { said: { ...said, rows: 2, erased: 5 } }, ['erased-differs']],
    ['nothing', { said: undefined }, ['log-missing']],
    ['less than was there', { said: { ...said, size: 8 } }, ['log-behind']],
    ['anything of a log that is none', { verified: false }, ['log-not-verified']],
  ])('is found to be false: %s', (_, changes, expected) => {
    expect(found(changes)).toEqual(expected);
  });

  it('is checked by the opening itself', () => {
    const { commitment: value, opening } = commit('subject', { country: 'TEST', type: 'PIN', code: 'A1' });
    const place = { index: 3, kind: 'subject', position: 0 } as const;
    const r = Buffer.from(opening.r).toString('base64url');
    const sample = (code: string) =>
      compareSample(
        'log',
        [{ ...place, value }],
        [{ ...place, state: 'shown', opening: { r, country: 'TEST', type: 'PIN', code } }],
      ).map(({ finding }) => finding);
    expect([sample('A1'), sample('A2')]).toEqual([[], ['opening-false']]);
    expect(compareSample('log', [{ ...place, value }], [{ ...place, state: 'shown' }])).toHaveLength(1);
  });
});
