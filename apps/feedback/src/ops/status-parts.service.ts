import type { Bus } from '#bus';
import {
  consumersPart,
  kafkaPart,
  readinessParts,
  type ReadinessCheck,
  type Reading,
  type StatusPart,
} from '#platform';

export interface FeedbackStatusSources {
  readonly bus: Bus;
  readonly checks: readonly ReadinessCheck[];
  readonly log: { reading(): Reading };
  readonly match: { readonly failure: string | undefined };
  readonly unopened: { readonly overdue: number };
  readonly questions: { readonly overdue: number };
  readonly statements: { readonly waiting: number };
  readonly eraser: { readonly failure: string | undefined };
  readonly watcher: { reading(): Reading };
  readonly deliveries: { reading(): Reading };
  readonly notices: { reading(): Reading };
}

/** What `/status` of feedback shows beside what its `/ready` looks at. */
export function feedbackParts(sources: FeedbackStatusSources): StatusPart[] {
  const { bus, checks, log, match, unopened, questions, statements, eraser, watcher, deliveries, notices } = sources;
  return [
    kafkaPart(bus),
    consumersPart(bus),
    ...readinessParts(checks.filter(({ name }) => name !== 'log')),
    { name: 'log', read: () => log.reading() },
    { name: 'log-watch', read: () => watcher.reading() },
    { name: 'index', read: () => (match.failure === undefined ? { state: 'ok' } : degraded(match.failure)) },
    { name: 'unopened', read: () => unopenedReading(unopened.overdue) },
    { name: 'questions', read: () => questionsReading(questions.overdue) },
    { name: 'erasure', read: () => (eraser.failure === undefined ? { state: 'ok' } : degraded(eraser.failure)) },
    { name: 'statements', read: () => ({ state: 'ok', details: { waiting: statements.waiting } }) },
    { name: 'deliveries', read: () => deliveries.reading() },
    { name: 'notifications', read: () => notices.reading() },
  ];
}

function unopenedReading(commitments: number): Reading {
  const details = { commitments };
  if (commitments === 0) return { state: 'ok', details };
  return { ...degraded('the openings of some leaves have not come; those accesses are not shown yet'), details };
}

function questionsReading(overdue: number): Reading {
  const details = { overdue };
  if (overdue === 0) return { state: 'ok', details };
  return { ...degraded('some questions were not answered within their term; the alarms name who was asked'), details };
}

function degraded(reason: string): Reading {
  return { state: 'degraded', reason };
}
