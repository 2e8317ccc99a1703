import type { AccessRow } from './access-row.js';
import { element } from './element.js';
import { CHECKS, verdictOf, type Findings, type Verdict } from './prove-row.js';
import { text, type Language, type TextKey } from './texts.js';

const MARKS: Readonly<Record<Verdict | 'checking', string>> = { proven: '✓', false: '✗', unproven: '?', checking: '…' };

/** One access as a person reads it; `show` puts the browser's verdict on it. */
export interface RowView {
  readonly item: HTMLElement;
  show(findings: Findings): void;
}

/** `isNamed`: the list is of several persons, so each row says of whom it speaks. `question`: what was asked about it. */
export function rowView(row: AccessRow, language: Language, isNamed: boolean, question: HTMLElement): RowView {
  const say = (key: TextKey) => text(language, key);
  const badge = element('span', { class: 'badge checking' });
  const checks = element('ul', { class: 'checks' });
  mark(badge, 'badge checking', 'checking', say('checking'));
  const item = element(
    'li',
    {},
    element(
      'article',
      { 'data-exchange': row.exchangeId },
      element(
        'header',
        {},
        element('h3', {}, nameOf(row.consumer)),
        element('time', { datetime: row.at }, moment(row.at, language)),
        badge,
      ),
      element('p', { class: 'outcome' }, `${say(outcomeText(row))} · ${say(disclosureText(row))}`),
      notes(row, say),
      element(
        'dl',
        {},
        ...(isNamed ? entry(say('about'), row.subject) : []),
        ...entry(say('service'), `${nameOf(row.provider)} – ${nameOf(row.service)}`),
        ...entry(say('purpose'), row.purpose.title ?? row.purpose.code),
        ...entry(say('legalBasis'), basisOf(row)),
      ),
      question,
      element(
        'details',
        {},
        element('summary', {}, say('details')),
        checks,
        element(
          'dl',
          { class: 'ids' },
          ...entry(say('exchange'), row.exchangeId),
          // In the statement's own words: what is proven are these, not what they are called.
          ...entry('from', row.consumer.id),
          ...entry('svc', row.service.id),
          ...entry('ep', row.endpoint),
          ...entry('pur, law', `${row.purpose.code}, ${row.legalBasis.code}`),
          ...entry(say('place'), `${row.leaf.log} #${row.leaf.index}`),
        ),
      ),
    ),
  );
  return {
    item,
    show: (findings) => {
      const verdict = verdictOf(findings);
      mark(badge, `badge ${verdict}`, verdict, say(verdict));
      checks.replaceChildren(...CHECKS.map((check) => checkLine(say(check), say(findings[check]), findings[check])));
    },
  };
}

/** Puts a verdict beside something smaller than a row. */
export function marked(place: HTMLElement, verdict: Verdict, language: Language): void {
  mark(place, `mark ${verdict}`, verdict, text(language, verdict));
}

/** The verdict is said by word and mark, never by colour alone. */
function mark(badge: HTMLElement, name: string, verdict: Verdict | 'checking', said: string): void {
  badge.className = name;
  badge.replaceChildren(element('span', { 'aria-hidden': 'true' }, MARKS[verdict]), ` ${said}`);
}

function checkLine(check: string, said: string, finding: string): HTMLElement {
  return element('li', { class: finding }, `${check}: `, element('strong', {}, said));
}

function entry(term: string, said: string): HTMLElement[] {
  return [element('dt', {}, term), element('dd', {}, said)];
}

function notes(row: AccessRow, say: (key: TextKey) => string): HTMLElement | undefined {
  const said: TextKey[] = [
    ...(row.role === 'user' ? (['byYou'] as const) : []),
    ...(row.endUser === 'none' || row.endUser === 'unknown' || row.role === 'user' ? [] : [row.endUser]),
    ...(row.disputed ? (['disputed'] as const) : []),
  ];
  return said.length === 0
    ? undefined
    : element('ul', { class: 'notes' }, ...said.map((key) => element('li', {}, say(key))));
}

function outcomeText({ outcome }: AccessRow): TextKey {
  return outcome === 'failed' ? 'failedOutcome' : outcome;
}

function disclosureText({ disclosed }: AccessRow): TextKey {
  return disclosed ? 'disclosed' : 'notDisclosed';
}

function basisOf({ legalBasis: { code, title, reference } }: AccessRow): string {
  return [title ?? code, reference].filter((part) => part !== undefined).join(', ');
}

export function nameOf({ id, name, title }: AccessRow['consumer']): string {
  return name ?? title ?? id;
}

/** In the language's own manner, or, where the browser does not know the language, in one that nobody misreads. */
export function moment(iso: string, language: Language): string {
  const [known = 'sv'] = Intl.DateTimeFormat.supportedLocalesOf([language]);
  return new Intl.DateTimeFormat(known, { dateStyle: known === 'sv' ? 'short' : 'medium', timeStyle: 'short' }).format(
    new Date(iso),
  );
}
