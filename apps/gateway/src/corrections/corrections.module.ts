import type { Provider } from '@nestjs/common';
import type { Clock, InstanceId } from '#kernel';
import type { Database } from '#postgres';
import type { Exchanges } from '../exchange/exchange.js';
import { CaseSteps, type CaseStepsParts } from './case-steps.service.js';
import { CorrectionBodies } from './correction-bodies.service.js';
import { CorrectionFilings } from './correction-filing.store.js';
import { FeedbackCases } from './feedback-cases.service.js';
import { partKey } from './filing.js';
import { GatewayFilings } from './filings.service.js';
import { Forgetting } from './forgetting.service.js';
import { OwnWords, type OwnWordsParts } from './own-words.service.js';
import { PersonActs } from './person-acts.service.js';
import { Rechecks } from './recheck.service.js';
import type { VerificationEvents } from './verification-events.js';
import { copyKey } from './portal-copy.js';
import { Sealings, type SealingEvents } from './sealings.service.js';
import { VerificationsWorker } from './verifications.worker.js';

export interface CorrectionsContext extends Pick<CaseStepsParts, 'registry'> {
  readonly keys: CaseStepsParts['keys'] & OwnWordsParts['keys'];
  readonly settings: {
    readonly feedbackUrl: string;
    readonly correctionTimeoutMs: number;
    readonly maxCorrectionBytes: number;
    readonly verificationsEveryMs: number;
  };
  readonly database: Database;
  readonly exchanges: Exchanges;
  /** Of this gateway: the key of its rows is made from it. */
  readonly secret: Uint8Array;
  /** This gateway, by which the registry says whom it serves. */
  readonly gateway: InstanceId;
  readonly clock: Clock;
  readonly events: VerificationEvents & SealingEvents;
  readonly failed: (what: string, cause: unknown) => void;
}

/** Corrections, wired: each part told of those that it needs. */
export class Corrections {
  readonly kept: CorrectionFilings;
  readonly feedback: FeedbackCases;
  readonly steps: CaseSteps;
  readonly filings: GatewayFilings;
  readonly acts: PersonActs;
  readonly words: OwnWords;
  readonly verifications: VerificationsWorker;
  private readonly bodies: CorrectionBodies;

  private readonly settings: CorrectionsContext['settings'];

  constructor(context: CorrectionsContext) {
    const { settings, database, exchanges, secret, clock, failed, registry, keys, events } = context;
    this.settings = settings;
    const { feedbackUrl, correctionTimeoutMs: timeoutMs, maxCorrectionBytes } = settings;
    this.kept = new CorrectionFilings(database, secret);
    this.feedback = new FeedbackCases({ feedbackUrl, timeoutMs, clock, failed });
    this.steps = new CaseSteps({ registry, keys, feedback: this.feedback, clock });
    this.filings = new GatewayFilings({
      ...{ steps: this.steps, kept: this.kept, clock },
      partKey: partKey(secret),
      copyKey: copyKey(secret),
    });
    this.acts = new PersonActs(this.steps);
    this.words = new OwnWords({ steps: this.steps, feedback: this.feedback, keys });
    const own = { kept: this.kept, feedback: this.feedback, steps: this.steps, clock };
    this.verifications = new VerificationsWorker({
      ...{ ...own, failed, events, forgetting: new Forgetting(own) },
      sealings: new Sealings({ ...own, failed, events, copyKey: copyKey(secret) }),
      served: () => registry.current()?.instanceEntry(context.gateway)?.serves ?? [],
      rechecks: new Rechecks(exchanges, clock),
      everyMs: settings.verificationsEveryMs,
    });
    this.bodies = new CorrectionBodies(maxCorrectionBytes);
  }

  /** Where no feedback is set nothing was filed, and nothing is asked. */
  start(): void {
    if (this.settings.feedbackUrl !== '') this.verifications.start();
  }

  stop(): Promise<void> {
    return this.verifications.stop();
  }

  /** For `GatewayCorrectionsController`. */
  providers(): Provider[] {
    return [
      { provide: CaseSteps, useValue: this.steps },
      { provide: GatewayFilings, useValue: this.filings },
      { provide: PersonActs, useValue: this.acts },
      { provide: OwnWords, useValue: this.words },
      { provide: CorrectionBodies, useValue: this.bodies },
    ];
  }
}
