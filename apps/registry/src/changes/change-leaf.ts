import { randomBytes } from 'node:crypto';
import { toBase64Url } from '#kernel';
import { commit, h1, parseTypedSubject, type ChangedPayload, type SuspendedPayload } from '#signing';
import type { Change } from '../definition/differences.js';

/** The whole of a change as its leaf commits to it; kept by the registry and shown to auditors, with its salt. */
export interface ChangeRecord {
  readonly id: string;
  readonly base: number;
  readonly changes: readonly Change[];
  readonly reason: string;
  readonly requestedBy: string;
  /** Of an emergency stop the same as who asked. */
  readonly approvedBy: string;
  readonly effectiveAtMs: number | null;
  /** Hex SHA-256 of what was sent: items, documents and texts. */
  readonly input: string;
}

export interface LeafFacts {
  readonly record: ChangeRecord;
  readonly isEmergency: boolean;
  readonly nowMs: number;
  /** Number of the snapshot that stands, and of the one that will. */
  readonly standing: number;
  readonly next: number;
}

/** What shows later of whom and of what a leaf speaks. */
export interface LeafOpening {
  readonly salt: string;
  /** By commitment: the person, and the secret. */
  readonly persons: readonly { readonly person: string; readonly r: string }[];
}

export type ChangePayload = ChangedPayload | SuspendedPayload;

/** The leaf of a change (`statements.md` §2): no names, no texts, only what can be shown to be so. */
export function changeLeaf({ record, isEmergency, nowMs, standing, next }: LeafFacts): {
  readonly payload: ChangePayload;
  readonly opening: LeafOpening;
} {
  const salt = randomBytes(32);
  const persons = isEmergency ? [record.requestedBy] : [record.requestedBy, record.approvedBy];
  const committed = persons.map((person) => {
    const subject = parseTypedSubject(person);
    const made = subject === undefined ? undefined : commit('user', subject);
    return { person, commitment: made?.commitment ?? '', r: toBase64Url(made?.opening.r ?? Buffer.alloc(0)) };
  });
  return {
    payload: {
      v: 1,
      t: isEmergency ? 'registry.suspended' : 'registry.changed',
      id: record.id,
      ts: nowMs,
      user: committed.map(({ commitment }) => commitment),
      snap: standing,
      n: next,
      doc: h1(salt, recordBytes(record)),
      ref: kindsOf(record.changes),
    },
    opening: { salt: toBase64Url(salt), persons: committed.map(({ person, r }) => ({ person, r })) },
  };
}

/** In this order of fields, as JSON without spaces. */
export function recordBytes({
  id,
  base,
  changes,
  reason,
  requestedBy,
  approvedBy,
  effectiveAtMs,
  input,
}: ChangeRecord) {
  const said = { id, base, changes, reason, requestedBy, approvedBy, effectiveAtMs, input };
  return Buffer.from(JSON.stringify(said));
}

function kindsOf(changes: readonly Change[]): string {
  return [...new Set(changes.map(({ kind }) => kind))].sort().join(' ');
}
