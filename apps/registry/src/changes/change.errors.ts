import { defineErrors } from '#kernel';

export const changeErrors = defineErrors('registry-changes', {
  'officer-token-missing': {
    kind: 'refused',
    status: 401,
    message: 'Nobody has signed in.',
    next: 'Sign in with kerege login and send the token in "Authorization: Bearer".',
  },
  'officer-token-invalid': {
    kind: 'refused',
    status: 401,
    message: 'The token is not one that a registered issuer has made for this registry, now.',
    next: 'Sign in again with kerege login; the problem document says what is wrong with this token.',
  },
  'officer-unknown': {
    kind: 'refused',
    message: 'This person has no role at this registry.',
    next: 'Ask an operator to request it and a security officer to approve it.',
  },
  'change-forbidden': {
    kind: 'refused',
    message: 'The roles of this person do not reach so far.',
    next: 'Ask somebody whose role it is; docs/security.md has the table.',
  },
  'change-four-eyes': {
    kind: 'refused',
    message: 'Nobody approves or rejects what they have asked for themselves.',
    next: 'Ask another person; whoever asked may withdraw it.',
  },
  'change-unknown': {
    kind: 'not-found',
    message: 'There is no such request, or it is none of this person’s business.',
    next: 'Look at the list with kerege changes list.',
  },
  'change-base-stale': {
    kind: 'conflict',
    message: 'The registry has changed since the definition was read from which this request was made.',
    next: 'Look at what changed meanwhile, take it over, and ask again with the present version.',
  },
  'change-decided': {
    kind: 'conflict',
    message: 'The request does not stand where this could still be done.',
    next: 'Look at it with kerege changes show.',
  },
  'change-superseded': {
    kind: 'conflict',
    message:
      'What this request would change was changed meanwhile, so that it would do something else than was asked for.',
    next: 'Ask again for what is still wanted.',
  },
  'change-impossible': {
    kind: 'invalid',
    status: 422,
    message: 'The change cannot be made as things stand.',
    next: 'Look at the problems; the request stays open.',
  },
  'change-id-taken': {
    kind: 'conflict',
    message: 'There is another request of this id.',
    next: 'Ask with a new id.',
  },
  'change-time-past': {
    kind: 'invalid',
    message: 'The time at which the change shall take effect is past, or further away than a year.',
    next: 'Leave it out for at once, or give a time within a year.',
  },
  'change-input-invalid': {
    kind: 'invalid',
    message: 'A request holds either a whole definition or the items to put and to remove.',
    next: 'Compare the body with /openapi.json.',
  },
  'changes-full': {
    kind: 'unavailable',
    message: 'Too many requests are open.',
    next: 'Decide some of them first.',
  },
});
