import { defineErrors } from '#kernel';

export const searchErrors = defineErrors('audit-search', {
  'cursor-invalid': {
    kind: 'invalid',
    message: 'The cursor is none, or it belongs to another query, another reader or another log.',
    next: 'Repeat the query with which the cursor came, word for word, or begin again without a cursor.',
  },
  'search-exchange-only': {
    kind: 'refused',
    message: 'The help desk looks up the state of one exchange by its id, and nothing else.',
    next: 'Give "exchange" and no other filter; ask the auditor for more.',
  },
  'reading-not-yours': {
    kind: 'refused',
    message: 'This is for members, who see their own exchanges, and for auditors.',
    next: 'Ask the auditor.',
  },
  'range-invalid': {
    kind: 'invalid',
    message: 'The range of time ends before it begins, or is longer than what is taken here.',
    next: 'Correct "from" and "until"; the OpenAPI document names the longest range.',
  },
  'reading-busy': {
    kind: 'unavailable',
    message: 'As many of these are under way as this service takes.',
    next: 'Try again in a few seconds.',
  },
});
