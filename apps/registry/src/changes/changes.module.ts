import type { Provider } from '@nestjs/common';
import type { Database } from '#postgres';
import type { RegistersStore } from '../definition/registers.store.js';
import { ChangePlanner } from './change-planner.service.js';
import { ChangeReader } from './change-reader.service.js';
import { ChangeStore } from './change.store.js';
import { ChangesService } from './changes.service.js';
import { EffectingWorker, type EffectingParts } from './effecting.worker.js';
import { OfficerAuth } from './officer-auth.service.js';

export interface ChangesParts extends Omit<EffectingParts, 'store' | 'planner'> {
  readonly database: Database;
  readonly registers: RegistersStore;
}

/** What the changes of the registry are made of; the worker is the caller's to start and to stop. */
export function changesParts(parts: ChangesParts): { providers: Provider[]; effecting: EffectingWorker } {
  const { instanceId, database, registers, definitions, clock } = parts;
  const [instance = ''] = instanceId.split('/');
  const store = new ChangeStore(database);
  const planner = new ChangePlanner(instanceId, definitions, clock);
  const effecting = new EffectingWorker({ ...parts, store, planner });
  const changes = new ChangesService(instanceId, store, definitions, planner, clock, () => effecting.notify());
  const providers = [
    { provide: OfficerAuth, useValue: new OfficerAuth(instanceId, definitions, registers, clock) },
    { provide: ChangesService, useValue: changes },
    { provide: ChangeReader, useValue: new ChangeReader(instance, store, definitions, changes) },
  ];
  return { providers, effecting };
}
