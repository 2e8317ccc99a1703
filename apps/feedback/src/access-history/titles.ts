import { memberOf, type ServiceId, type SubsystemId } from '#kernel';
import type { RegistryView } from '#snapshot';

/** Languages of the notices that a citizen reads (requirement E71). */
export const LANGUAGES = ['az', 'ky', 'kk', 'ru', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

type Localised = Readonly<Record<string, string>>;

/**
 * What identifiers and codes are called in one language, by the newest registry snapshot. Where it has no text in that
 * language the English one serves; what the registry has forgotten since has none, and its code is shown.
 */
export class Titles {
  constructor(
    private readonly view: RegistryView | undefined,
    private readonly language: Language,
  ) {}

  /** The organisation's name: a person knows the Social Fund, not its `benefits` system. */
  subsystem(id: SubsystemId): { id: string; name?: string } {
    return named(id, 'name', this.text(this.view?.member(memberOf(id))?.name));
  }

  service(id: ServiceId): { id: string; title?: string } {
    return named(id, 'title', this.text(this.view?.service(id)?.title));
  }

  purpose(code: string): { code: string; title?: string } {
    return titled(code, this.text(this.view?.purposes.find((purpose) => purpose.code === code)?.title));
  }

  legalBasis(code: string): { code: string; title?: string; reference?: string } {
    const basis = this.view?.legalBases.find((known) => known.code === code);
    return { ...titled(code, this.text(basis?.title)), ...(basis === undefined ? {} : { reference: basis.reference }) };
  }

  private text(texts: Localised | undefined): string | undefined {
    return texts?.[this.language] ?? texts?.['en'];
  }
}

/** The first language that is asked for and spoken: of `lang`, else of `Accept-Language` (RFC 9110 §12.5.4), else English. */
export function chooseLanguage(lang: string | undefined, accepted: string | undefined): Language {
  const wishes = (accepted ?? '')
    .split(',')
    .map((item) => /^\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*$/.exec(item))
    .flatMap((match) =>
      match === null ? [] : [{ tag: String(match[1]).toLowerCase(), weight: Number(match[2] ?? 1) }],
    )
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
  const tags = [lang, ...wishes.map(({ tag }) => tag)];
  return tags.flatMap((tag) => LANGUAGES.filter((language) => language === tag)).at(0) ?? 'en';
}

function named<Key extends string>(id: string, key: Key, value: string | undefined) {
  return (value === undefined ? { id } : { id, [key]: value }) as { id: string } & Partial<Record<Key, string>>;
}

function titled(code: string, title: string | undefined): { code: string; title?: string } {
  return title === undefined ? { code } : { code, title };
}
