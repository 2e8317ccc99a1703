import { describe, expect, it } from '@jest/globals';
import { CASE_STATES, draftCase, type CaseRecord } from '#corrections';
import type { ServiceId, SubsystemId } from '#kernel';
import { DECISION_REASONS, EXTENSION_REASONS, QUESTION_CODES, REOPENING_REASONS, TRANSFER_REASONS } from '#signing';
import { LANGUAGES } from '../../access-history/titles.js';
import { letterPage } from './letter-page.js';
import { letterOf, type LetterFacts } from './letter.js';
import { dateText } from './phrases.js';
import * as reasons from './reason-texts.js';
import { NEXT_TEXTS, STATE_TITLES, type Texts } from './state-texts.js';

const TABLES: readonly [string, Texts<string>, readonly string[]][] = [
  ['states', STATE_TITLES, CASE_STATES],
  ['what comes next', NEXT_TEXTS, CASE_STATES],
  ['outcomes', reasons.OUTCOME_TEXTS, ['ACCEPTED', 'PARTIALLY_ACCEPTED', 'REJECTED']],
  ['decisions', reasons.DECISION_TEXTS, DECISION_REASONS],
  ['transfers', reasons.TRANSFER_TEXTS, TRANSFER_REASONS],
  ['questions', reasons.QUESTION_TEXTS, QUESTION_CODES],
  ['extensions', reasons.EXTENSION_TEXTS, EXTENSION_REASONS],
  ['reopenings', reasons.REOPENING_TEXTS, REOPENING_REASONS],
];
const DAY = Date.parse('2026-11-28T10:00:00Z');

function rejected(changes: Partial<CaseRecord> = {}): LetterFacts {
  const record: CaseRecord = {
    ...draftCase({
      ...{ correctionId: '019ac1a4-7a3c-7000-8000-000000000001', publicNumber: 'KG-2026-000123-7', kind: 'ERROR' },
      ...{ profile: 'default', needsTwoPersons: false, items: [{ jsonPointer: '/a' }, { jsonPointer: '/b' }] },
      ...{ portal: 'DEMO/GOV/1/portal' as SubsystemId, owner: 'DEMO/GOV/2/own' as SubsystemId },
      service: 'DEMO/GOV/2/own/persons' as ServiceId,
    }),
    state: 'REJECTED',
    leaf: 'leafhash',
    decision: {
      ...{ outcome: 'REJECTED', reasonCode: 'data-correct', legalRef: '<b>Art. 5</b>', accepted: [] },
      remedies: ['appeal', 'tribunal-7'],
    },
    due: { appeal: { dueAt: DAY + 30 * 86_400_000, escalateAt: DAY + 31 * 86_400_000 } },
    ...changes,
  };
  const steps = [
    { seq: 1, type: 'correction.submitted', why: undefined, atMs: DAY },
    { seq: 4, type: 'correction.extended', why: 'records-abroad', atMs: DAY },
    { seq: 5, type: 'correction.decided', why: 'data-correct', atMs: DAY },
  ];
  return {
    ...{ record, filedMs: DAY, isMoving: false, steps, atMs: DAY, ownerName: 'Register', serviceTitle: 'Persons' },
    ...{ timeZone: 'Asia/Bishkek', worded: new Set<number>() },
  };
}

describe('texts for persons', () => {
  it.each(TABLES)('of %s: each code has its own text in each language, and no other has one', (_name, texts, codes) => {
    expect(Object.keys(texts).sort()).toEqual([...codes].sort());
    for (const language of LANGUAGES) {
      const said = codes.map((code) => texts[code]?.[language] ?? '');
      expect(said.every((text) => text.length > 3)).toBe(true);
      expect(new Set(said).size).toBe(codes.length);
    }
  });

  it.each(LANGUAGES)('write dates as %s does', (language) => {
    expect(Intl.DateTimeFormat.supportedLocalesOf(language)).toEqual([language]);
    const text = dateText(DAY, language, 'Asia/Bishkek');
    expect(text).toContain('2026');
    expect(text).toContain('28');
  });

  it('date by the zone of the law', () => {
    const late = Date.parse('2026-11-28T23:30:00Z');
    expect(dateText(late, 'en', 'Asia/Bishkek')).toBe('November 29, 2026');
    expect(dateText(late, 'ru', 'UTC')).toBe('28 ноября 2026 г.');
  });
});

describe('letter', () => {
  it('says number, reason, law, remedies and until when one may appeal', () => {
    const { title, paragraphs, language } = letterOf(rejected(), 'ru');
    expect(language).toBe('ru');
    expect(title).toBe('Запрос № KG-2026-000123-7');
    expect(paragraphs).toContain('Решение: в вашем запросе отказано. Данные верны.');
    expect(paragraphs).toContain('28 ноября 2026 г.: Срок продлён: документы находятся за границей.');
    expect(paragraphs).toContain('Правовое основание: <b>Art. 5</b>.');
    expect(paragraphs).toContain('Вы можете обжаловать решение: на портале, tribunal-7.');
    expect(paragraphs).toContain(
      'Если вы не согласны, вы можете подать жалобу на портале. Последний день для жалобы: 28 декабря 2026 г.',
    );
  });

  it.each(CASE_STATES)('leaves nothing unsaid and no brace open in %s', (state) => {
    for (const language of LANGUAGES) {
      const { paragraphs } = letterOf(rejected({ state }), language);
      expect(paragraphs.join('\n')).not.toMatch(/[{}]|undefined/u);
      expect(paragraphs.some((text) => text.includes(STATE_TITLES[state][language]))).toBe(true);
    }
  });

  it('is a page that runs nothing', () => {
    const page = letterPage(letterOf(rejected(), 'az'));
    expect(page).toContain('&lt;b&gt;Art. 5&lt;/b&gt;');
    expect(page).not.toMatch(/<script|<b>|href|src=/u);
    expect(page).toContain('<html lang="az">');
  });
});
