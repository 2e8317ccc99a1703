import { clocks, happens, refuses, type Judge } from './effect.js';
import type { CaseRecord } from './record.js';
import { withSuccessor } from './successor.js';

/** From the request to the owner's queue, and what may befall the parties of a case at any time. */

export const submit: Judge<'submit'> = (record, { facts, doc }) => {
  if (record.items.length === 0) return refuses('items-missing');
  if (!facts.isSignatureValid) return refuses('signature-invalid');
  if (!facts.isExchangeOfSubject) return refuses('exchange-foreign');
  if (facts.unknownElements.length > 0) return refuses('element-unknown');
  if (facts.duplicateOf !== undefined) return refuses('duplicate', facts.duplicateOf);
  if (facts.isAtDisputeLimit) return refuses('disputes-too-many');
  return happens({
    to: 'SUBMITTED',
    states: 'submitted',
    change: { requestDoc: doc },
    clocks: clocks('start', 'acknowledge', 'forward'),
    says: { doc },
  });
};

/** A new owner has the whole term to acknowledge; the term to forward runs on until somebody has received the case. */
export const route: Judge<'route'> = (record, { isOwnerActive }) => {
  if (!isOwnerActive) return refuses('owner-inactive');
  return happens({
    to: 'ROUTED',
    states: 'routed',
    change: { owner: record.nextOwner ?? record.owner, nextOwner: undefined },
    clocks: record.state === 'TRANSFERRED' ? clocks('start', 'acknowledge') : [],
  });
};

export const split: Judge<'split'> = (record, { parts, doc }) => {
  const shared = parts.flatMap(({ items }) => items);
  const isWhole = shared.length === record.items.length && record.items.every((_item, place) => shared.includes(place));
  const isApart = new Set(parts.map(({ correctionId }) => correctionId)).size === parts.length;
  if (parts.length < 2 || !isWhole || !isApart || parts.some(({ items }) => items.length === 0))
    return refuses('parts-wrong');
  return happens({
    to: 'ROUTED',
    states: 'split',
    change: { parts },
    clocks: clocks('stop', 'acknowledge', 'forward'),
    says: { doc, n: parts.length },
  });
};

/**
 * The case goes on where it stands: no hop is counted and no clock restarted (E56). Of who is no party it is not stated:
 * `withSuccessor`.
 */
export const succeed: Judge<'succeed'> = (record, { former, successor }) => {
  const { owner, nextOwner, portal } = record;
  if (![owner, nextOwner, portal].includes(former)) return refuses('party-unknown');
  const change: Partial<CaseRecord> = {
    ...withSuccessor(record, former, successor),
    owner: owner === former ? successor : owner,
    nextOwner: nextOwner === former ? successor : nextOwner,
    portal: portal === former ? successor : portal,
  };
  return happens({ to: record.state, states: 'succeeded', change, says: { ref: former } });
};

export const link: Judge<'link'> = (record, { duplicateId, doc }) => {
  if (duplicateId === record.correctionId || record.duplicates.includes(duplicateId)) return refuses('linked-already');
  return happens({
    to: record.state,
    states: 'linked',
    change: { duplicates: [...record.duplicates, duplicateId] },
    says: { doc },
  });
};
