import type { SubsystemId } from '#kernel';
import type { CaseRecipient, CaseRecord } from './record.js';

/**
 * The case after `former` passed to `successor` (E56), but for its parties: recipients, earlier owners, and owners of
 * parts, which are cases of their own. No transition: the log does not tell who the recipients of a case are, and the
 * citizen not of those who are concealed (`corrections.md` §7, §9), so nothing is stated and nobody told. Feedback does it
 * to each case in which `former` is no party; `succeed` does it besides.
 */
export function withSuccessor(record: CaseRecord, former: SubsystemId, successor: SubsystemId): CaseRecord {
  const moved = (id: SubsystemId) => (id === former ? successor : id);
  return {
    ...record,
    hops: record.hops.map((id) => moved(id)),
    parts: record.parts.map((part) => ({ ...part, owner: moved(part.owner) })),
    recipients: recipientsAfter(record.recipients, former, successor),
  };
}

/** Two become one that has spoken only if both have: what one of them has not said is still to be asked. */
function recipientsAfter(
  recipients: readonly CaseRecipient[],
  former: SubsystemId,
  successor: SubsystemId,
): readonly CaseRecipient[] {
  const gone = recipients.find(({ subsystem }) => subsystem === former);
  const own = recipients.find(({ subsystem }) => subsystem === successor);
  if (gone === undefined || gone === own) return recipients;
  if (own === undefined) return recipients.map((one) => (one === gone ? { ...one, subsystem: successor } : one));
  const haveSpoken = gone.action !== undefined && own.action !== undefined;
  // Ids of exchanges are ordered by time.
  const lastExchangeId = gone.lastExchangeId > own.lastExchangeId ? gone.lastExchangeId : own.lastExchangeId;
  const both: CaseRecipient = { ...(haveSpoken ? own : { subsystem: successor }), lastExchangeId };
  return recipients.filter((one) => one !== gone).map((one) => (one === own ? both : one));
}
