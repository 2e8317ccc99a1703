import type { Outbox } from '#deliveries';
import type { Clock } from '#kernel';
import type { Database } from '#postgres';
import type { RegistryView } from '#snapshot';
import type { AccessHistory } from '../access-history/access-history.service.js';
import type { FeedbackConfig } from '../feedback.config.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import type { FeedbackEvents } from '../ops/feedback-metrics.service.js';
import { Answers } from './answers.service.js';
import { OverdueQuestions } from './overdue-questions.worker.js';
import { QuestionStore } from './question.store.js';
import { Questions } from './questions.service.js';
import { RowQuestions } from './row-questions.service.js';
import type { OwnStatements } from '../statements/own-statements.service.js';

export interface QuestionContext {
  readonly config: Pick<
    FeedbackConfig,
    'questionTermMs' | 'maxOpenQuestions' | 'maxQuestionText' | 'overdueIntervalMs'
  >;
  readonly clock: Clock;
  readonly events: FeedbackEvents;
  readonly database: Database;
  readonly registry: { current(): RegistryView | undefined };
  readonly keys: PersonKeys;
  readonly history: AccessHistory;
  readonly statements: OwnStatements;
  readonly deliveries: { readonly outbox: Pick<Outbox, 'add' | 'acknowledge'>; wake(): void };
}

export interface QuestionParts {
  readonly questions: Questions;
  readonly answers: Answers;
  readonly rows: RowQuestions;
  readonly overdue: OverdueQuestions;
}

/** What persons ask and members answer, each part told of those that it needs. */
export function assembleQuestions(context: QuestionContext): QuestionParts {
  const { config, clock, events, database, registry, keys, history, statements, deliveries } = context;
  const { outbox } = deliveries;
  const store = new QuestionStore(database);
  const shared = { database, store, keys, statements, outbox, registry, clock, mostText: config.maxQuestionText };
  return {
    questions: new Questions({
      ...shared,
      ...{ history, wakeDeliveries: () => deliveries.wake(), asked: events.questionAsked },
      ...{ termMs: config.questionTermMs, mostOpen: config.maxOpenQuestions },
    }),
    answers: new Answers({ ...shared, answered: events.questionAnswered }),
    rows: new RowQuestions({ store, keys, statements, clock }),
    overdue: new OverdueQuestions({
      ...{ store, clock, intervalMs: config.overdueIntervalMs, alarm: events.questionsOverdue },
      failed: (cause) => events.failed('questions', cause),
    }),
  };
}
