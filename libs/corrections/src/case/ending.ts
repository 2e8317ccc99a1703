import type { ReopeningReason } from '#signing';
import { clocks, happens, hasPassed, isWithin, refuses, type Effect, type Judge, type Judged } from './effect.js';
import type { CaseRecord, CaseRecipient } from './record.js';
import { hasEnded } from './state.js';

/** Everyone who got the wrong value is told, the case closes, and may be opened again. */

export const propagate: Judge<'propagate'> = (_record, { recipients, doc }) => {
  const isEachOnce = new Set(recipients.map(({ subsystem }) => subsystem)).size === recipients.length;
  if (!isEachOnce) return refuses('recipient-doubled');
  return happens({
    to: 'PROPAGATING',
    states: 'propagating',
    change: { recipients },
    clocks: [...clocks('stop', 'propagate'), ...clocks('start', 'recipient')],
    says: { doc },
  });
};

/** Comes late as well: what a member says stands in the record, the root of the closing is the list as it stood then. */
export const acknowledge: Judge<'acknowledge'> = (record, { by, action, reason, doc }, atMs) => {
  const one = by.role === 'recipient' && record.recipients.find(({ subsystem }) => subsystem === by.subsystem);
  if (!one) return refuses('recipient-unknown');
  if (one.action !== undefined) return refuses('acknowledged-already');
  if (action === 'REFUSED' && reason === undefined) return refuses('reason-missing');
  const why = action === 'REFUSED' && reason !== undefined ? { reason } : {};
  const acked: CaseRecipient = { ...one, action, ...why, ackAtMs: atMs };
  return happens({
    to: record.state,
    states: 'recipient-acked',
    change: { recipients: record.recipients.map((other) => (other === one ? acked : other)) },
    says: { doc, ...(why.reason === undefined ? {} : { why: why.reason }) },
  });
};

export const verify: Judge<'verify'> = (record, { isMatch, doc }) => {
  if (record.correction === undefined) return refuses('nothing-corrected');
  if (isMatch) return happens({ to: record.state, states: 'verified', says: { doc } });
  return happens(reopened(record, 'old-value-seen', doc));
};

/** `partStates` are believed: feedback reads them from its own records. */
export const close: Judge<'close'> = (record, { doc, partStates = {} }, atMs) => {
  if (record.parts.length > 0) {
    const areOver = record.parts.every(({ correctionId }) => hasEnded(partStates[correctionId] ?? 'DRAFT'));
    return areOver ? closed(doc) : refuses('parts-open');
  }
  if (record.state === 'REJECTED') return hasPassed(record, 'appeal', atMs) ? closed(doc) : refuses('term-running');
  if (record.state !== 'PROPAGATING') return refuses('not-split');
  const areAllHeard = record.recipients.every(({ action }) => action !== undefined);
  if (!areAllHeard && !hasPassed(record, 'recipient', atMs)) return refuses('recipients-outstanding');
  if (doc === undefined) return refuses('root-missing');
  return closed(doc, [...clocks('stop', 'recipient'), ...clocks('start', 'appeal')]);
};

function closed(doc: string | undefined, commands = clocks('stop', 'appeal')): Judged {
  return happens({ to: 'CLOSED', states: 'closed', clocks: commands, says: doc === undefined ? {} : { doc } });
}

export const reopen: Judge<'reopen'> = (record, { by, reason, doc }, atMs) => {
  if (REOPENED_BY[reason] !== by.role) return refuses('not-entitled');
  if (reason === 'part-reopened' && record.parts.length === 0) return refuses('not-split');
  if (reason === 'old-value-seen' && record.correction === undefined) return refuses('nothing-corrected');
  if (by.role !== 'feedback' && !isWithin(record, 'appeal', atMs)) return refuses('window-passed');
  return happens(reopened(record, reason, doc));
};

const REOPENED_BY = {
  appeal: 'portal',
  'supervisor-order': 'supervisor',
  'old-value-seen': 'feedback',
  'part-reopened': 'feedback',
} as const satisfies Readonly<Record<ReopeningReason, string>>;

/** A new round under the owner who has the case: its own decision, one extension, two questions. A whole waits for its parts. */
function reopened(record: CaseRecord, reason: ReopeningReason, doc: string | undefined): Effect {
  const isAppeal = reason === 'appeal' || reason === 'supervisor-order';
  return {
    to: 'REOPENED',
    states: 'reopened',
    change: {
      decision: undefined,
      correction: undefined,
      isExtended: false,
      isEscalated: record.isEscalated || isAppeal,
      questions: 0,
      owesDecideClock: false,
    },
    clocks: [
      ...clocks('stop', 'appeal', 'propagate', 'recipient'),
      ...(record.parts.length > 0 ? [] : clocks('start', 'decide')),
    ],
    says: { why: reason, ...(doc === undefined ? {} : { doc }) },
  };
}
