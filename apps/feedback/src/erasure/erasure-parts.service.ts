import type { Databases, FeedbackContext } from '../feedback-databases.service.js';
import { DoomedKeys } from '../key-store/doomed-keys.store.js';
import { ErasureMarks } from '../key-store/erasure-marks.store.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import type { OwnStatements } from '../statements/own-statements.service.js';
import { RetentionClasses } from '../retention/retention-class.js';
import { retentionErrors } from '../retention/retention.errors.js';
import { RetentionStore } from '../retention/retention.store.js';
import { RetentionWorker } from '../retention/retention.worker.js';
import { Erasure } from './erasure.service.js';
import { ErasureStore } from './erasure.store.js';
import { ErasureWorker } from './erasure.worker.js';

export interface ErasureSources {
  readonly databases: Databases;
  readonly keys: PersonKeys;
  readonly statements: OwnStatements;
  /** The log was followed to its end. */
  readonly isFollowed: () => boolean;
}

/** What erases persons and what is too old, and what ends erasures that were interrupted. */
export function takeErasures(
  { config, clock, events }: FeedbackContext,
  { databases, keys, statements, isFollowed }: ErasureSources,
): { readonly erasure: Erasure; readonly eraser: ErasureWorker; readonly retention: RetentionWorker } {
  const classes = RetentionClasses.parse(config.retentionMs, config.retentionByPurpose);
  if (classes === undefined) throw retentionErrors.error('retention-invalid');
  const store = new ErasureStore(databases.feedback);
  const erasure = new Erasure({
    ...{ keys, statements, clock, erased: events.erased },
    doomed: new DoomedKeys(databases.keys),
    marks: new ErasureMarks(databases.keys),
    store,
  });
  const eraser = new ErasureWorker({
    ...{ erasure, isFollowed, replayed: events.replayed },
    failed: (cause) => events.failed('erasure', cause),
  });
  const retention = new RetentionWorker({
    ...{ keys, statements, classes, clock, isFollowed, erasures: store, erased: events.erased },
    store: new RetentionStore(databases.feedback),
    intervalMs: config.retentionIntervalMs,
    failed: (cause) => events.failed('retention', cause),
  });
  return { erasure, eraser, retention };
}
