import { clocks, happens, refuses, type Judge } from './effect.js';
import type { CaseEventOf, MassAnswer } from './event.js';
import type { CaseOutcome, CaseRecord } from './record.js';

/** The owner's decision, and what it did about it. */

export const decide: Judge<'decide'> = (record, event) => {
  const { outcome, reasonCode, legalRef, remedies, accepted, doc } = event;
  if (!event.isSignatureValid) return refuses('signature-invalid');
  if (reasonCode === undefined) return refuses('reason-missing');
  if (legalRef === undefined || legalRef === '') return refuses('legal-reference-missing');
  if (outcome !== 'ACCEPTED' && remedies.length === 0) return refuses('remedies-missing');
  if (!fits(outcome, accepted, record)) return refuses('items-undecided');
  if (record.needsTwoPersons && !isByTwo(event)) return refuses('second-person-missing');
  const isRejected = outcome === 'REJECTED';
  return happens({
    to: outcome,
    states: 'decided',
    change: {
      decision: { outcome, reasonCode, legalRef, remedies, accepted },
      ...(isRejected ? { isDisputed: false } : {}),
    },
    clocks: [...clocks('stop', 'decide'), ...clocks('start', isRejected ? 'appeal' : 'correct')],
    says: { why: reasonCode, doc },
  });
};

/** All of the items, some but not all, or none; each once. */
function fits(outcome: CaseOutcome, accepted: readonly number[], { items }: CaseRecord): boolean {
  const places = new Set(accepted);
  if (places.size !== accepted.length || accepted.some((place) => items[place] === undefined)) return false;
  if (outcome === 'ACCEPTED') return places.size === items.length;
  return outcome === 'REJECTED' ? places.size === 0 : places.size > 0 && places.size < items.length;
}

function isByTwo({ preparedBy, approvedBy }: CaseEventOf<'decide'>): boolean {
  return preparedBy !== undefined && preparedBy !== approvedBy;
}

/**
 * A mass correction that was accepted whole decides for many cases; each is corrected by itself, since its digests are
 * salted by itself.
 */
export const join: Judge<'join'> = (record, { isMass, mass, legalRef, doc }) => {
  if (isMass) return refuses('mass-itself');
  if (mass === undefined || !isAbout(mass, record)) return refuses('mass-foreign');
  if (mass.outcome !== 'ACCEPTED') return refuses('mass-not-accepted');
  if (legalRef === undefined || legalRef === '') return refuses('legal-reference-missing');
  const accepted = record.items.map((_item, place) => place);
  return happens({
    to: 'ACCEPTED',
    states: 'joined',
    change: {
      massId: mass.correctionId,
      decision: { outcome: 'ACCEPTED', reasonCode: 'mass-correction', legalRef, remedies: [], accepted },
    },
    clocks: [...clocks('stop', 'take-up', 'decide'), ...clocks('start', 'correct')],
    says: { why: 'mass-correction', doc, ref: mass.correctionId },
  });
};

/**
 * Whether each datum of the case is one of the batch; of one without an element nobody can tell. Any other would go round
 * who must approve its decision.
 */
function isAbout({ owner, service, elements }: MassAnswer, record: CaseRecord): boolean {
  if (owner !== record.owner || service !== record.service) return false;
  return record.items.every(({ elementId }) => elementId !== undefined && elements.includes(elementId));
}

export const correct: Judge<'correct'> = (record, { values, effectiveFromMs, doc }) => {
  const accepted = record.decision?.accepted ?? [];
  const stated = new Set(values.map(({ item }) => item));
  if (values.length !== accepted.length || !accepted.every((place) => stated.has(place)))
    return refuses('value-hash-missing');
  if (effectiveFromMs === undefined) return refuses('effective-date-missing');
  if (!isInstant(effectiveFromMs)) return refuses('effective-date-invalid');
  return happens({
    to: 'CORRECTED',
    states: 'corrected',
    change: { isDisputed: false, correction: { values, effectiveFromMs } },
    clocks: [...clocks('stop', 'correct'), ...clocks('start', 'propagate')],
    says: { doc, until: effectiveFromMs },
  });
};

/** A whole millisecond of a day that there is. Before 1970 is one: people were born and married then. */
function isInstant(ms: number): boolean {
  return Number.isInteger(ms) && !Number.isNaN(new Date(ms).getTime());
}
