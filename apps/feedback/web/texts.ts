import az from './texts/az.json' with { type: 'json' };
import en from './texts/en.json' with { type: 'json' };
import kk from './texts/kk.json' with { type: 'json' };
import ky from './texts/ky.json' with { type: 'json' };
import ru from './texts/ru.json' with { type: 'json' };

export type TextKey = keyof typeof en;
/** By the category of `total` (`Intl.PluralRules`). */
type Plural = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & Record<'other', string>>;
type Texts = Readonly<Record<TextKey, string | Plural>>;

/** Requirement E71; a language without a text would not compile. */
const LANGUAGES = { az, en, kk, ky, ru } as const satisfies Record<string, Texts>;
export type Language = keyof typeof LANGUAGES;
export const languages = Object.keys(LANGUAGES) as readonly Language[];

/** The first of the wished languages that we speak, by its first part; English if there is none. */
export function languageOf(wishes: readonly string[]): Language {
  const spoken = wishes.map((wish) => wish.toLowerCase().split('-')[0]);
  return (
    languages.find((language) => spoken.find((wish) => wish !== undefined && wish in LANGUAGES) === language) ?? 'en'
  );
}

/** A text with its `{name}` places filled in, in the form that `total` asks for. */
export function text(language: Language, key: TextKey, values: Readonly<Record<string, number>> = {}): string {
  const format = new Intl.NumberFormat(language);
  const said: Texts = LANGUAGES[language];
  return inForm(said[key], language, values['total'] ?? 0).replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : format.format(value);
  });
}

function inForm(said: string | Plural, language: Language, total: number): string {
  if (typeof said === 'string') return said;
  return said[new Intl.PluralRules(language).select(total)] ?? said.other;
}
