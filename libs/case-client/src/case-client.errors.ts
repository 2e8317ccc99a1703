import { defineErrors } from '#kernel';

const SEE_FEEDBACK = 'See "feedbackCode", "refusal" and "hint": docs/errors.md and docs/corrections.md say what to do.';

export const caseClientErrors = defineErrors('case-client', {
  'case-feedback-unset': {
    kind: 'unavailable',
    message: 'This process was not told where feedback is, so that it cannot act in corrections.',
    next: 'Set KEREGE_CONNECTOR_FEEDBACK_URL to the URL by which feedback names itself.',
  },
  'case-feedback-unreachable': {
    kind: 'unavailable',
    message: 'Feedback does not answer, or not in time.',
    next: 'Try again; the same act twice is refused, and changes nothing.',
  },
  'case-feedback-strange': {
    kind: 'unavailable',
    status: 502,
    message: 'Feedback answered with something that is not understood here.',
    next: 'Check the URL, and that both are of the same version.',
  },
  'case-feedback-failed': {
    kind: 'unavailable',
    message: 'Feedback cannot do it now.',
    next: SEE_FEEDBACK,
  },
  'case-feedback-unknown': {
    kind: 'not-found',
    message: 'Feedback knows no such case or notice of this subsystem.',
    next: 'Take the id from the list, or from the notice.',
  },
  'case-feedback-conflict': { kind: 'conflict', message: 'The case does not take this now.', next: SEE_FEEDBACK },
  'case-feedback-forbidden': {
    kind: 'refused',
    message: 'Feedback does not let this subsystem do it.',
    next: SEE_FEEDBACK,
  },
  'case-feedback-invalid': { kind: 'invalid', message: 'Feedback does not take what was sent.', next: SEE_FEEDBACK },
  'case-proposal-unsound': {
    kind: 'unavailable',
    status: 502,
    message: 'Feedback proposed a statement that is not that of this act; "field" says where. Nothing was signed.',
    next: 'Tell the operator of the bus: whoever signs it says what they did not mean.',
  },
  'case-request-absent': {
    kind: 'conflict',
    message: 'There is no request to open: the case is over, or on its way to another owner.',
    next: 'See the state of the case.',
  },
  'case-request-unopenable': {
    kind: 'conflict',
    message: 'The request cannot be opened with the keys that are held here; "problem" says why.',
    next: 'Give the key file that holds the sealing key that was published when it was filed.',
  },
  'case-request-foreign': {
    kind: 'conflict',
    message: 'What was sealed is not what the log says was filed; "problem" says where they differ.',
    next: 'Act on nothing of it. Tell the operator of the bus the number of the case; its portal files anew.',
  },
  'case-words-unplain': {
    kind: 'invalid',
    message: 'Own words to the person are plain text of at most 2000 characters; lines may break.',
    next: 'Leave out control characters, and what turns the direction of writing; shorten what is longer.',
  },
  'case-portal-unsealable': {
    kind: 'conflict',
    message: 'The registry publishes no key for which words could be sealed for the portal that filed the case.',
    next: 'Act without own words, or once the portal’s member has published a sealing key.',
  },
  'case-target-unknown': {
    kind: 'conflict',
    message: 'The registry publishes no key for which the request could be sealed for that subsystem.',
    next: 'Name a subsystem of this instance; if it is one, its member publishes a sealing key first.',
  },
  'case-item-unknown': {
    kind: 'invalid',
    message: 'The case has no item at that place.',
    next: 'Count the items from 0, as the opened request lists them.',
  },
});
