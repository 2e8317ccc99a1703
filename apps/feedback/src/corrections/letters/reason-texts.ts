import type { CaseOutcome } from '#corrections';
import type { DecisionReason, ExtensionReason, QuestionCode, ReopeningReason, TransferReason } from '#signing';
import type { Texts } from './state-texts.js';

export const OUTCOME_TEXTS: Texts<CaseOutcome> = {
  ACCEPTED: {
    az: 'Qərar: müraciətiniz təmin edilib.',
    ky: 'Чечим: кайрылууңуз канааттандырылды.',
    kk: 'Шешім: өтінішіңіз қанағаттандырылды.',
    ru: 'Решение: ваш запрос удовлетворён.',
    en: 'Decision: your request was accepted.',
  },
  PARTIALLY_ACCEPTED: {
    az: 'Qərar: müraciətiniz qismən təmin edilib.',
    ky: 'Чечим: кайрылууңуз жарым-жартылай канааттандырылды.',
    kk: 'Шешім: өтінішіңіз ішінара қанағаттандырылды.',
    ru: 'Решение: ваш запрос удовлетворён частично.',
    en: 'Decision: your request was accepted in part.',
  },
  REJECTED: {
    az: 'Qərar: müraciətiniz rədd edilib.',
    ky: 'Чечим: кайрылууңуз четке кагылды.',
    kk: 'Шешім: өтінішіңіз қабылданбады.',
    ru: 'Решение: в вашем запросе отказано.',
    en: 'Decision: your request was rejected.',
  },
};

export const DECISION_TEXTS: Texts<DecisionReason> = {
  'error-confirmed': {
    az: 'Məlumatdakı səhv təsdiqləndi.',
    ky: 'Маалыматтагы ката ырасталды.',
    kk: 'Деректегі қате расталды.',
    ru: 'Ошибка в данных подтвердилась.',
    en: 'The data were found to be wrong.',
  },
  'record-outdated': {
    az: 'Qeyd köhnəlmişdi.',
    ky: 'Жазуу эскирген.',
    kk: 'Жазба ескірген.',
    ru: 'Запись устарела.',
    en: 'The record was outdated.',
  },
  'record-missing': {
    az: 'Reyestrdə qeyd çatışmırdı.',
    ky: 'Реестрде жазуу жок болчу.',
    kk: 'Тізілімде жазба болмаған.',
    ru: 'В реестре не хватало записи.',
    en: 'A record was missing.',
  },
  'record-not-theirs': {
    az: 'Qeyd sizə aid deyildi.',
    ky: 'Жазуу сизге тиешелүү эмес болчу.',
    kk: 'Жазба сізге қатысты емес еді.',
    ru: 'Запись относилась не к вам.',
    en: 'The record was not about you.',
  },
  'mass-correction': {
    az: 'Səhv çoxlu qeydlərdə idi və hamısında birdən düzəldilir.',
    ky: 'Ката көп жазууларда болгон жана баарында бирге оңдолот.',
    kk: 'Қате көп жазбада болды және барлығында бірге түзетіледі.',
    ru: 'Ошибка была во многих записях и исправляется во всех сразу.',
    en: 'The error was in many records and is corrected in all of them.',
  },
  'data-correct': {
    az: 'Məlumat düzgündür.',
    ky: 'Маалымат туура.',
    kk: 'Дерек дұрыс.',
    ru: 'Данные верны.',
    en: 'The data are correct.',
  },
  'evidence-missing': {
    az: 'Səhvi sübut edən sənəd təqdim edilməyib.',
    ky: 'Катаны далилдеген документ берилген эмес.',
    kk: 'Қатені дәлелдейтін құжат ұсынылмаған.',
    ru: 'Не представлен документ, подтверждающий ошибку.',
    en: 'No document was given that shows the error.',
  },
  'evidence-insufficient': {
    az: 'Təqdim edilən sənədlər səhvi sübut etmir.',
    ky: 'Берилген документтер катаны далилдебейт.',
    kk: 'Ұсынылған құжаттар қатені дәлелдемейді.',
    ru: 'Представленные документы не подтверждают ошибку.',
    en: 'The documents that were given do not show the error.',
  },
  'law-forbids': {
    az: 'Qanun bu dəyişikliyə yol vermir.',
    ky: 'Мыйзам бул өзгөртүүгө жол бербейт.',
    kk: 'Заң бұл өзгеріске жол бермейді.',
    ru: 'Закон не допускает такого изменения.',
    en: 'The law forbids this change.',
  },
  'other-procedure': {
    az: 'Bunun üçün başqa prosedur var.',
    ky: 'Бул үчүн башка жол-жобо бар.',
    kk: 'Бұл үшін басқа рәсім бар.',
    ru: 'Для этого есть другая процедура.',
    en: 'Another procedure is meant for this.',
  },
  'repeated-request': {
    az: 'Bu məsələ üzrə artıq qərar verilib.',
    ky: 'Бул маселе боюнча чечим мурда кабыл алынган.',
    kk: 'Бұл мәселе бойынша шешім бұрын қабылданған.',
    ru: 'По этому вопросу решение уже принято.',
    en: 'The same was decided before.',
  },
};

