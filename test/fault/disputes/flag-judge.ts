import type { Leaf } from '../ledger/leaf.js';
import type { ShownHead } from './head-watch.js';

/** A 2xx answer as its client got it. */
export interface ClientAnswer {
  readonly exchangeId: string;
  /** Whom it is about. */
  readonly person: string;
  /** Whether its endpoint shows the element that reviews of the person are about. */
  readonly isOfElement: boolean;
  /** `Kerege-Disputed`; null: it has none. */
  readonly mark: string | null;
  /** When its headers were there. */
  readonly receivedMs: number;
}

/** A case, of which one leaf begins the dispute and another one ends it. */
export interface Review {
  readonly correctionId: string;
  readonly person: string;
  /** Undefined: the dispute lasts. */
  readonly endsBy: 'correction.decided' | 'correction.corrected' | undefined;
}

export type Duty = 'marked' | 'unmarked' | 'either';

export interface FlagBreach {
  readonly rule: 'not-marked' | 'marked' | 'misstated' | 'malformed' | 'unstated' | 'no-leaf';
  /** Exchange or case. */
  readonly subject: string;
  readonly what: string;
}

/** What the judge goes by. */
export interface Evidence {
  readonly leaves: readonly Leaf[];
  /** Heads that the log showed, in their order. */
  readonly heads: readonly ShownHead[];
}

/** Milliseconds; undefined: there is no such answer. */
export interface ReviewFigures {
  readonly person: string;
  /** Behind the leaf of the review. */
  readonly firstMarkedMs: number | undefined;
  readonly lastUnmarkedMs: number | undefined;
  /** The same by when the client had it: what was on its way when the second ended is in it. */
  readonly lastUnmarkedReceivedMs: number | undefined;
  /** When the log first showed the end, behind the time that its leaf says. */
  readonly endShownMs: number | undefined;
  /** Behind the time that the leaf of the end says. */
  readonly lastMarkedMs: number | undefined;
  /** Behind when the log showed it. */
  readonly lastMarkedShownMs: number | undefined;
}

export interface Verdict {
  readonly breaches: readonly FlagBreach[];
  /** How many answers had to be so. */
  readonly counts: Readonly<Record<Duty, number>>;
  readonly reviews: readonly ReviewFigures[];
}

/** What a leaf may take to hold wherever the datum is shown. */
const WINDOW_MS = 1_000;
const MARK = /^person\.birth-date;since=\d{4}-\d\d-\d\d$/;

interface Span {
  readonly person: string;
  readonly beginMs: number;
  /** As its leaf says. */
  readonly endMs: number | undefined;
  /** When the log showed that leaf. */
  readonly endShownMs: number | undefined;
}

interface Stated extends ClientAnswer {
  /** Of the statement, which is made when its marks are: it leaves after that. */
  readonly statedMs: number;
  readonly statedMarks: number;
}

/**
 * Holds each answer against the log alone: when its own leaf says that it was made, and since when those of the cases say
 * that a dispute began and ended. When somebody came to read it says nothing about when it left.
 *
 * The review counts from the time that its leaf says: the flag goes out before its leaf. The end counts when the log shows
 * it, as every other transition does, because a flag must not go for a leaf that never comes; up to a second after that
 * an answer may carry it still.
 */
export function judgeFlags(answers: readonly ClientAnswer[], reviews: readonly Review[], evidence: Evidence): Verdict {
  const { leaves } = evidence;
  const breaches: FlagBreach[] = [];
  const spans = reviews.flatMap(
    (review) => spanOf(review, evidence) ?? breach(breaches, 'no-leaf', review.correctionId),
  );
  const stated = statedOf(answers, leaves, breaches);
  const counts = { marked: 0, unmarked: 0, either: 0 };
  for (const answer of stated) {
    const span = spans.find(({ person }) => person === answer.person);
    const duty = dutyOf(answer, span);
    counts[duty] += 1;
    const said = `stated ${offsets(answer, span)}, ${answer.mark ?? 'no mark'}`;
    if (duty === 'marked' && answer.mark === null) breach(breaches, 'not-marked', answer.exchangeId, said);
    if (duty === 'unmarked' && answer.mark !== null) breach(breaches, 'marked', answer.exchangeId, said);
    if (answer.mark !== null && !MARK.test(answer.mark)) breach(breaches, 'malformed', answer.exchangeId, answer.mark);
    if (answer.statedMarks !== (answer.mark === null ? 0 : 1))
      breach(breaches, 'misstated', answer.exchangeId, `the leaf says ${answer.statedMarks}, ${said}`);
  }
  return { breaches, counts, reviews: spans.map((span) => figuresOf(span, stated)) };
}

