import { CaseAuditController } from './audit/case-audit.controller.js';
import { CaseAudit } from './audit/case-audit.service.js';
import { CaseStore } from './case.store.js';
import { Evidences } from './evidence/evidences.service.js';
import { LettersController } from './letters/letters.controller.js';
import { Letters } from './letters/letters.service.js';
import { OwnWords } from './own-words/own-words.service.js';
import { PortalEventsController } from './portal-events.controller.js';
import type { ReadingParts } from './reading-parts.service.js';
import { CaseStatisticsController } from './statistics/case-statistics.controller.js';
import { CaseStatistics } from './statistics/case-statistics.service.js';
import { OperatorController, SupervisorController } from './supervisor/oversight.controller.js';
import { Oversight } from './supervisor/oversight.service.js';

/** What the application serves of cases to those who do not decide them. */
export const readingControllers = [
  PortalEventsController,
  LettersController,
  SupervisorController,
  OperatorController,
  CaseAuditController,
  CaseStatisticsController,
];

export function readingProviders({ store, letters, evidences, ownWords, oversight, audit, statistics }: ReadingParts) {
  return [
    { provide: CaseStore, useValue: store },
    { provide: Letters, useValue: letters },
    { provide: Evidences, useValue: evidences },
    { provide: OwnWords, useValue: ownWords },
    { provide: Oversight, useValue: oversight },
    { provide: CaseAudit, useValue: audit },
    { provide: CaseStatistics, useValue: statistics },
  ];
}
