import { recordBytes } from './change-leaf.js';
import { stateOf, type ListedChange, type StoredChange, type StoredLeaf } from './change.store.js';
import type { ChangeLeafDto, ChangeViewDto } from './changes.dto.js';

/** A request as its readers see it. */
export function viewOf(change: Omit<StoredChange, 'input'> | ListedChange): ChangeViewDto {
  const { id, base, reason, isEmergency, effectiveAtMs, changes, events } = change;
  return {
    id,
    state: stateOf(change),
    base,
    reason,
    isEmergency,
    ...(effectiveAtMs === undefined ? {} : { effectiveAt: new Date(effectiveAtMs).toISOString() }),
    changes: [...changes],
    events: events.map(({ atMs, ...event }) => ({ ...event, at: new Date(atMs).toISOString() })),
  };
}

/** With everything that shows of what and of whom the leaf speaks. */
export function leafViewOf({ statement, index, record, opening }: StoredLeaf): ChangeLeafDto {
  return {
    statement,
    ...(index === undefined ? {} : { index }),
    record: recordBytes(record).toString('utf8'),
    salt: opening.salt,
    persons: opening.persons,
  };
}