function breach(breaches: FlagBreach[], rule: FlagBreach['rule'], subject: string, what = ''): [] {
  breaches.push({ rule, subject, what });
  return [];
}

function spanOf({ correctionId, person, endsBy }: Review, { leaves, heads }: Evidence): Span | undefined {
  const leafOf = (type: string) => leaves.find(({ id, t }) => id === correctionId && t === type);
  const beginMs = leafOf('correction.review-started')?.ts;
  if (beginMs === undefined) return undefined;
  if (endsBy === undefined) return { person, beginMs, endMs: undefined, endShownMs: undefined };
  const { index = Infinity, ts: endMs } = leafOf(endsBy) ?? {};
  const endShownMs = heads.find(({ size }) => size > index)?.askedMs;
  return endMs === undefined || endShownMs === undefined ? undefined : { person, beginMs, endMs, endShownMs };
}

function statedOf(answers: readonly ClientAnswer[], leaves: readonly Leaf[], breaches: FlagBreach[]): Stated[] {
  const own = new Map(leaves.filter(({ t }) => t === 'exchange.answered').map((leaf) => [leaf.id, leaf]));
  return answers.flatMap((answer) => {
    const { ts: statedMs, n: statedMarks = 0 } = own.get(answer.exchangeId) ?? {};
    return statedMs === undefined
      ? breach(breaches, 'unstated', answer.exchangeId)
      : [{ ...answer, statedMs, statedMarks }];
  });
}

function dutyOf({ isOfElement, statedMs }: Stated, span: Span | undefined): Duty {
  if (!isOfElement || span === undefined || statedMs < span.beginMs) return 'unmarked';
  if (statedMs < span.beginMs + WINDOW_MS) return 'either';
  if (span.endMs === undefined || span.endShownMs === undefined || statedMs < span.endMs) return 'marked';
  return statedMs < span.endShownMs + WINDOW_MS ? 'either' : 'unmarked';
}

function offsets({ statedMs, isOfElement }: Stated, span: Span | undefined): string {
  if (!isOfElement) return 'at an endpoint without the element';
  if (span === undefined) return 'about somebody of whom nothing is disputed';
  const { endShownMs } = span;
  const end = endShownMs === undefined ? '' : `, ${statedMs - endShownMs} ms after the log showed its end`;
  return `${statedMs - span.beginMs} ms after the review${end}`;
}

function figuresOf(span: Span, stated: readonly Stated[]): ReviewFigures {
  const { person, beginMs, endMs, endShownMs } = span;
  const its = stated.filter((answer) => answer.isOfElement && answer.person === person);
  const isUp = ({ statedMs }: Stated) => statedMs >= beginMs && (endMs === undefined || statedMs < endMs);
  const unmarked = its.filter((answer) => answer.mark === null && isUp(answer));
  const marked = its.filter(({ mark }) => mark !== null);
  const late = endMs === undefined ? [] : marked.filter(({ statedMs }) => statedMs >= endMs);
  const last = (times: readonly number[], fromMs: number) =>
    times.length === 0 ? undefined : Math.max(...times) - fromMs;
  const lateMs = late.map(({ statedMs }) => statedMs);
  const behind = (fromMs: number | undefined) => (fromMs === undefined ? undefined : last(lateMs, fromMs));
  return {
    person,
    firstMarkedMs: marked.length === 0 ? undefined : Math.min(...marked.map(({ statedMs }) => statedMs)) - beginMs,
    lastUnmarkedMs: last(
      unmarked.map(({ statedMs }) => statedMs),
      beginMs,
    ),
    lastUnmarkedReceivedMs: last(
      unmarked.map(({ receivedMs }) => receivedMs),
      beginMs,
    ),
    endShownMs: endMs === undefined || endShownMs === undefined ? undefined : endShownMs - endMs,
    lastMarkedMs: behind(endMs),
    lastMarkedShownMs: behind(endShownMs),
  };
}
