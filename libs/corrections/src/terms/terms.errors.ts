import { defineErrors } from '#kernel';

export const termsErrors = defineErrors('corrections-terms', {
  'terms-profile-invalid': {
    kind: 'broken',
    message: 'A file of terms is wrong; "problems" says where.',
    next: 'Correct the file at the places named; docs/operations/terms.md says what may stand there.',
  },
  'terms-profile-missing': {
    kind: 'broken',
    message: 'There is no file of terms under the name asked for, or the directory has none at all.',
    next: 'Name a profile that is there, or write its file; docs/operations/terms.md says how.',
  },
});
