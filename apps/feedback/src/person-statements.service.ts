import type { Clock, InstanceId } from '#kernel';
import type { Database } from '#postgres';
import type { RegistryCopy } from '#registry-copy';
import type { Signer } from '#signing';
import { CompromiseStore } from './compromise/compromise.store.js';
import { Compromises } from './compromise/compromises.service.js';
import type { Deliveries } from './deliveries/deliveries.service.js';
import type { FeedbackConfig } from './feedback.config.js';
import type { PersonKeys } from './key-store/person-keys.store.js';
import { LinkStore } from './links/link.store.js';
import { Links } from './links/links.service.js';
import type { FeedbackEvents } from './ops/feedback-metrics.service.js';
import type { OwnStatements } from './statements/own-statements.service.js';

export interface PersonStatementSources {
  readonly config: FeedbackConfig;
  readonly clock: Clock;
  readonly events: FeedbackEvents;
  readonly database: Database;
  readonly keys: PersonKeys;
  readonly statements: OwnStatements;
  readonly copy: RegistryCopy;
  readonly signer: () => Signer | undefined;
  readonly deliveries: Deliveries;
}

/** What persons say of themselves, and what they allow. */
export function assemblePersonStatements({
  config,
  events,
  copy,
  signer,
  deliveries,
  ...shared
}: PersonStatementSources) {
  return {
    compromises: new Compromises({
      ...shared,
      store: new CompromiseStore(shared.database),
      settleMs: config.statementWaitMs,
    }),
    links: new Links({
      ...{ ...shared, registry: copy, signer, deliveries },
      store: new LinkStore(shared.database),
      instance: config.instanceId as InstanceId,
      failed: (what, cause) => events.failed(what, cause),
    }),
  };
}
