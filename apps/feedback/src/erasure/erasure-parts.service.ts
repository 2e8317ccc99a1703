import type { Databases, FeedbackContext } from '../feedback-databases.service.js';
import { DoomedKeys } from '../key-store/doomed-keys.store.js';
import type { PersonKeys } from '../key-store/person-keys.store.js';
import type { OwnStatements } from '../statements/own-statements.service.js';
import { Erasure } from './erasure.service.js';
import { ErasureStore } from './erasure.store.js';
import { ErasureWorker } from './erasure.worker.js';

export interface ErasureSources {
  readonly databases: Databases;
  readonly keys: PersonKeys;
  readonly statements: OwnStatements;
}

/** What erases persons, and what ends erasures that were interrupted. */
export function takeErasures(
  { clock, events }: FeedbackContext,
  { databases, keys, statements }: ErasureSources,
): { readonly erasure: Erasure; readonly eraser: ErasureWorker } {
  const erasure = new Erasure({
    ...{ keys, statements, clock, erased: events.erased },
    doomed: new DoomedKeys(databases.keys),
    store: new ErasureStore(databases.feedback),
  });
  const eraser = new ErasureWorker({
    ...{ erasure, replayed: events.replayed },
    failed: (cause) => events.failed('erasure', cause),
  });
  return { erasure, eraser };
}