export const TRANSFER_TEXTS: Texts<TransferReason> = {
  'not-our-element': {
    az: 'Müraciət başqa quruma ötürülüb: məlumat ona məxsusdur.',
    ky: 'Кайрылуу башка мекемеге өткөрүлдү: маалымат ага таандык.',
    kk: 'Өтініш басқа органға берілді: дерек соған тиесілі.',
    ru: 'Запрос передан другому органу: данные принадлежат ему.',
    en: 'The request was transferred: the data belong to another agency.',
  },
  'copy-stale': {
    az: 'Müraciət ötürülüb: mənbə düzgündür, surət köhnəlib.',
    ky: 'Кайрылуу өткөрүлдү: түпнуска туура, көчүрмө эскирген.',
    kk: 'Өтініш берілді: дереккөз дұрыс, көшірме ескірген.',
    ru: 'Запрос передан: источник верен, устарела копия.',
    en: 'The request was transferred: the source is right, a copy is outdated.',
  },
  'competence-moved': {
    az: 'Müraciət ötürülüb: səlahiyyət başqa quruma keçib.',
    ky: 'Кайрылуу өткөрүлдү: ыйгарым укук башка мекемеге өткөн.',
    kk: 'Өтініш берілді: құзырет басқа органға өткен.',
    ru: 'Запрос передан: полномочия перешли к другому органу.',
    en: 'The request was transferred: another agency is competent now.',
  },
  'operator-assigned': {
    az: 'Məsul qurumu şinin operatoru təyin edib.',
    ky: 'Жооптуу мекемени шинанын оператору дайындады.',
    kk: 'Жауапты органды шина операторы тағайындады.',
    ru: 'Ответственный орган назначил оператор шины.',
    en: 'The operator of the bus named the agency that has to decide.',
  },
};

export const QUESTION_TEXTS: Texts<QuestionCode> = {
  'document-needed': {
    az: 'Qurum sizdən sənəd istəyib.',
    ky: 'Мекеме сизден документ сурады.',
    kk: 'Орган сізден құжат сұрады.',
    ru: 'Орган попросил у вас документ.',
    en: 'The agency asked you for a document.',
  },
  'value-unclear': {
    az: 'Qurum hansı məlumatın düzgün olduğunu soruşub.',
    ky: 'Мекеме кайсы маалымат туура экенин сурады.',
    kk: 'Орган қай дерек дұрыс екенін сұрады.',
    ru: 'Орган спросил, какое значение верно.',
    en: 'The agency asked which value is right.',
  },
  'period-unclear': {
    az: 'Qurum hansı dövrdən söhbət getdiyini soruşub.',
    ky: 'Мекеме кайсы мезгил жөнүндө сөз болуп жатканын сурады.',
    kk: 'Орган қай кезең туралы екенін сұрады.',
    ru: 'Орган спросил, о каком периоде идёт речь.',
    en: 'The agency asked which period is meant.',
  },
  'identity-unclear': {
    az: 'Qurum kimin barəsində olduğunu dəqiqləşdirib.',
    ky: 'Мекеме ким жөнүндө экенин тактоону сурады.',
    kk: 'Орган кім туралы екенін нақтылауды сұрады.',
    ru: 'Орган попросил уточнить, о ком идёт речь.',
    en: 'The agency asked who is meant.',
  },
};

