import { describe, expect, it } from '@jest/globals';
import { LANGUAGES } from '../access-history/titles.js';
import { mailText, noticeText, shortText } from './notice-texts.js';
import { NOTICE_CODES } from './notification.js';

const publicNumber = 'DE-2026-000001-1';
const link = 'https://portal.example/cases/DE-2026-000001-1';

describe('what a person is told', () => {
  it.each(LANGUAGES)('says each thing in its own words, and only number and link besides: %s', (language) => {
    const texts = NOTICE_CODES.map((code) => noticeText({ code, publicNumber }, language));
    expect(new Set(texts).size).toBe(NOTICE_CODES.length);
    for (const [at, code] of NOTICE_CODES.entries()) {
      const { subject, text } = mailText({ code, publicNumber, link }, language);
      expect(subject).toContain(publicNumber);
      expect(text).toContain(texts[at]);
      expect(text).toContain(link);
      // An SMS of at most two parts, in letters that do not fit into seven bits.
      expect(shortText({ code, publicNumber, link }, language).length).toBeLessThanOrEqual(134);
    }
  });

  it('leaves the link out where the portal has named none', () => {
    expect(shortText({ code: 'decided', publicNumber, link: undefined }, 'en')).toBe(
      'There is a decision on your request: DE-2026-000001-1',
    );
  });
});
