import { defineErrors } from '#kernel';

export const ownStatementErrors = defineErrors('feedback-statements', {
  'statement-unsigned': {
    kind: 'unavailable',
    message: 'The registry publishes no key with which this feedback could sign.',
    next: 'See that its instance stands in the definition with the key of its key file, and wait for the next snapshot.',
  },
  'log-silent': {
    kind: 'unavailable',
    message: 'The log has not taken the statement yet; it is sent again until it has.',
    next: 'Ask again in a while; nothing is lost, and nothing is done twice.',
  },
});