export const EXTENSION_TEXTS: Texts<ExtensionReason> = {
  'data-of-others-needed': {
    az: 'Müddət uzadılıb: başqa qurumların məlumatı lazımdır.',
    ky: 'Мөөнөт узартылды: башка мекемелердин маалыматы керек.',
    kk: 'Мерзім ұзартылды: басқа органдардың деректері қажет.',
    ru: 'Срок продлён: нужны данные других органов.',
    en: 'The term was extended: data of others are needed.',
  },
  'study-needed': {
    az: 'Müddət uzadılıb: əlavə araşdırma lazımdır.',
    ky: 'Мөөнөт узартылды: кошумча изилдөө керек.',
    kk: 'Мерзім ұзартылды: қосымша зерделеу қажет.',
    ru: 'Срок продлён: нужно дополнительное изучение.',
    en: 'The term was extended: further study is needed.',
  },
  'expert-needed': {
    az: 'Müddət uzadılıb: mütəxəssisin rəyi lazımdır.',
    ky: 'Мөөнөт узартылды: адистин корутундусу керек.',
    kk: 'Мерзім ұзартылды: маманның қорытындысы қажет.',
    ru: 'Срок продлён: нужно заключение специалиста.',
    en: 'The term was extended: an expert is needed.',
  },
  'records-abroad': {
    az: 'Müddət uzadılıb: sənədlər xaricdədir.',
    ky: 'Мөөнөт узартылды: документтер чет өлкөдө.',
    kk: 'Мерзім ұзартылды: құжаттар шетелде.',
    ru: 'Срок продлён: документы находятся за границей.',
    en: 'The term was extended: records are abroad.',
  },
};

export const REOPENING_TEXTS: Texts<ReopeningReason> = {
  appeal: {
    az: 'İş şikayətiniz əsasında yenidən açılıb.',
    ky: 'Иш даттанууңуз боюнча кайра ачылды.',
    kk: 'Іс шағымыңыз бойынша қайта ашылды.',
    ru: 'Дело открыто заново по вашей жалобе.',
    en: 'The case was opened again on your appeal.',
  },
  'supervisor-order': {
    az: 'İş nəzarət orqanının göstərişi ilə yenidən açılıb.',
    ky: 'Иш көзөмөл органынын көрсөтмөсү менен кайра ачылды.',
    kk: 'Іс қадағалау органының нұсқауымен қайта ашылды.',
    ru: 'Дело открыто заново по указанию надзорного органа.',
    en: 'The case was opened again by order of the supervisor.',
  },
  'old-value-seen': {
    az: 'İş yenidən açılıb: yoxlama köhnə məlumatı göstərib.',
    ky: 'Иш кайра ачылды: текшерүү эски маалыматты көрсөттү.',
    kk: 'Іс қайта ашылды: тексеру ескі деректі көрсетті.',
    ru: 'Дело открыто заново: проверка показала прежнее значение.',
    en: 'The case was opened again: a check still showed the old value.',
  },
  'part-reopened': {
    az: 'İş yenidən açılıb: onun bir hissəsinə yenidən baxılır.',
    ky: 'Иш кайра ачылды: анын бир бөлүгү кайра каралууда.',
    kk: 'Іс қайта ашылды: оның бір бөлігі қайта қаралуда.',
    ru: 'Дело открыто заново: одна из его частей рассматривается снова.',
    en: 'The case was opened again: one of its parts is open again.',
  },
};
