import type { Clock } from '#kernel';
import type { Database } from '#postgres';
import type { ProvenLeaves } from '../access-history/proven-leaves.service.js';
import type { FeedbackConfig } from '../feedback.config.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import type { OwnStatements } from '../statements/own-statements.service.js';
import { CaseAudit } from './audit/case-audit.service.js';
import { CasePeriodStore } from './audit/case-period.store.js';
import { OneCaseStore } from './audit/one-case.store.js';
import type { CaseStore } from './case.store.js';
import type { Cases } from './cases.service.js';
import { Evidences } from './evidence/evidences.service.js';
import { Letters } from './letters/letters.service.js';
import type { OwnerActs } from './owner-acts.service.js';
import type { PersonCases } from './person-cases.service.js';
import { OwnWords } from './own-words/own-words.service.js';
import type { OwnWordsStore } from './own-words/own-words.store.js';
import { CaseStatistics } from './statistics/case-statistics.service.js';
import { Oversight } from './supervisor/oversight.service.js';
import { OversightStore } from './supervisor/oversight.store.js';

export interface ReadingContext {
  readonly config: FeedbackConfig;
  readonly clock: Clock;
  readonly database: Database;
  readonly store: CaseStore;
  readonly cases: Cases;
  readonly persons: PersonCases;
  readonly owners: OwnerActs;
  readonly keys: PersonKeys;
  readonly statements: OwnStatements;
  readonly proofs: ProvenLeaves;
  readonly words: OwnWordsStore;
}

export interface ReadingParts {
  readonly store: CaseStore;
  readonly letters: Letters;
  readonly evidences: Evidences;
  readonly ownWords: OwnWords;
  readonly oversight: Oversight;
  readonly audit: CaseAudit;
  readonly statistics: CaseStatistics;
}

/** What is read of cases by those who do not decide them. */
export function assembleReading(context: ReadingContext): ReadingParts {
  const { config, clock, database, store, cases, persons, owners, keys, statements, proofs, words } = context;
  const overseen = new OversightStore(database, store);
  const period = new CasePeriodStore(database);
  return {
    store,
    letters: new Letters({ store, cases, persons }),
    ownWords: new OwnWords({ store, words, persons, statements }),
    evidences: new Evidences({ store, persons, keys, statements, proofs }),
    audit: new CaseAudit({
      ...{ period, cases, keys, clock, one: new OneCaseStore(database), oversight: overseen },
      auditors: config.auditors,
    }),
    statistics: new CaseStatistics(database, period, clock),
    oversight: new Oversight({
      ...{ cases, owners, clock, store: overseen },
      ...{ supervisors: config.supervisors, operators: config.operators },
    }),
  };
}
