import { subsystemOf } from '#kernel';
import { clocks, happens, hasPassed, isWithin, refuses, startDecide, type Judge } from './effect.js';
import type { CaseEventOf } from './event.js';
import type { CaseRecord } from './record.js';
import type { CaseRefusalCode } from './refusal.js';

/** What the owner does between the queue and the decision. */

const MAX_HOPS = 2;
const MAX_QUESTIONS = 2;

/** The term to decide begins here, unless the end of the term to forward has begun it, or a second transfer let it run. */
export const receive: Judge<'receive'> = (record, { receiptOver }, atMs) => {
  if (receiptOver !== record.requestDoc) return refuses('receipt-mismatch');
  return happens({
    to: 'RECEIVED',
    states: 'received',
    change: { owesDecideClock: false },
    clocks: [
      ...clocks('stop', 'acknowledge', 'forward'),
      ...clocks('start', 'take-up'),
      ...(record.owesDecideClock ? [startDecide(record, atMs)] : []),
    ],
    says: { doc: receiptOver },
  });
};

export const start: Judge<'start'> = () =>
  happens({
    to: 'IN_REVIEW',
    states: 'review-started',
    change: { isDisputed: true },
    clocks: clocks('stop', 'take-up'),
  });

/** The first transfer gives the next owner the whole term to decide, the second does not: `corrections.md` §5. */
export const transfer: Judge<'transfer'> = (record, event) => {
  const { target, reason } = event;
  const problem = targetProblem(record, event);
  if (problem !== undefined) return refuses(problem);
  const restarts = !record.isClockRestarted;
  return happens({
    to: 'TRANSFERRED',
    states: 'transferred',
    change: {
      nextOwner: target,
      hops: [...record.hops, record.owner],
      isClockRestarted: true,
      owesDecideClock: restarts,
      ...(reason === 'copy-stale' ? { kind: 'COPY_STALE' } : {}),
    },
    clocks: [
      ...clocks('stop', 'take-up'),
      ...(restarts ? clocks('stop', 'decide') : []),
      ...clocks('start', 'forward'),
    ],
    says: { why: reason },
  });
};

/** Owners hand it on twice at most and never in a ring; then the operator assigns it, to whom the registry allows. */
function targetProblem(record: CaseRecord, event: CaseEventOf<'transfer'>): CaseRefusalCode | undefined {
  const { by, target, reason } = event;
  const areHopsUsed = record.hops.length >= MAX_HOPS;
  if (target === record.owner) return 'same-owner';
  if (by.role === 'operator' && !areHopsUsed) return 'hops-left';
  if (by.role === 'owner' && record.hops.includes(target)) return 'transfer-ring';
  if (by.role === 'owner' && areHopsUsed) return 'hop-limit';
  if (!event.isAcceptedByTarget) return 'target-refuses';
  return reason === 'copy-stale' && target !== subsystemOf(record.service) ? 'not-the-copy-holder' : undefined;
}

export const requestInfo: Judge<'request-info'> = (record, { question, isMass, doc }) => {
  if (isMass) return refuses('mass-itself');
  if (record.questions >= MAX_QUESTIONS) return refuses('questions-used-up');
  return happens({
    to: 'NEEDS_INFO',
    states: 'info-requested',
    change: { questions: record.questions + 1 },
    // The profile says whether the term to decide may be paused at all.
    clocks: [...clocks('pause', 'decide'), ...clocks('start', 'reply')],
    says: { why: question, doc },
  });
};

const backToReview = [...clocks('stop', 'reply'), ...clocks('resume', 'decide')];

/** An answer after its term counts as long as the case still waits for it. */
export const provideInfo: Judge<'provide-info'> = (_record, { isSignatureValid, doc }) => {
  if (!isSignatureValid) return refuses('signature-invalid');
  return happens({ to: 'IN_REVIEW', states: 'info-provided', clocks: backToReview, says: { doc } });
};

export const lapseInfo: Judge<'lapse-info'> = (record, _event, atMs) => {
  if (!hasPassed(record, 'reply', atMs)) return refuses('term-running');
  return happens({ to: 'IN_REVIEW', states: 'info-lapsed', clocks: backToReview });
};

/** Once in a round: a transfer that restarts the term to decide gives no second extension. */
export const extend: Judge<'extend'> = (record, { reason, isAllowed }, atMs) => {
  if (reason === undefined) return refuses('reason-missing');
  if (!isAllowed) return refuses('no-extension');
  if (record.isExtended) return refuses('extended-already');
  if (!isWithin(record, 'decide', atMs)) return refuses('term-passed');
  return happens({
    to: 'IN_REVIEW',
    states: 'extended',
    change: { isExtended: true },
    clocks: clocks('extend', 'decide'),
    says: { why: reason },
  });
};

export const withdraw: Judge<'withdraw'> = () =>
  happens({
    to: 'WITHDRAWN',
    states: 'withdrawn',
    change: { isDisputed: false },
    clocks: clocks('stop', 'acknowledge', 'forward', 'take-up', 'decide', 'reply'),
  });
