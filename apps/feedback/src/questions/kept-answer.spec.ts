import { describe, expect, it } from '@jest/globals';
import { keepAnswer, openKeptAnswer } from './kept-answer.js';

const KEY = Buffer.alloc(32, 1);
const ID = '0197f0c2-0000-7000-8000-000000000001';
const ANSWER = { answer: { code: 'OTHER', text: 'Неге?' }, salt: Buffer.alloc(32, 7) };

describe('a kept answer', () => {
  const kept = keepAnswer(KEY, ID, ANSWER);

  it('opens for its question, with or without words', () => {
    expect(openKeptAnswer(KEY, ID, kept)).toEqual(ANSWER);
    const short = { ...ANSWER, answer: { code: 'ERROR' } };
    expect(openKeptAnswer(KEY, ID, keepAnswer(KEY, ID, short))).toEqual(short);
  });

  it('does not open under another key, for another question, or changed', () => {
    expect(openKeptAnswer(Buffer.alloc(32, 2), ID, kept)).toBeUndefined();
    expect(openKeptAnswer(KEY, ID.replace('1', '2'), kept)).toBeUndefined();
    for (const at of [0, 30, kept.length - 1]) {
      const changed = Buffer.from(kept);
      changed[at]! ^= 1;
      expect(openKeptAnswer(KEY, ID, changed)).toBeUndefined();
    }
    expect(openKeptAnswer(KEY, ID, Buffer.alloc(0))).toBeUndefined();
  });
});
