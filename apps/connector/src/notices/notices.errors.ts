import { defineErrors } from '#kernel';

const FRESH = 'Make a fresh token for each request and send it in "Authorization: Bearer".';

export const noticeErrors = defineErrors('connector-notices', {
  'connector-notice-addresses': {
    kind: 'invalid',
    message: 'The addresses for notices are not what they should be.',
    next: 'Write KEREGE_CONNECTOR_NOTICES as SUBSYSTEM=URL,… or, for one that fetches its notices, SUBSYSTEM.',
  },
  'notices-full': {
    kind: 'unavailable',
    message: 'Too many notices wait for the agency’s systems.',
    next: 'Look why they are not taken, or discard those that are parked; the others stay on their topic meanwhile.',
  },
  'notice-token-missing': {
    kind: 'refused',
    status: 401,
    message: 'Who fetches notices has to say who it is.',
    next: FRESH,
  },
  'notice-token-invalid': {
    kind: 'refused',
    status: 401,
    message: 'The token is none that this connector believes; "problem" says why.',
    next: 'Sign it with a key that the registry publishes for the subsystem: iss and sub its identifier, aud the URL of this connector, iat, exp at most five minutes later, jti unique.',
  },
  'notice-token-used': {
    kind: 'refused',
    status: 401,
    message: 'The token was used before; each is good for one request.',
    next: FRESH,
  },
  'notice-reader-floods': {
    kind: 'unavailable',
    status: 429,
    message: 'This subsystem has used more tokens in five minutes than are remembered.',
    next: 'Ask more slowly.',
  },
  'notice-reader-foreign': {
    kind: 'refused',
    status: 403,
    message: 'This connector takes no notices in for that subsystem.',
    next: 'Ask the connector that does, or name the subsystem in KEREGE_CONNECTOR_NOTICES.',
  },
  'notice-keys-unknown': {
    kind: 'unavailable',
    message: 'The connector has no registry snapshot that is fresh, so that nobody’s key is known.',
    next: 'Try again in a minute; if it stays, tell the operator.',
  },
  'question-key-awaited': {
    kind: 'unavailable',
    message:
      'A question, or the end of a link, waits for a newer snapshot of the registry, which may know the key that signed it.',
    next: 'Nothing: it is looked at again, and decided with the registry’s next manifest. If none comes, see to the registry.',
  },
  'notice-unknown': {
    kind: 'not-found',
    message: 'There is no notice of that id for this subsystem.',
    next: 'Take the id from GET /v1/notices.',
  },
  'notice-state': {
    kind: 'conflict',
    message: 'The notice is not in a state in which that can be done; "state" says in which it is.',
    next: 'Only a waiting one can be acknowledged; only a parked one can be replayed or discarded.',
  },
});

/** Why a record went to the dead letters. */
export const noticeFlaws = [
  'delivery-malformed',
  'delivery-key-unknown',
  'delivery-unopenable',
  'delivery-foreign',
  'question-malformed',
  'question-unstated',
  'question-key-unknown',
  'revocation-malformed',
  'revocation-unstated',
  'revocation-key-unknown',
  'dispute-malformed',
] as const;
export type NoticeFlaw = (typeof noticeFlaws)[number];
