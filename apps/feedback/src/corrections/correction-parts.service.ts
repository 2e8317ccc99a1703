import type { Outbox } from '#deliveries';
import type { Terms } from '#corrections';
import type { Clock } from '#kernel';
import type { Database } from '#postgres';
import { hmacSha256 } from '#signing';
import type { RegistryView } from '#snapshot';
import type { ProvenLeaves } from '../access-history/proven-leaves.service.js';
import type { FeedbackConfig } from '../feedback.config.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import type { FeedbackEvents } from '../ops/feedback-metrics.service.js';
import type { NotificationStore } from '../notifications/notification.store.js';
import type { OwnStatements } from '../statements/own-statements.service.js';
import { CaseDeliveries } from './case-deliveries.service.js';
import { CaseStore } from './case.store.js';
import { CaseWork } from './case-work.worker.js';
import { Cases } from './cases.service.js';
import type { ElementLedger } from './element-ledger.store.js';
import { Filings } from './filing.service.js';
import { NoticeStore } from './notice.store.js';
import { OwedFlags } from './owed-flags.service.js';
import { OwnWordsStore } from './own-words/own-words.store.js';
import { OwnerActs } from './owner-acts.service.js';
import { PersonCases } from './person-cases.service.js';
import { PersonRecipients } from './person-recipients.service.js';
import { RecipientActs } from './recipient-acts.service.js';
import { assembleReading, type ReadingParts } from './reading-parts.service.js';
import { IndexedRecipients } from './recipients.store.js';
import { SeenExchanges } from './seen-exchange.store.js';
import { splitCase } from './split.service.js';
import { SuccessionStore } from './succession.store.js';
import { Successions } from './successions.service.js';
import { Telling } from './telling.service.js';
import { Verifications } from './verifications.service.js';

export interface CorrectionContext {
  readonly config: FeedbackConfig;
  readonly clock: Clock;
  readonly events: FeedbackEvents;
  readonly database: Database;
  readonly registry: { current(): RegistryView | undefined };
  readonly keys: PersonKeys;
  readonly ledger: ElementLedger;
  /** From which names are made that tell nothing to whoever does not have it. */
  readonly kek: Buffer;
  readonly statements: OwnStatements;
  readonly deliveries: { readonly outbox: Pick<Outbox, 'add' | 'acknowledge' | 'owed'>; wake(): void };
  readonly proofs: ProvenLeaves;
  readonly caughtUpAtMs: () => number | undefined;
  /** What persons are told; woken when a transition stands. */
  readonly notifications: { readonly store: Pick<NotificationStore, 'add'>; readonly worker: { wake(): void } };
  /** Read whole at start. */
  readonly terms: ReadonlyMap<string, Terms>;
}

export interface CorrectionParts {
  readonly filings: Filings;
  readonly persons: PersonCases;
  readonly owners: OwnerActs;
  readonly owed: OwedFlags;
  readonly recipients: RecipientActs;
  readonly verifications: Verifications;
  readonly successions: Successions;
  readonly told: PersonRecipients;
  readonly work: CaseWork;
  readonly reading: ReadingParts;
}

/** Cases of corrections, each part told of those that it needs. */
export function assembleCorrections(context: CorrectionContext): CorrectionParts {
  const { config, clock, events, database, registry, keys, ledger, kek, statements, proofs, deliveries, terms } =
    context;
  const { notifications } = context;
  const store = new CaseStore(database);
  const notices = new NoticeStore(database);
  const nameKey = hmacSha256(kek, Buffer.from('kerege/correction-names/v1'));
  const delivering = new CaseDeliveries({
    ...{ registry, keys, terms, clock, nameKey },
    untold: (recipient, kind) => events.alarm('case-untold', { to: recipient, kind }),
  });
  const moved = () => events.caseMoved();
  const cases = new Cases({ store, terms, registry, statements, delivering, deliveries, clock, moved });
  const recipients = new IndexedRecipients({ database, keys, registry, ledger });
  const exchanges = new SeenExchanges(database, clock);
  const persons = new PersonCases({ store, cases, keys });
  const owners = new OwnerActs({ store, cases, clock });
  const successions = new Successions({
    ...{ store, cases, registry, clock, found: new SuccessionStore(database) },
    stranded: (caseId, successor) => events.alarm('case-stranded', { correctionId: caseId, to: successor }),
    failed: (cause) => events.failed('corrections', cause),
  });
  const words = new OwnWordsStore(database);
  const telling = new Telling({ store, cases, keys, recipients });
  return {
    reading: assembleReading({
      ...{ config, clock, database, store, cases, persons, owners, keys, statements, proofs, words },
    }),
    filings: new Filings({
      ...{ store, cases, keys, statements, clock, moved, exchanges, persons },
      ...{ defaultProfile: config.termsProfile, needsTwoPersons: config.twoPersonDecisions },
      ...{ mostOpen: config.maxOpenCorrections, mostDisputes: config.maxDisputesPerElement },
    }),
    persons,
    owners,
    owed: new OwedFlags({ database, clock, outbox: deliveries.outbox, caughtUpAtMs: context.caughtUpAtMs }),
    recipients: new RecipientActs({ store, notices, cases, statements, clock, outbox: deliveries.outbox }),
    verifications: new Verifications({ store, cases, clock }),
    successions,
    told: new PersonRecipients({ cases: persons, store, keys, exchanges, statements }),
    work: new CaseWork({
      ...{ store, cases, delivering, deliveries, registry, clock, successions, words },
      intervalMs: config.correctionIntervalMs,
      finding: {
        telling: (kept) => telling.tell(kept),
        closing: (kept) => telling.close(kept),
        split: (kept) => splitCase(cases, kept),
      },
      noting: (queries, after, told) => notices.add(queries, nameKey, after, told),
      notifying: (queries, after, stood) => notifications.store.add(queries, after, stood),
      lost: (caseId) => events.alarm('case-step-lost', { correctionId: caseId }),
      stood: (state) => {
        events.caseStands(state);
        notifications.worker.wake();
      },
      failed: (cause) => events.failed('corrections', cause),
    }),
  };
}
