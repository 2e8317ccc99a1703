import { defineErrors } from '#kernel';

export const notificationErrors = defineErrors('feedback-notifications', {
  'notification-unknown': {
    kind: 'not-found',
    message: 'The end user has no notification with that id at this portal.',
    next: 'List their notifications again.',
  },
  'preferences-unset': {
    kind: 'not-found',
    message: 'The end user has said nothing at this portal of how they want to be told.',
    next: 'Set preferences with a handle; until then they are told in the inbox alone.',
  },
  'notification-settings': {
    kind: 'invalid',
    message: 'The settings of notifications do not fit together; "problem" says where.',
    next: 'Correct that setting (docs/configuration.md): URLs are https, or http on this machine, and a channel has all that it needs.',
  },
});
