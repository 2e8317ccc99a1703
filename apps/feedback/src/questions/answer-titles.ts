import type { AnswerCode } from '#signing';
import type { Language } from '../access-history/titles.js';

const TITLES: Readonly<Record<AnswerCode, Readonly<Record<Language, string>>>> = {
  LEGAL_DUTY: {
    az: 'Qanun bizi buna borclu edir',
    ky: 'Мыйзам бизди буга милдеттендирет',
    kk: 'Заң бізді бұған міндеттейді',
    ru: 'Нас обязывает закон',
    en: 'The law obliges us to',
  },
  YOUR_APPLICATION: {
    az: 'Sizin müraciətinizə görə',
    ky: 'Сиздин арызыңыз боюнча',
    kk: 'Сіздің өтінішіңіз бойынша',
    ru: 'По вашему заявлению',
    en: 'Because of an application that you made',
  },
  SERVICE_TO_YOU: {
    az: 'Sizə xidmət göstərmək üçün',
    ky: 'Сизге кызмат көрсөтүү үчүн',
    kk: 'Сізге қызмет көрсету үшін',
    ru: 'Чтобы оказать вам услугу',
    en: 'To serve you',
  },
  ERROR: {
    az: 'Səhv: məlumatlarınıza baxılmamalı idi',
    ky: 'Ката: маалыматтарыңызды кароого болбойт эле',
    kk: 'Қате: деректеріңізді қарауға болмайтын еді',
    ru: 'Ошибка: ваши данные не следовало смотреть',
    en: 'An error: your data should not have been looked at',
  },
  OTHER: {
    az: 'Başqa səbəb',
    ky: 'Башка себеп',
    kk: 'Басқа себеп',
    ru: 'Другая причина',
    en: 'Another reason',
  },
};

/** Undefined for a code of another version of this list. */
export function answerTitle(code: string, language: Language): string | undefined {
  return isAnswerCode(code) ? TITLES[code][language] : undefined;
}

function isAnswerCode(code: string): code is AnswerCode {
  return Object.hasOwn(TITLES, code);
}
