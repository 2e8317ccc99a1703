import type { Language } from '../../access-history/titles.js';
import type { Texts } from './state-texts.js';

type Phrase =
  | 'letter'
  | 'filed'
  | 'stands'
  | 'law'
  | 'accepted'
  | 'remedies'
  | 'from'
  | 'term'
  | 'appeal'
  | 'moving'
  | 'proof'
  | 'sealedWords'
  | 'ownWords';

/** Sentences of a letter; what stands in braces is filled in. */
const PHRASES: Texts<Phrase> = {
  letter: {
    az: '{number} nömrəli müraciət',
    ky: '№ {number} кайрылуу',
    kk: '№ {number} өтініш',
    ru: 'Запрос № {number}',
    en: 'Request {number}',
  },
  filed: {
    az: 'Müraciət {date} tarixində verilib. Xidmət: {service}. Qərarı verən qurum: {owner}.',
    ky: 'Кайрылуу {date} берилди. Кызмат: {service}. Чечим кабыл алуучу мекеме: {owner}.',
    kk: 'Өтініш {date} берілді. Қызмет: {service}. Шешім қабылдайтын орган: {owner}.',
    ru: 'Запрос подан {date}. Услуга: {service}. Решение принимает: {owner}.',
    en: 'The request was filed on {date}. Service: {service}. Decided by: {owner}.',
  },
  stands: {
    az: 'Vəziyyəti: {state} ({date}).',
    ky: 'Абалы: {state} ({date}).',
    kk: 'Күйі: {state} ({date}).',
    ru: 'Состояние: {state} ({date}).',
    en: 'Standing: {state} ({date}).',
  },
  law: {
    az: 'Hüquqi əsas: {law}.',
    ky: 'Укуктук негиз: {law}.',
    kk: 'Құқықтық негіз: {law}.',
    ru: 'Правовое основание: {law}.',
    en: 'Legal reference: {law}.',
  },
  accepted: {
    az: 'Düzəldiləcək məlumatlar: {count} / {all}.',
    ky: 'Оңдоло турган маалыматтар: {count} / {all}.',
    kk: 'Түзетілетін деректер: {count} / {all}.',
    ru: 'Исправляемые данные: {count} из {all}.',
    en: 'Data that are to be corrected: {count} of {all}.',
  },
  remedies: {
    az: 'Şikayət edə bilərsiniz: {remedies}.',
    ky: 'Даттана аласыз: {remedies}.',
    kk: 'Шағымдана аласыз: {remedies}.',
    ru: 'Вы можете обжаловать решение: {remedies}.',
    en: 'You may complain: {remedies}.',
  },
  from: {
    az: 'Yeni məlumat {date} tarixindən qüvvədədir.',
    ky: 'Жаңы маалымат {date} тартып күчүндө.',
    kk: 'Жаңа дерек {date} бастап қолданылады.',
    ru: 'Новые данные действуют с {date}.',
    en: 'The new data hold from {date}.',
  },
  term: {
    az: 'Müddət {date} tarixində bitir.',
    ky: 'Мөөнөт {date} бүтөт.',
    kk: 'Мерзім {date} аяқталады.',
    ru: 'Срок истекает {date}.',
    en: 'The term ends on {date}.',
  },
  appeal: {
    az: 'Şikayət üçün son gün: {date}.',
    ky: 'Даттануунун акыркы күнү: {date}.',
    kk: 'Шағымданудың соңғы күні: {date}.',
    ru: 'Последний день для жалобы: {date}.',
    en: 'Last day to appeal: {date}.',
  },
  moving: {
    az: 'Növbəti addım jurnala yazılır; məktub ondan əvvəlki vəziyyəti göstərir.',
    ky: 'Кийинки кадам журналга жазылууда; кат ага чейинки абалды көрсөтөт.',
    kk: 'Келесі қадам журналға жазылуда; хат оған дейінгі күйді көрсетеді.',
    ru: 'Следующий шаг записывается в журнал; письмо показывает состояние до него.',
    en: 'The next step is on its way into the log; this letter shows how it was before.',
  },
  sealedWords: {
    az: 'Qurum öz sözləri ilə izahat əlavə edib. Onu yalnız portalınız aça bilər.',
    ky: 'Мекеме өз сөзү менен түшүндүрмө кошкон. Аны сиздин портал гана ача алат.',
    kk: 'Орган өз сөзімен түсініктеме қосқан. Оны тек сіздің портал аша алады.',
    ru: 'Орган добавил пояснение своими словами. Открыть его может только ваш портал.',
    en: 'The agency has added words of its own. Only your portal can open them.',
  },
  ownWords: {
    az: 'Qurumun öz sözləri ilə:',
    ky: 'Мекеменин өз сөзү менен:',
    kk: 'Органның өз сөзімен:',
    ru: 'Пояснение органа:',
    en: 'In the agency’s own words:',
  },
  proof: {
    az: 'Hər addım açıq jurnalda imzalanıb; sübutları portal verir. Son qeyd: {leaf}.',
    ky: 'Ар бир кадам ачык журналда кол коюлган; далилдерин портал берет. Акыркы жазуу: {leaf}.',
    kk: 'Әр қадам ашық журналда қол қойылған; дәлелдерін портал береді. Соңғы жазба: {leaf}.',
    ru: 'Каждый шаг подписан в открытом журнале; доказательства выдаёт портал. Последняя запись: {leaf}.',
    en: 'Each step stands signed in the open log; the portal gives you the proofs. Last entry: {leaf}.',
  },
};

/** Where one may complain; a remedy of another law is shown by its code. */
const REMEDIES: Texts<'appeal' | 'supervisor' | 'court' | 'ombudsman'> = {
  appeal: {
    az: 'portalda',
    ky: 'портал аркылуу',
    kk: 'портал арқылы',
    ru: 'на портале',
    en: 'in the portal',
  },
  supervisor: {
    az: 'nəzarət orqanına',
    ky: 'көзөмөл органына',
    kk: 'қадағалау органына',
    ru: 'в надзорный орган',
    en: 'to the supervisory authority',
  },
  court: { az: 'məhkəməyə', ky: 'сотко', kk: 'сотқа', ru: 'в суд', en: 'to a court' },
  ombudsman: {
    az: 'ombudsmana',
    ky: 'омбудсменге',
    kk: 'омбудсменге',
    ru: 'уполномоченному по правам человека',
    en: 'to the ombudsman',
  },
};

export function phrase(name: Phrase, language: Language, fill: Readonly<Record<string, string>> = {}): string {
  // What is filled in is never looked at again, whatever braces stand in it.
  const filled = PHRASES[name][language].replace(/\{(\w+)\}/gu, (_all, key: string) => fill[key] ?? '');
  // A date of some languages brings its own full stop.
  return filled.replace(/\.\.$/u, '.');
}

export function remedyText(code: string, language: Language): string {
  return Object.hasOwn(REMEDIES, code) ? REMEDIES[code as keyof typeof REMEDIES][language] : code;
}

/** A calendar date as that language writes it, in the zone of the law whose terms they are. */
export function dateText(ms: number, language: Language, timeZone: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone }).format(ms);
}
