import { defineErrors } from '#kernel';

export const gatewayCorrectionErrors = defineErrors('gateway-corrections', {
  'correction-malformed': {
    kind: 'invalid',
    message: 'The request is malformed; nothing of it was sent.',
    next: 'Correct what "problems" points at; the OpenAPI document describes what is expected.',
  },
  'correction-content-flawed': {
    kind: 'invalid',
    message: 'What is said to be wrong cannot be taken as it is; "reason" says why and "places" where.',
    next: 'Correct what "places" points at: items, texts of at most 4000 characters, and attachments whose bytes are what their media type says; 512 KiB together.',
  },
  'correction-person-missing': {
    kind: 'refused',
    status: 401,
    message: 'Corrections are asked for by a person, and the request names none.',
    next: 'Have the person sign in and send one assertion in "Kerege-End-User".',
  },
  'correction-service-unknown': {
    kind: 'not-found',
    message: 'The newest snapshot has no such service.',
    next: 'Name the service of the exchange in which the datum was seen.',
  },
  'correction-owner-unsealable': {
    kind: 'unavailable',
    message: 'The owner of the datum publishes no sealing key that is valid now, so nothing can be sealed for it.',
    next: 'Try again later under the same correctionId; tell the operator if it stays.',
  },
  'correction-successor-alien': {
    kind: 'refused',
    message:
      'Feedback wants a request sealed for a subsystem that by the registry of this gateway does not succeed its owner; "why" says what is wrong with it. Nothing was sealed.',
    next: 'See docs/operations/corrections.md, "sealing-refused".',
  },
  'corrections-not-served': {
    kind: 'unavailable',
    message: 'This gateway knows no feedback service, so it files no corrections.',
    next: 'Ask its operator to set KEREGE_FEEDBACK_URL.',
  },
  'corrections-feedback-away': {
    kind: 'unavailable',
    message:
      'Feedback gave no answer in time, or none that can be read; whether it has taken the request is not known.',
    next: 'Send the same again under the same correctionId: nothing is filed twice.',
  },
  'corrections-payload-alien': {
    kind: 'broken',
    status: 502,
    message: 'Feedback proposed to sign something else than what was asked; nothing was signed.',
    next: 'Tell the operator of the bus.',
  },
});
