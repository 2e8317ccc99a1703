import { defineErrors } from '#kernel';

export const packagesErrors = defineErrors('audit-packages', {
  'package-empty': {
    kind: 'not-found',
    message: 'The log holds no such leaf, or none for this reader; so there is nothing to pack.',
    next: 'Search first: the index may not have taken up the newest leaves yet.',
  },
  'package-too-large': {
    kind: 'invalid',
    message: 'More leaves match than one package may hold.',
    next: 'Narrow the range of time and take several packages.',
  },
});
