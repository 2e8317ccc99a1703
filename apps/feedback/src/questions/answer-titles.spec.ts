import { describe, expect, it } from '@jest/globals';
import { ANSWER_CODES } from '#signing';
import { LANGUAGES } from '../access-history/titles.js';
import { answerTitle } from './answer-titles.js';

describe('titles of answers', () => {
  it.each(LANGUAGES)('differ from each other in %s, and none is missing', (language) => {
    const titles = ANSWER_CODES.map((code) => answerTitle(code, language));
    expect(titles.every((title) => title !== undefined && title !== '')).toBe(true);
    expect(new Set(titles).size).toBe(ANSWER_CODES.length);
  });

  it('are missing for what is no code', () => {
    expect(answerTitle('BECAUSE', 'en')).toBeUndefined();
    expect(answerTitle('toString', 'en')).toBeUndefined();
  });
});
