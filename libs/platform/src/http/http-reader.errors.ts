import { defineErrors } from '#kernel';

export const httpReaderErrors = defineErrors('http-reader', {
  'http-unreachable': {
    kind: 'unavailable',
    message: 'A service that was asked over HTTP could not be reached, or cut its answer off.',
    next: 'Look whether it runs and at its URL; whoever asks tries again.',
  },
  'http-late': {
    kind: 'unavailable',
    message: 'A service that was asked over HTTP did not answer in time.',
    next: 'Look at its load; whoever asks tries again.',
  },
  'http-too-large': {
    kind: 'broken',
    message: 'A service that was asked over HTTP answered with more than such an answer may hold.',
    next: 'Look whether its URL leads to what it should.',
  },
  'http-redirected': {
    kind: 'broken',
    message: 'A service that was asked over HTTP names another address, which is not followed.',
    next: 'Put the address that it names into the settings, if it is the right one.',
  },
});
