import type { TlsOptions } from 'node:tls';
import { Module } from '@nestjs/common';
import type { Bus } from '#bus';
import { systemClock, type Clock } from '#kernel';
import { openTokens } from '#pkcs11';
import {
  AppMetrics,
  BusWatch,
  createHttpApp,
  createLogger,
  loadTrust,
  openTls,
  serveOpenApi,
  startHttpApp,
  StatusWatch,
  watchPool,
  whenAvailable,
  type Logger,
  type RunningApp,
} from '#platform';
import { AccessesController } from './access-history/accesses.controller.js';
import { Accesses } from './access-history/accesses.service.js';
import { CallerAuth } from './caller/caller-auth.service.js';
import { CompletenessController } from './completeness/completeness.controller.js';
import { Completeness } from './completeness/completeness.service.js';
import { CaseRecipientsController } from './corrections/case-recipients.controller.js';
import { CorrectionsController } from './corrections/corrections.controller.js';
import { Filings } from './corrections/filing.service.js';
import { OwedFlagsController } from './corrections/owed-flags.controller.js';
import { OwedFlags } from './corrections/owed-flags.service.js';
import { OwnerActs } from './corrections/owner-acts.service.js';
import { OwnerCorrectionsController } from './corrections/owner-corrections.controller.js';
import { PersonCases } from './corrections/person-cases.service.js';
import { PersonRecipients } from './corrections/person-recipients.service.js';
import { RecipientActs } from './corrections/recipient-acts.service.js';
import { RecipientCorrectionsController } from './corrections/recipient-corrections.controller.js';
import { SealingsController } from './corrections/sealings.controller.js';
import { Successions } from './corrections/successions.service.js';
import { VerificationsController } from './corrections/verifications.controller.js';
import { Verifications } from './corrections/verifications.service.js';
import { readingControllers, readingProviders } from './corrections/reading.module.js';
import { ErasureController } from './erasure/erasure.controller.js';
import { Erasure } from './erasure/erasure.service.js';
import { CompromiseController } from './compromise/compromise.controller.js';
import { Compromises } from './compromise/compromises.service.js';
import { ConcealmentController, ConcealmentStatisticsController } from './concealment/concealment.controller.js';
import { Orders } from './concealment/orders.service.js';
import type { FeedbackConfig } from './feedback.config.js';
import { openDatabases, type FeedbackContext } from './feedback-databases.service.js';
import { assemble, startParts, stopParts, type FeedbackParts } from './feedback-parts.service.js';
import { LinksController, LinkTicketsController } from './links/links.controller.js';
import { Links } from './links/links.service.js';
import { NoticeInbox } from './notifications/inbox.service.js';
import { CHANNELS } from './notifications/notification.js';
import { NotificationsController } from './notifications/notifications.controller.js';
import { Preferences } from './notifications/preferences.service.js';
import { feedbackEvents, feedbackMetrics } from './ops/feedback-metrics.service.js';
import { UsageController } from './usage/usage.controller.js';
import { Usages } from './usage/usage.service.js';
import { readiness } from './ops/readiness.service.js';
import { feedbackParts } from './ops/status-parts.service.js';
import { Answers } from './questions/answers.service.js';
import { MemberQuestionsController } from './questions/member-questions.controller.js';
import { QuestionsController } from './questions/questions.controller.js';
import { Questions } from './questions/questions.service.js';

