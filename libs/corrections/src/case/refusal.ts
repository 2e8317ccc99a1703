/** Why a case does not take an event: a code, a sentence for who acted, and what to do next. */
export interface CaseRefusal {
  readonly code: CaseRefusalCode;
  readonly sentence: string;
  readonly next: string;
  /** The open case of a duplicate. */
  readonly caseId?: string;
}

/** The whole list: sentence, what to do next. */
export const CASE_REFUSALS = {
  // Who acts.
  'not-entitled': ['This role may not do that in a case.', 'Let it be done by who may: see docs/corrections.md.'],
  'not-a-party': ['The subsystem is not the one of this case that may do that.', 'Ask for the state of the case.'],
  'right-unproved': [
    'Who acts is neither the person of this case nor proved to represent them.',
    'Prove the right anew.',
  ],
  // When.
  unstamped: [
    'The last transition of this case does not stand in the log yet.',
    'Try again when its receipt is there.',
  ],
  'not-submitted': ['The request was not filed yet.', 'File it first.'],
  'too-early': ['The case has not come that far.', 'Wait for the steps before it.'],
  'too-late': ['The case is past that step.', 'Ask for the state of the case.'],
  'not-now': ['The case waits for something else.', 'Ask for the state of the case.'],
  'decided-already': ['The request was decided.', 'Appeal within the window if the decision is wrong.'],
  'case-closed': ['The case is closed.', 'Have it reopened within the window, or file anew.'],
  'case-withdrawn': ['The request was withdrawn.', 'File anew.'],
  // Filing.
  'items-missing': ['The request names no datum.', 'Say which datum is doubted.'],
  'exchange-foreign': ['The exchange is not about this person.', 'Name the exchange in which the datum was seen.'],
  'element-unknown': ['The answers of this service have no such element.', 'Choose an element of the answer.'],
  'signature-invalid': ['The signature does not hold.', 'Sign what was sent, with a registered key.'],
  duplicate: ['An open case of this person is about the same.', 'Follow that case; this request is linked to it.'],
  'linked-already': ['That request is this case, or was linked to it.', 'Follow this case.'],
  'disputes-too-many': [
    'This person disputes this element in as many open cases as are allowed.',
    'Wait for one to end.',
  ],
  'owner-inactive': ['The owner takes no cases now.', 'Route it when the owner is active; the clock runs.'],
  'parts-wrong': ['The parts are not two or more that share all items between them, once each.', 'Split it anew.'],
  'act-on-the-parts': ['The case was split.', 'Act on its parts; it closes when they have.'],
  'not-split': ['The case was not split.', 'Close it after its decision or its correction.'],
  'parts-open': ['Not all parts have ended.', 'Close it when they have.'],
  // Handling.
  'receipt-mismatch': ['The receipt is over another request.', 'Sign the digest of the request that was delivered.'],
  'same-owner': ['The case is with that owner.', 'Name the other holder.'],
  'transfer-ring': ['That holder had the case already.', 'Decide it, or let the operator assign it.'],
  'hop-limit': ['The case was transferred twice.', 'Let the operator assign it.'],
  'hops-left': ['The owners may still transfer it themselves.', 'Let the owner transfer it.'],
  'target-refuses': ['By the registry the target does not hold that element.', 'Name its holder.'],
  'not-the-copy-holder': [
    'Only who answered with the copy can hold a stale one.',
    "Transfer it to the service's provider.",
  ],
  'questions-used-up': ['Two questions were put.', 'Decide with what is known.'],
  'term-running': ['The term has not passed.', 'Wait for its end.'],
  'term-passed': ['The term has passed.', 'Decide; it cannot be extended any more.'],
  'extended-already': ['The term was extended once.', 'Decide within it.'],
  'no-extension': ['The law of this case extends no term to decide.', 'Decide within it.'],
  'reason-missing': ['There is no reason code.', 'Give one of the list.'],
  // Deciding and correcting.
  'legal-reference-missing': ['The decision names no legal basis.', 'Name the article that it rests on.'],
  'remedies-missing': ['A refusal, in whole or in part, names where to complain.', 'Name the remedies.'],
  'second-person-missing': ['The decision was not approved by a second person.', 'Let another person approve it.'],
  'items-undecided': ['The accepted items do not fit the outcome.', "Accept all, some, or none of the case's items."],
  'value-hash-missing': ["Not every accepted item has exactly one new value's hash.", 'State one for each.'],
  'effective-date-missing': ['It is not said from when the values hold.', 'State the effective date.'],
  'effective-date-invalid': [
    'From when the values hold is no instant.',
    'State whole milliseconds since 1970, before it as a negative number.',
  ],
  'mass-not-accepted': ['That mass correction was not accepted whole.', 'Decide this case by itself, or wait.'],
  'mass-foreign': [
    'You have no such mass correction of this service and of all the elements of this case.',
    'Name one that has, or decide this case by itself.',
  ],
  'mass-itself': [
    'The case is a mass correction: nobody can answer a question in it, and no other one answers it.',
    'Decide it by itself, with what is known.',
  ],
  // Telling others, and the end.
  'recipient-doubled': ['A member stands twice among the recipients.', 'Name each once, with its last exchange.'],
  'recipient-unknown': ['This member is none of those who were told.', 'Ask for the deliveries of your own.'],
  'acknowledged-already': ['This member has acknowledged.', 'Nothing: the first word stands.'],
  'recipients-outstanding': ['Recipients have not acknowledged, and their term runs.', 'Wait for them or its end.'],
  'root-missing': ['There is no root over the recipients.', 'Make it over the list as it stands.'],
  'window-passed': ['The window to reopen the case is closed.', 'File anew, or go to court.'],
  'nothing-corrected': ['Nothing was corrected in this case.', 'Appeal instead.'],
  'party-unknown': [
    'That subsystem is neither portal nor owner of this case.',
    'Nothing is stated of it; recipients follow without.',
  ],
  // Clocks.
  'clock-not-running': ['That clock does not run.', 'Ask for the state of the case.'],
  'clock-not-due': ['It is not time for that step of the clock.', 'Wait for it.'],
  'clock-told': ['That step of the clock was told, or a later one.', 'Nothing: it is told once.'],
  'clock-step-unknown': ['That clock has no such step.', 'See docs/corrections.md.'],
} as const satisfies Readonly<Record<string, readonly [sentence: string, next: string]>>;
export type CaseRefusalCode = keyof typeof CASE_REFUSALS;

export function caseRefusal(code: CaseRefusalCode, caseId?: string): CaseRefusal {
  const [sentence, next] = CASE_REFUSALS[code];
  return { code, sentence, next, ...(caseId === undefined ? {} : { caseId }) };
}
