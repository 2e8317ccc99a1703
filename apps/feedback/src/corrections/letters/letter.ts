import type { CaseRecord } from '#corrections';
import type { StatementType } from '#signing';
import type { Language } from '../../access-history/titles.js';
import { dateText, phrase, remedyText } from './phrases.js';
import {
  DECISION_TEXTS,
  EXTENSION_TEXTS,
  OUTCOME_TEXTS,
  QUESTION_TEXTS,
  REOPENING_TEXTS,
  TRANSFER_TEXTS,
} from './reason-texts.js';
import { NEXT_TEXTS, STATE_TITLES, type Texts } from './state-texts.js';

/** What a letter is made of; nothing of it is anybody's own words. */
export interface LetterFacts {
  readonly record: CaseRecord;
  readonly filedMs: number;
  readonly isMoving: boolean;
  /** Transitions, in order. */
  readonly steps: readonly {
    readonly seq: number;
    readonly type: string;
    readonly why: string | undefined;
    readonly atMs: number;
  }[];
  /** `seq` of those that brought words which feedback cannot read. */
  readonly worded: ReadonlySet<number>;
  /** When the last transition was made. */
  readonly atMs: number;
  readonly ownerName: string;
  readonly serviceTitle: string;
  /** Of the law whose terms these are. */
  readonly timeZone: string;
}

export interface Letter {
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly language: Language;
  /** Paragraphs that stand for words which only the portal opens, and what goes before these. */
  readonly words?: readonly { readonly seq: number; readonly paragraph: number; readonly lead: string }[];
}

/** Reasons that a person is told, by the transition that gives them. A decision's stands with the decision. */
const TOLD: Readonly<Partial<Record<StatementType, Texts<string>>>> = {
  'correction.transferred': TRANSFER_TEXTS,
  'correction.info-requested': QUESTION_TEXTS,
  'correction.extended': EXTENSION_TEXTS,
  'correction.reopened': REOPENING_TEXTS,
};

/**
 * The letter to the person (`corrections.md` §8): what became of the case, why, and what comes next, from coded texts
 * alone. What an official wrote in own words is sealed for the portal: where it belongs the letter says that it is there.
 */
export function letterOf(facts: LetterFacts, language: Language): Letter {
  const { record, filedMs, ownerName, serviceTitle, timeZone, atMs, isMoving, steps, worded } = facts;
  const date = (ms: number) => dateText(ms, language, timeZone);
  const said = (name: Parameters<typeof phrase>[0], fill: Readonly<Record<string, string>> = {}) =>
    phrase(name, language, fill);
  const told: string[] = [said('filed', { date: date(filedMs), owner: ownerName, service: serviceTitle })];
  const words: NonNullable<Letter['words']>[number][] = [];
  for (const { seq, type, why, atMs: stepMs } of steps) {
    const text = reasonText(type, why, language);
    if (text !== undefined) told.push(`${date(stepMs)}: ${text}`);
    if (!worded.has(seq)) continue;
    words.push({ seq, paragraph: told.length, lead: `${date(stepMs)}: ${said('ownWords')}` });
    told.push(`${date(stepMs)}: ${said('sealedWords')}`);
  }
  return {
    title: said('letter', { number: record.publicNumber }),
    language,
    ...(words.length === 0 ? {} : { words }),
    paragraphs: [
      ...told,
      said('stands', { state: STATE_TITLES[record.state][language], date: date(atMs) }),
      ...decisionOf(record, language),
      ...(record.correction === undefined ? [] : [said('from', { date: date(record.correction.effectiveFromMs) })]),
      ...(isMoving ? [said('moving')] : []),
      whatNext(record, language, timeZone),
      ...(record.leaf === undefined ? [] : [said('proof', { leaf: record.leaf })]),
    ],
  };
}

/** What comes next, and by when, as far as a term runs. */
export function whatNext(
  { state, due }: Pick<CaseRecord, 'state' | 'due'>,
  language: Language,
  timeZone: string,
): string {
  const own = due[state === 'NEEDS_INFO' ? 'reply' : (CLOCK_OF[state] ?? 'decide')];
  const term = state === 'CLOSED' || state === 'WITHDRAWN' || state === 'REJECTED' ? undefined : own;
  const until = { appeal: due.appeal?.dueAt, term: term?.dueAt };
  const dated = (name: 'appeal' | 'term') =>
    until[name] === undefined ? [] : [phrase(name, language, { date: dateText(until[name], language, timeZone) })];
  return [NEXT_TEXTS[state][language], ...dated('term'), ...dated('appeal')].join(' ');
}

/** The clock that a person waits for in a state; of the others it is the one to decide. */
const CLOCK_OF = {
  SUBMITTED: 'acknowledge',
  ROUTED: 'acknowledge',
  TRANSFERRED: 'forward',
  RECEIVED: 'decide',
  ACCEPTED: 'correct',
  PARTIALLY_ACCEPTED: 'correct',
  CORRECTED: 'propagate',
  PROPAGATING: 'recipient',
} as const satisfies Partial<Record<CaseRecord['state'], keyof CaseRecord['due']>> as Readonly<
  Partial<Record<CaseRecord['state'], keyof CaseRecord['due']>>
>;

export function stateTitle({ state }: Pick<CaseRecord, 'state'>, language: Language): string {
  return STATE_TITLES[state][language];
}

function decisionOf({ decision, items }: CaseRecord, language: Language): string[] {
  if (decision === undefined) return [];
  const { outcome, reasonCode, legalRef, remedies, accepted } = decision;
  const counted = { count: String(accepted.length), all: String(items.length) };
  const isPart = outcome === 'PARTIALLY_ACCEPTED';
  return [
    `${OUTCOME_TEXTS[outcome][language]} ${DECISION_TEXTS[reasonCode][language]}`,
    ...(isPart ? [phrase('accepted', language, counted)] : []),
    ...(legalRef === '' ? [] : [phrase('law', language, { law: legalRef })]),
    ...(remedies.length === 0
      ? []
      : [phrase('remedies', language, { remedies: remedies.map((code) => remedyText(code, language)).join(', ') })]),
  ];
}

function reasonText(type: string, why: string | undefined, language: Language): string | undefined {
  const texts = Object.hasOwn(TOLD, type) ? TOLD[type as StatementType] : undefined;
  if (texts === undefined || why === undefined || !Object.hasOwn(texts, why)) return undefined;
  return texts[why]?.[language];
}
