import { recordBytes } from './change-leaf.js';
import { stateOf, type ChangeEvent, type StoredChange, type StoredLeaf } from './change.store.js';
import type { PatchEntry } from './definition-patch.js';
import type { ChangeState } from './change-state.js';
import type { Change } from '../definition/differences.js';

export interface ChangeEventView extends Omit<ChangeEvent, 'atMs'> {
  readonly at: string;
}

export interface ChangeView {
  readonly id: string;
  readonly state: ChangeState;
  readonly base: number;
  readonly reason: string;
  readonly isEmergency: boolean;
  readonly effectiveAt?: string;
  readonly changes: readonly Change[];
  readonly events: readonly ChangeEventView[];
}

export interface ChangeLeafView {
  readonly statement: string;
  readonly index?: number;
  readonly record: string;
  readonly salt: string;
  readonly persons: readonly { readonly person: string; readonly r: string }[];
}

export interface OneChange extends ChangeView {
  /** To whom decides about it, or sees every request: what exactly it says. */
  readonly items?: readonly PatchEntry[];
  readonly leaf?: ChangeLeafView;
}

export interface ChangesPage {
  readonly changes: readonly ChangeView[];
  readonly next?: number;
}

export interface PresentDefinition {
  readonly version: number;
  readonly definition: Readonly<Record<string, unknown>>;
}

/** A request as its readers see it. */
export function viewOf(change: Omit<StoredChange, 'input'>): ChangeView {
  const { id, base, reason, isEmergency, effectiveAtMs, changes, events } = change;
  return {
    id,
    state: stateOf(change),
    base,
    reason,
    isEmergency,
    ...(effectiveAtMs === undefined ? {} : { effectiveAt: new Date(effectiveAtMs).toISOString() }),
    changes,
    events: events.map(({ atMs, ...event }) => ({ ...event, at: new Date(atMs).toISOString() })),
  };
}

/** With everything that shows of what and of whom the leaf speaks. */
export function leafViewOf({ statement, index, record, opening }: StoredLeaf): ChangeLeafView {
  return {
    statement,
    ...(index === undefined ? {} : { index }),
    record: recordBytes(record).toString('utf8'),
    salt: opening.salt,
    persons: opening.persons,
  };
}
