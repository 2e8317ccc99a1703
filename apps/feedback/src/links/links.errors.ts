import { defineErrors } from '#kernel';

export const linksErrors = defineErrors('feedback-links', {
  'link-terms': {
    kind: 'invalid',
    message: 'These are no terms of a link; "problem" says why.',
    next: 'Name a registered subsystem, at least one service or purpose, all of them so that they fit into 255 characters, and an end that lies ahead.',
  },
  'links-too-many': {
    kind: 'conflict',
    message: 'This person has as many links as one may have.',
    next: 'Show them those that they have; ended ones count too.',
  },
  'link-unknown': {
    kind: 'not-found',
    message: 'The end user has no link with that id.',
    next: 'List their links again.',
  },
  'link-not-asked': {
    kind: 'refused',
    status: 403,
    message: 'No agreement lets this subsystem call that service with a link.',
    next: 'Ask for services of agreements with "requiresLink" only.',
  },
  'link-none': {
    kind: 'not-found',
    message: 'The person has not allowed this, or not any more.',
    next: 'Have them allow it through their portal.',
  },
});
