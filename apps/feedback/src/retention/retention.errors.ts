import { defineErrors } from '#kernel';

export const retentionErrors = defineErrors('feedback-retention', {
  'retention-invalid': {
    kind: 'invalid',
    message:
      'KEREGE_FEEDBACK_RETENTION_BY_PURPOSE cannot be read, so that nothing is deleted and feedback does not start.',
    next: 'Write purpose=days, separated by commas, each purpose once and with 33 days at least.',
  },
});
