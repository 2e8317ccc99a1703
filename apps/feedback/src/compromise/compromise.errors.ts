import { defineErrors } from '#kernel';

export const compromiseErrors = defineErrors('feedback-compromise', {
  'since-ahead': {
    kind: 'invalid',
    message: 'The instant since when the sign-in is compromised lies ahead, or is none.',
    next: 'Give an instant that is over, e.g. 2026-11-01T00:00:00Z.',
  },
  'compromised-too-often': {
    kind: 'conflict',
    message: 'This person has moved the instant back too often.',
    next: 'Have them call the operator; what was said before stands.',
  },
});
