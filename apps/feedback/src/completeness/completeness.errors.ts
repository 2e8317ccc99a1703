import { defineErrors } from '#kernel';

export const completenessErrors = defineErrors('feedback-completeness', {
  'log-not-followed': {
    kind: 'not-found',
    message: 'Feedback follows no log of this origin.',
    next: 'Name a log of the report; one that audit serves and that is missing there is what has to be explained.',
  },
});
