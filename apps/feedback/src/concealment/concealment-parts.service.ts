import type { InstanceId } from '#kernel';
import type { RegistryCopy } from '#registry-copy';
import type { Databases, FeedbackContext } from '../feedback-databases.service.js';
import type { OwnStatements } from '../statements/own-statements.service.js';
import { ConcealmentClaims } from './claims.service.js';
import { ConcealedAccessStore } from './concealed-access.store.js';
import type { ConcealmentRule } from './judge-claim.js';
import { OrderStore } from './order.store.js';
import { Orders } from './orders.service.js';
import { ReleaseWorker } from './release.worker.js';

export interface ConcealmentSources {
  readonly databases: Databases;
  readonly copy: RegistryCopy;
  readonly statements: OwnStatements;
}

export interface ConcealmentParts {
  readonly claims: ConcealmentClaims;
  readonly orders: Orders;
  readonly release: ReleaseWorker;
}

/** Orders of concealment: taken in, judged for each access, and over in the end. */
export function assembleConcealment(
  { config, clock, events }: FeedbackContext,
  { databases: { feedback: database }, copy, statements }: ConcealmentSources,
): ConcealmentParts {
  const concealed = new ConcealedAccessStore(database);
  const rule = (): ConcealmentRule => ({
    authorities: config.concealmentAuthorities,
    operator: copy.current()?.instanceEntry(config.instanceId as InstanceId)?.runBy,
    maxMs: config.concealmentMaxMs,
  });
  const release = new ReleaseWorker({
    ...{ store: concealed, clock },
    failed: (cause) => events.failed('concealment', cause),
  });
  const orders = new Orders({
    ...{ database, concealed, statements, registry: copy, rule, clock, auditors: config.auditors },
    store: new OrderStore(database),
    settleMs: config.statementWaitMs,
    concealedNow: () => release.concealed,
  });
  return { claims: new ConcealmentClaims(rule), orders, release };
}
