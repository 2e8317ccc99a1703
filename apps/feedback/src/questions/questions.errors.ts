import { defineErrors } from '#kernel';

export const questionErrors = defineErrors('feedback-questions', {
  'access-unknown': {
    kind: 'not-found',
    message: 'The end user’s history has no access at this leaf.',
    next: 'Send "leaf", "role" and "subject" as they stand in a row of the history.',
  },
  'access-ambiguous': {
    kind: 'invalid',
    message: 'This leaf speaks of several persons about whom the end user may ask.',
    next: 'Name one of them in "subject".',
  },
  'question-open': {
    kind: 'conflict',
    message: 'This access was asked about already, and the answer is still to come.',
    next: 'Wait for the answer; the history shows it beside the access.',
  },
  'questions-too-many': {
    kind: 'conflict',
    status: 429,
    message: 'This person has as many open questions as they may have.',
    next: 'Ask again when some of them are answered.',
  },
  'text-too-long': {
    kind: 'invalid',
    message: 'The text is longer than it may be; "most" says how many characters.',
    next: 'Say it more briefly.',
  },
  'recipient-gone': {
    kind: 'conflict',
    message: 'Whoever made this access has no key in the registry any more, so that nobody could read the question.',
    next: 'Ask the authority that supervises the protection of personal data.',
  },
  'question-unknown': {
    kind: 'not-found',
    message: 'No question with this id was asked of this subsystem.',
    next: 'Take the id from the list of open questions, and the token of the subsystem that was asked.',
  },
  'answer-unsound': {
    kind: 'invalid',
    message: 'The statement is not the answer to this question; "problem" says why.',
    next: 'Sign question.answered with the id of the question, from and to of its question.asked, prev its leaf hash, ts the time of signing, doc = h1(salt, answer), by a published key of the subsystem.',
  },
  'question-answered': {
    kind: 'conflict',
    message: 'This question has another answer already; an answer stands in the log and is never changed.',
    next: 'Leave it, or tell the person in another way what has changed.',
  },
});