export interface FeedbackDependencies {
  readonly bus: Bus;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

const API =
  'Who looked at a person’s data, and why: for the person, through their portal, with proofs; and for members, what they are asked.';
const BEARER =
  'One request each: EdDSA or ES256 by a key that the registry publishes for the subsystem of the portal, or of the member that was asked; typ kerege-reader+jwt, iss = sub = the subsystem, aud = the URL of feedback, iat, exp at most 300 s later, jti.';

@Module({})
class FeedbackModule {}

/**
 * Creates feedback. Resolves when it serves; the log and the openings are taken up as soon as the registry has made their
 * topics, and /ready says when.
 */
export async function createFeedback(config: FeedbackConfig, deps: FeedbackDependencies): Promise<RunningApp> {
  const { bus, clock = systemClock, logger = createLogger('feedback') } = deps;
  const tls = await openTls(config, logger);
  const metrics = new AppMetrics('feedback');
  const own = feedbackMetrics.on(metrics);
  const events = feedbackEvents(own, logger, clock);
  const tokens = openTokens(config, metrics, logger.child('tokens'));
  const trust = await loadTrust(config.trustFile);
  const context: FeedbackContext = { config, bus, clock, logger, events, trust, tokens };
  const databases = await whenAvailable('postgresql', logger, () => openDatabases(context));
  const closeDatabases = () => Promise.all([databases.feedback.close(), databases.keys.close()]);
  const parts = await assemble(context, databases).catch(async (cause: unknown) => {
    await closeDatabases();
    throw cause;
  });
  watchPool(metrics, databases.feedback);
  own.lag.from({}, () => parts.follower.lag());
  own.overdue.from({}, () => parts.unopened.overdue);
  own.questionsOverdue.from({}, () => parts.questions.overdue.overdue);
  own.waiting.from({}, () => parts.statements.waiting);
  own.deliveries.from({ state: 'waiting' }, () => parts.deliveries.sizes.waiting);
  own.deliveries.from({ state: 'parked' }, () => parts.deliveries.sizes.parked);
  for (const channel of CHANNELS)
    own.noticesWaiting.from({ channel }, () => parts.notifications.worker.waiting(channel));
  own.concealed.from({}, () => parts.concealment.release.concealed);
  const busWatch = new BusWatch(bus, metrics).start();
  const close = async () => {
    busWatch.stop();
    await stopParts(parts);
    tokens.close();
    await closeDatabases();
  };
  try {
    const app = await createApp(context, parts, metrics, databases, tls?.options());
    startParts(parts);
    return await startHttpApp(app, { host: config.host, port: config.port, tls, onClose: close });
  } catch (cause) {
    await close();
    throw cause;
  }
}

/** A request with its evidence comes sealed, and once more as only its gateway opens it. */
const BODY_LIMIT_BYTES = 2 * 1024 * 1024;

const controllers = [
  AccessesController,
  QuestionsController,
  MemberQuestionsController,
  UsageController,
  ErasureController,
  CompletenessController,
  CompromiseController,
  ConcealmentController,
  ConcealmentStatisticsController,
  LinksController,
  CorrectionsController,
  OwnerCorrectionsController,
  OwedFlagsController,
  RecipientCorrectionsController,
  VerificationsController,
  SealingsController,
  CaseRecipientsController,
  NotificationsController,
  ...readingControllers,
  LinkTicketsController,
];

async function createApp(
  { config, bus, clock, logger, tokens }: FeedbackContext,
  parts: FeedbackParts,
  metrics: AppMetrics,
  { feedback: database }: { readonly feedback: { isReachable(): Promise<boolean> } },
  tls: TlsOptions | undefined,
) {
  const { copy, keys, openingKeys, consumer, follower, matcher, questions } = parts;
  const own = readiness({ database, keys, copy, openingKeys, openings: consumer, log: follower });
  const workers = { log: follower, match: matcher, questions: questions.overdue, notices: parts.notifications.worker };
  const checks = [...own, ...tokens.checks];
  const shown = [...feedbackParts({ ...parts, bus, checks: own, ...workers }), ...tokens.parts];
  const status = new StatusWatch('feedback', shown, clock);
  const app = await createHttpApp(
    {
      module: FeedbackModule,
      controllers,
      providers: [
        { provide: Accesses, useValue: parts.accesses },
        { provide: Questions, useValue: questions.questions },
        { provide: Answers, useValue: questions.answers },
        { provide: Usages, useValue: parts.usages },
        { provide: CallerAuth, useValue: parts.callers },
        { provide: Erasure, useValue: parts.erasure },
        { provide: Completeness, useValue: parts.completeness },
        { provide: Compromises, useValue: parts.compromises },
        { provide: Links, useValue: parts.links },
        { provide: Filings, useValue: parts.corrections.filings },
        { provide: PersonCases, useValue: parts.corrections.persons },
        ...readingProviders(parts.corrections.reading),
        { provide: OwedFlags, useValue: parts.corrections.owed },
        { provide: NoticeInbox, useValue: parts.notifications.inbox },
        { provide: Preferences, useValue: parts.notifications.preferences },
        { provide: OwnerActs, useValue: parts.corrections.owners },
        { provide: RecipientActs, useValue: parts.corrections.recipients },
        { provide: PersonRecipients, useValue: parts.corrections.told },
        { provide: Verifications, useValue: parts.corrections.verifications },
        { provide: Successions, useValue: parts.corrections.successions },
        { provide: Orders, useValue: parts.concealment.orders },
      ],
    },
    {
      ...{ name: 'feedback', logger, metrics, readiness: checks, status, limits: config, tls },
      bodyLimitBytes: BODY_LIMIT_BYTES,
    },
  );
  serveOpenApi(app, { title: 'Kerege feedback', version: '1.0.0', description: API, bearer: BEARER });
  return app;
}
