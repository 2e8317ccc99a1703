import type { Language } from '../access-history/titles.js';
import type { NoticeCode } from './notification.js';

type Texts<Code extends string> = Readonly<Record<Code, Readonly<Record<Language, string>>>>;

/** What happened, by its code; nothing of the case but that. */
const TEXTS: Texts<NoticeCode> = {
  submitted: {
    az: 'Müraciətiniz qeydə alındı',
    ky: 'Кайрылууңуз катталды',
    kk: 'Өтінішіңіз тіркелді',
    ru: 'Ваш запрос зарегистрирован',
    en: 'Your request is registered',
  },
  received: {
    az: 'Qurum müraciətinizi qəbul etdi',
    ky: 'Мекеме кайрылууңузду кабыл алды',
    kk: 'Орган өтінішіңізді қабылдады',
    ru: 'Орган получил ваш запрос',
    en: 'The agency has received your request',
  },
  'info-requested': {
    az: 'Qurumun sizə sualı var; portalda cavab verin',
    ky: 'Мекеменин сизге суроосу бар; порталда жооп бериңиз',
    kk: 'Органның сізге сұрағы бар; порталда жауап беріңіз',
    ru: 'У органа есть вопрос к вам; ответьте на портале',
    en: 'The agency has a question to you; please answer at the portal',
  },
  transferred: {
    az: 'Müraciətiniz başqa quruma ötürüldü',
    ky: 'Кайрылууңуз башка мекемеге өткөрүлдү',
    kk: 'Өтінішіңіз басқа органға берілді',
    ru: 'Ваш запрос передан другому органу',
    en: 'Your request was passed on to another agency',
  },
  extended: {
    az: 'Müraciətinizə baxılma müddəti uzadıldı',
    ky: 'Кайрылууңузду кароо мөөнөтү узартылды',
    kk: 'Өтінішіңізді қарау мерзімі ұзартылды',
    ru: 'Срок рассмотрения вашего запроса продлён',
    en: 'The agency needs more time for your request',
  },
  decided: {
    az: 'Müraciətiniz üzrə qərar var',
    ky: 'Кайрылууңуз боюнча чечим бар',
    kk: 'Өтінішіңіз бойынша шешім бар',
    ru: 'По вашему запросу принято решение',
    en: 'There is a decision on your request',
  },
  corrected: {
    az: 'Reyestr düzəldildi',
    ky: 'Реестр оңдолду',
    kk: 'Тізілім түзетілді',
    ru: 'Реестр исправлен',
    en: 'The register is corrected',
  },
  closed: {
    az: 'Müraciətiniz bağlandı',
    ky: 'Кайрылууңуз жабылды',
    kk: 'Өтінішіңіз жабылды',
    ru: 'Ваш запрос закрыт',
    en: 'Your request is closed',
  },
  near: {
    az: 'Müraciətiniz üzrə müddət tezliklə bitir',
    ky: 'Кайрылууңуз боюнча мөөнөт жакында бүтөт',
    kk: 'Өтінішіңіз бойынша мерзім жақында бітеді',
    ru: 'Срок по вашему запросу скоро истекает',
    en: 'A term of your request ends soon',
  },
  missed: {
    az: 'Müraciətiniz üzrə müddət ötdü',
    ky: 'Кайрылууңуз боюнча мөөнөт өтүп кетти',
    kk: 'Өтінішіңіз бойынша мерзім өтіп кетті',
    ru: 'Срок по вашему запросу истёк',
    en: 'A term of your request has passed',
  },
  escalated: {
    az: 'Gecikmə barədə nəzarət orqanına məlumat verildi',
    ky: 'Кечигүү тууралуу көзөмөл органына билдирилди',
    kk: 'Кешігу туралы бақылау органына хабарланды',
    ru: 'О просрочке сообщено надзорному органу',
    en: 'The supervisory authority was told of the delay',
  },
  reopened: {
    az: 'Müraciətinizə yenidən baxılır',
    ky: 'Кайрылууңуз кайра каралууда',
    kk: 'Өтінішіңіз қайта қаралып жатыр',
    ru: 'Ваш запрос рассматривается заново',
    en: 'Your request is looked at again',
  },
};

const SUBJECTS: Readonly<Record<Language, string>> = {
  az: '{number} nömrəli müraciət',
  ky: '№ {number} кайрылуу',
  kk: '№ {number} өтініш',
  ru: 'Запрос № {number}',
  en: 'Request {number}',
};

/** Why there is a mail, and that nobody reads an answer. */
const FOOTERS: Readonly<Record<Language, string>> = {
  az: 'Bu məktub avtomatik göndərilib. Bildirişləri portalda seçə bilərsiniz.',
  ky: 'Бул кат автоматтык түрдө жөнөтүлдү. Билдирмелерди порталда тандай аласыз.',
  kk: 'Бұл хат автоматты түрде жіберілді. Хабарландыруларды порталда таңдай аласыз.',
  ru: 'Это письмо отправлено автоматически. Уведомления можно настроить на портале.',
  en: 'This message was sent automatically. You choose at the portal what you are told.',
};

export interface NoticeFacts {
  readonly code: NoticeCode;
  readonly publicNumber: string;
  /** Undefined: the portal has named no place for cases. */
  readonly link: string | undefined;
}

/** In the inbox, and on the lock screen of a telephone: what happened, of which number. */
export function noticeText({ code, publicNumber }: Omit<NoticeFacts, 'link'>, language: Language): string {
  return `${TEXTS[code][language]}: ${publicNumber}`;
}

/** For SMS and push: the same, and where to read on. */
export function shortText({ link, ...facts }: NoticeFacts, language: Language): string {
  return [noticeText(facts, language), ...(link === undefined ? [] : [link])].join(' ');
}

export function mailText(facts: NoticeFacts, language: Language): { readonly subject: string; readonly text: string } {
  const { link, publicNumber } = facts;
  return {
    subject: SUBJECTS[language].replace('{number}', publicNumber),
    text: [`${noticeText(facts, language)}.`, ...(link === undefined ? [] : [link]), FOOTERS[language]].join('\n\n'),
  };
}
