import { expect, it } from '@jest/globals';
import { languages, text, type Language } from './texts.js';

const ALL_PROVEN = {
  az: { 1: 'Yeganə qeyd sübut olunub.', 300: 'Bütün qeydlər (300) sübut olunub.' },
  en: { 1: 'The only entry is proven.', 2: 'All 2 entries are proven.', 21: 'All 21 entries are proven.' },
  kk: { 1: 'Жалғыз жазба дәлелденді.', 21: 'Барлық жазба (21) дәлелденді.' },
  ky: { 1: 'Жалгыз жазуу далилденди.', 21: 'Бардык жазуу (21) далилденди.' },
  ru: {
    1: 'Доказана 1 запись из 1.',
    3: 'Доказаны 3 записи из 3.',
    11: 'Доказано 11 записей из 11.',
    21: 'Доказана 21 запись из 21.',
  },
} satisfies Record<Language, Readonly<Record<number, string>>>;

it.each(languages)('counts entries as %s does', (language) => {
  const said = Object.keys(ALL_PROVEN[language]).map((total) => text(language, 'allProven', { total: Number(total) }));
  expect(said).toEqual(Object.values(ALL_PROVEN[language]));
});

it('counts those that are checked by how many there are', () => {
  expect(text('en', 'progress', { done: 0, total: 1 })).toBe('0 of 1 entry checked');
  expect(text('en', 'progress', { done: 1, total: 50 })).toBe('1 of 50 entries checked');
  expect(text('ru', 'progress', { done: 1, total: 50 })).toBe('Проверено записей: 1 из 50');
});
