import { defineErrors } from '#kernel';

const FRESH = 'Make a fresh token for each request and send it in "Authorization: Bearer".';
const SIGN_IN = 'Have the person sign in again and send their assertion in "Kerege-End-User".';

export const callerErrors = defineErrors('feedback-callers', {
  'caller-token-missing': {
    kind: 'refused',
    status: 401,
    message: 'A portal, or another subsystem, has to say who it is.',
    next: FRESH,
  },
  'caller-token-invalid': {
    kind: 'refused',
    status: 401,
    message: 'The token is none that feedback believes; "problem" says why.',
    next: 'Sign it with a key that the registry publishes for the subsystem: iss and sub its identifier, aud the URL of feedback, iat, exp at most five minutes later, jti unique.',
  },
  'caller-token-used': {
    kind: 'refused',
    status: 401,
    message: 'The token was used before; each is good for one request.',
    next: FRESH,
  },
  'caller-floods': {
    kind: 'unavailable',
    status: 429,
    message: 'This subsystem has used more tokens in five minutes than are remembered.',
    next: 'Ask more slowly.',
  },
  'connector-unknown': {
    kind: 'refused',
    status: 401,
    message: 'Only the connector that serves findUsage is answered here.',
    next: 'Give it in KEREGE_CONNECTOR_END_USER_TOKEN what feedback has in KEREGE_FEEDBACK_USAGE_TOKEN.',
  },
  'caller-not-portal': {
    kind: 'refused',
    status: 403,
    message: 'This subsystem shows nobody their accesses.',
    next: 'Ask the operator to name it in KEREGE_FEEDBACK_PORTALS if it is a portal of citizens.',
  },
  'caller-not-auditor': {
    kind: 'refused',
    status: 403,
    message: 'This subsystem audits nothing here.',
    next: 'Ask the operator to name it in KEREGE_FEEDBACK_AUDITORS if it is an auditor.',
  },
  'caller-not-supervisor': {
    kind: 'refused',
    status: 403,
    message: 'This subsystem supervises nothing here.',
    next: 'Ask the operator to name it in KEREGE_FEEDBACK_SUPERVISORS if it is of the supervisory authority.',
  },
  'caller-not-operator': {
    kind: 'refused',
    status: 403,
    message: 'This subsystem is not the operator’s.',
    next: 'Name it in KEREGE_FEEDBACK_OPERATORS if it is.',
  },
  'end-user-missing': {
    kind: 'refused',
    status: 401,
    message: 'Nobody’s accesses are shown but to the person themselves.',
    next: SIGN_IN,
  },
  'end-user-invalid': {
    kind: 'refused',
    status: 401,
    message: 'The assertion of the end user is not believed; "problem" says why.',
    next: SIGN_IN,
  },
  'end-user-not-citizen': {
    kind: 'refused',
    status: 403,
    message: 'An official has no history here; those who audit ask the log.',
    next: 'Have the person themselves, or who represents them, sign in.',
  },
  'subject-not-yours': {
    kind: 'refused',
    status: 403,
    message: 'The end user neither is this person nor represents them.',
    next: 'Leave "subject" out, or name the end user or somebody whom they represent.',
  },
  'registry-unread': {
    kind: 'unavailable',
    message: 'Feedback has no registry snapshot that is fresh, so that nobody’s key is known.',
    next: 'Try again in a minute; if it stays, tell the operator.',
  },
});
